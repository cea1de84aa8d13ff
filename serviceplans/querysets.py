"""Reads of service plans."""

from typing import TYPE_CHECKING, Any, Self

from django.db.models import Count, Prefetch, Q

from msc.access.querysets import ScopedQuerySet
from msc.access.roles import Role

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

    def with_terms_of(self, product: str) -> Self:
        """Load what each plan says of the product, alone."""
        return self.prefetch_related(Prefetch("products", self._terms().filter(product=product)))

    def with_terms(self) -> Self:
        """Load what each plan says of its products, in the order of the products."""
        return self.prefetch_related(Prefetch("products", self._terms().order_by("product")))

    def in_use_for(self, user: "User") -> Self:
        """Count the live tenants under each plan that the person may see; the app of tenants is named, not imported."""
        seen = Q(tenants__deleted_at=None)
        if user.role == Role.TENANT_ADMIN:
            seen &= Q(tenants__customer__in=user.assignments.values("customer_id"))
        return self.annotate(in_use=Count("tenants", filter=seen))

    def _terms(self) -> Any:  # a queryset of the related model, which stands above this module
        return self.model._meta.get_field("products").related_model._default_manager.all()
