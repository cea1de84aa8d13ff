"""Reads of service plans."""

from typing import TYPE_CHECKING, Any, Self

from django.contrib.postgres.aggregates import StringAgg
from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Case, Count, OuterRef, Prefetch, Subquery, Value, When
from django.db.models.functions import Coalesce, JSONObject

from msc.access.querysets import ScopedQuerySet
from serviceplans.catalogue import EDITION_RANK

if TYPE_CHECKING:
    from msc.access.models import User
    from serviceplans.models import ServicePlan  # noqa: F401 - names the row type below

_EDITION_RANK = Case(*(When(edition=edition, then=Value(str(rank))) for edition, rank in EDITION_RANK.items()))


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
        mine = self._related("tenants").for_user(user).filter(service_plan=OuterRef("pk"), deleted_at=None).order_by()
        counted = mine.values("service_plan").annotate(number=Count("pk")).values("number")
        return self.annotate(in_use=Coalesce(Subquery(counted), 0))

    def with_parts(self) -> Self:
        """Load the parts of each plan as one value for a list, and what the list sorts by of them."""
        parts = self._related("products").filter(plan=OuterRef("pk")).order_by("product")
        one = JSONObject(p="product", e="edition", w="workloads", f="features")
        return self.annotate(
            parts=ArraySubquery(parts.values(json=one)),
            product_key=self._joined("product"),
            edition_key=self._joined(_EDITION_RANK),
            workload_key=self._joined("workloads__0"),
            feature_key=self._joined("features__0"),
        )

    def _joined(self, field: str | Case) -> Subquery:
        """Return the values of a plan's parts as one text, in the order of the products."""
        rows = self._related("products").filter(plan=OuterRef("pk")).order_by().values("plan")
        return Subquery(rows.values(text=StringAgg(field, delimiter=Value(" "), order_by="product")).values("text"))

    def _terms(self) -> Any:  # as below
        return self._related("products").all()

    def _related(self, name: str) -> Any:  # a manager of whatever model the relation leads to, which stands above
        return self.model._meta.get_field(name).related_model._default_manager  # type: ignore[union-attr]
