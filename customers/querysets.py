"""Reads of customers."""

from collections.abc import Collection
from typing import TYPE_CHECKING, Any, Self

from django.db.models import Exists, OuterRef, Q, Sum
from django.db.models.expressions import RawSQL

from msc.access.names import folded_name
from msc.access.querysets import ScopedQuerySet

if TYPE_CHECKING:
    from customers.models import Customer, CustomerTally  # noqa: F401 - names the row type below
    from msc.access.models import User


class CustomerQuerySet(ScopedQuerySet["Customer"]):
    """Customers of an MSP; the deleted ones are tombstones that `for_user` does not show."""

    def for_user(self, user: "User") -> Self:
        return super().for_user(user).filter(deleted_at=None)

    def live(self) -> Self:
        """Return the customers that are not deleted."""
        return self.filter(deleted_at=None)

    def whole(self) -> Self:
        """Return the customers joined to their identity and summary, which every live one has.

        Said so, the joins are inner ones, and an index of either table can give the order of a list.
        """
        return self.filter(identity__isnull=False, summary__isnull=False)

    def matching(self, text: str) -> Self:
        """Return the customers whose customer or account name holds the text, without regard to case and marks.

        PostgreSQL uses no trigram index beneath row-level security, since LIKE is not leakproof; so a function of
        the owner answers with the ids of the scope's own MSP.
        """
        needle = folded_name(text)
        return self.filter(pk__in=RawSQL("SELECT customers_matching(%s)", [needle])) if needle else self

    def with_tenant(
        self,
        *,
        products: Collection[str] = (),
        plans: Collection[int] = (),
        regions: Collection[int] = (),
        types: Collection[str] = (),
    ) -> Self:
        """Return the customers that have one live tenant of which all of this holds.

        Tenants are the app above; the relation is named, not imported.
        """
        wanted = {"product__in": products, "service_plan__in": plans, "tenant_type__in": types}
        conditions = {lookup: list(values) for lookup, values in wanted.items() if values}
        if not conditions and not regions:
            return self
        tenants = self._related("tenants").filter(customer=OuterRef("pk"), deleted_at=None, **conditions)
        if regions:
            stored = tenants.model._meta.get_field("regions").related_model._default_manager
            tenants = tenants.filter(Exists(stored.filter(tenant=OuterRef("pk"), region__in=list(regions))))
        return self.filter(Q(Exists(tenants)))

    def assigned_to(self, people: Collection[int]) -> Self:
        """Return the customers that any of the people is in charge of."""
        if not people:
            return self
        return self.filter(Exists(self._related("assignments").filter(customer=OuterRef("pk"), user__in=list(people))))

    def _related(self, name: str) -> Any:  # a manager of whatever model the relation leads to
        return self.model._meta.get_field(name).related_model._default_manager  # type: ignore[union-attr]


class TallyQuerySet(ScopedQuerySet["CustomerTally"]):
    """Changes of the number of customers."""

    def number(self) -> int:
        """Return how many live customers that makes."""
        found: int | None = self.aggregate(number=Sum("change"))["number"]
        return found or 0
