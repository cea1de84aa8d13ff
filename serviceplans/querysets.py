"""Reads of service plans."""

from typing import TYPE_CHECKING, Self

from msc.access.querysets import ScopedQuerySet

if TYPE_CHECKING:
    from msc.access.models import User
    from serviceplans.models import ServicePlan  # noqa: F401 - names the row type below


class ServicePlanQuerySet(ScopedQuerySet["ServicePlan"]):
    """Service plans of an MSP; the deleted ones are tombstones that `for_user` does not show."""

    def for_user(self, user: "User") -> Self:
        return super().for_user(user).live()

    def live(self) -> Self:
        """Return the plans that are not deleted."""
        return self.filter(deleted_at=None)

    def covering(self, product: str) -> Self:
        """Return the plans that include the product."""
        return self.filter(products__product=product)
