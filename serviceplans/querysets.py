"""Reads of service plans."""

from typing import TYPE_CHECKING, Self

from msc.access.querysets import ScopedQuerySet

if TYPE_CHECKING:
    from serviceplans.models import ServicePlan  # noqa: F401 - names the row type below


class ServicePlanQuerySet(ScopedQuerySet["ServicePlan"]):
    """Service plans of an MSP."""

    def covering(self, product: str) -> Self:
        """Return the plans that include the product."""
        return self.filter(products__product=product)
