"""Reads of customers."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Any, Self

from django.contrib.postgres.aggregates import ArrayAgg
from django.contrib.postgres.fields import ArrayField
from django.db import connection
from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Sum, TextChoices, TextField, Value
from django.db.models.expressions import RawSQL
from django.db.models.functions import Cast, StrIndex
from django.db.models.lookups import GreaterThan

from msc.access.names import folded_name
from msc.access.querysets import ScopedQuerySet
from msc.pages.paging import CAP
from serviceplans.catalogue import Product

if TYPE_CHECKING:
    from customers.models import Customer, CustomerTally  # noqa: F401 - names the row type below
    from msc.access.models import User


#: No more customers than page numbers reach are known by id.
MOST_FOUND = CAP
#: Of more that a search finds it does not work out which come first by name.
MOST_SORTED = 2 * CAP
SHORTEST_INDEXED = 3
ADMIN_NAMES = "admin_names"
_ADMIN_NAMES = """
SELECT coalesce(array_agg(btrim(concat(p.first_name, ' ', p.last_name)) ORDER BY p.folded_name, p.id), '{}')
FROM customers_assignment a JOIN access_user p ON p.id = a.user_id WHERE a.customer_id = customers_customer.id
"""
_FOUND = "SELECT number, ids::text FROM customers_found(%s, %s, %s)"


@dataclass(frozen=True)
class Matches:
    """What a search finds: the condition for a customer, and what is known of the whole MSP.

    The number is counted no further than MOST_SORTED + 1; up to there the first MOST_FOUND ids by name are known.
    """

    condition: Q = field(default_factory=Q)
    number: int | None = None
    ids: list[int] | None = None


def matches(text: str) -> Matches:
    """Return which customers' name or account name holds the text.

    PostgreSQL uses no trigram index beneath row-level security, since LIKE is not leakproof; so a function of the
    owner answers with ids of the scope's own MSP. A term that finds more than MOST_FOUND, or is too short for the index,
    becomes a plain condition besides, of which PostgreSQL expects that a third of the rows fulfil it: so it walks the order of
    the list until a page is full.
    """
    needle = folded_name(text)
    if not needle:
        return Matches()
    many = Q(GreaterThan(StrIndex("identity__folded_names", Value(needle)), 0))
    if len(needle) < SHORTEST_INDEXED:
        return Matches(many)
    with connection.cursor() as cursor:
        cursor.execute(_FOUND, [needle, MOST_FOUND, MOST_SORTED])
        number, ids = cursor.fetchone()
    if ids is None:
        return Matches(many, number)
    condition = one_of(ids) if number <= MOST_FOUND else many
    return Matches(condition, number, [int(pk) for pk in ids.strip("{}").split(",") if pk])


def one_of(ids: str) -> Q:
    """Return the condition that the primary key is in the array, given as PostgreSQL writes it.

    Unlike `= ANY(array)`, which may be compared anew for each row of a nested loop, it can be joined by hash.
    """
    return Q(pk__in=RawSQL("SELECT unnest(%s::bigint[])", [ids]))


def number_and_ids(rows: QuerySet[Any], field: str, most: int) -> tuple[int, str | None]:
    """Return how many different ids a field has in the first `most` rows, and the ids as PostgreSQL writes an array."""
    first = rows.order_by().values(field)[:most]
    ids = Cast(ArrayAgg(field, distinct=True), TextField())
    found = first.aggregate(number=Count(field, distinct=True), ids=ids)
    return found["number"], found["ids"] or "{}"


class Written(Value):
    """A whole number that stands in the statement itself.

    A plan that is made once for all parameters can then use an index whose own condition the number meets.
    """

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, tuple[str | int, ...]]:  # Django's private compiler
        """Return the digits, and no parameter."""
        return str(int(self.value)), ()


class Attention(TextChoices):
    """What may be wrong with the backups and quotas of a customer, as the rollups of the app above count it."""

    FAILING = "failing", "Backups failing"
    SILENT = "silent", "Not reporting"
    QUOTA = "quota", "Near or over quota"


def in_need(kind: Attention, warning: int, *, of: str = "") -> Q:
    """Return what a summary must say for this to be wrong; `of` is the path from the rows to the summary."""
    field, least = {
        Attention.FAILING: ("failing_sources", 1),
        Attention.SILENT: ("silent_sources", 1),
        Attention.QUOTA: ("quota_used_high", warning),
    }[kind]
    return Q((f"{of}{field}__gte", Written(least)))


class CustomerQuerySet(ScopedQuerySet["Customer"]):
    """Customers of an MSP; the deleted ones are tombstones that `for_user` does not show."""

    def for_user(self, user: "User") -> Self:
        return super().for_user(user).filter(deleted_at=None)

    def live(self) -> Self:
        """Return the customers that are not deleted."""
        return self.filter(deleted_at=None)

    def joined_to(self, parts: Iterable[str]) -> Self:
        """Return the customers joined to their `identity` or `summary`, which every live one has.

        Said so, the joins are inner ones, and an index of either table can give the order of a list.
        """
        return self.filter(**{f"{part}__isnull": False for part in parts})

    def with_admin_names(self) -> Self:
        """Load the names of the tenant administrators along with the customers, in their order."""
        names = RawSQL(_ADMIN_NAMES, [], output_field=ArrayField(TextField()))  # noqa: S611  a constant
        return self.annotate(**{ADMIN_NAMES: names})

    def matching(self, text: str) -> Self:
        """Return the customers whose customer or account name holds the text, without regard to case and marks."""
        return self.filter(matches(text).condition)

    def with_tenant(self, wanted: "Wanted") -> Self:
        """Return the customers that have one live tenant of which all of this holds.

        Tenants are the app above; the relation is named, not imported.
        """
        if not wanted:
            return self
        tenants = self._related("tenants").filter(customer=OuterRef("pk"), deleted_at=None)
        return self.filter(Q(Exists(fitting(tenants, wanted))))

    def found_by_tenant(self, user: "User", wanted: "Wanted") -> tuple[int, str | None]:
        """Return the number and ids of the person's customers that have such a live tenant.

        A number above CAP may be too small. A customer has each product once at most, so twice as many tenants suffice.
        """
        tenants = fitting(self._related("tenants").for_user(user).filter(deleted_at=None), wanted)
        return number_and_ids(tenants, "customer_id", CAP * len(Product) + 1)

    def in_need(self, kinds: Collection[str], warning: int) -> Self:
        """Return the customers of whom any of this is wrong; from `warning` percent on a quota is nearly used up."""
        wrong = Q()
        for kind in kinds:
            wrong |= in_need(Attention(kind), warning, of="summary__")
        return self.filter(wrong)

    def assigned_to(self, people: Collection[int]) -> Self:
        """Return the customers that any of the people is in charge of."""
        if not people:
            return self
        return self.filter(Exists(self._related("assignments").filter(customer=OuterRef("pk"), user__in=list(people))))

    def _related(self, name: str) -> Any:  # a manager of whatever model the relation leads to
        return self.model._meta.get_field(name).related_model._default_manager  # type: ignore[union-attr]


@dataclass(frozen=True)
class Wanted:
    """What one and the same tenant is to be; what is empty may be anything. The spans are of days, both included."""

    products: Collection[str] = ()
    plans: Collection[int] = ()
    regions: Collection[int] = ()
    types: Collection[str] = ()
    edition_plans: Mapping[str, Collection[int]] | None = None  # by product, the plans that sell a wanted edition of it
    states: Collection[str] = ()
    expiry: tuple[date, date] | None = None
    quota_end: tuple[date, date] | None = None

    def __bool__(self) -> bool:
        """Whether anything at all is wanted."""
        return any(value or value == {} for value in vars(self).values())


def fitting(tenants: Any, wanted: Wanted) -> Any:  # a queryset of the tenants, whose app stands above
    """Return the tenants of which all that is wanted holds."""
    chosen = {
        "product__in": wanted.products,
        "service_plan__in": wanted.plans,
        "tenant_type__in": wanted.types,
        "state__in": wanted.states,
    }
    rows = tenants.filter(**{lookup: list(values) for lookup, values in chosen.items() if values})
    if wanted.expiry:
        rows = rows.filter(license_expiry__range=wanted.expiry)
    if wanted.regions:
        rows = rows.filter(_has(rows, "regions", region__in=list(wanted.regions)))
    if wanted.quota_end:
        last = wanted.quota_end[1]
        rows = rows.filter(_has(rows, "quota_periods", replaced_at=None, end_on__range=wanted.quota_end))
        if wanted.quota_end[0] == date.min:  # a quota that was followed by another one has not run out
            rows = rows.exclude(_has(rows, "quota_periods", replaced_at=None, end_on__gt=last))
    if wanted.edition_plans is not None:
        of_edition = Q(pk__in=())
        for product, plans in wanted.edition_plans.items():
            of_edition |= Q(product=product, service_plan__in=list(plans))
        rows = rows.filter(of_edition)
    return rows


def _has(tenants: Any, relation: str, **conditions: Any) -> Exists:
    """Return the condition that the tenant has such a row of the relation."""
    rows = tenants.model._meta.get_field(relation).related_model._default_manager
    return Exists(rows.filter(tenant=OuterRef("pk"), msp=OuterRef("msp"), **conditions))


class TallyQuerySet(ScopedQuerySet["CustomerTally"]):
    """Changes of the number of customers."""

    def number(self) -> int:
        """Return how many live customers that makes."""
        found: int | None = self.aggregate(number=Sum("change"))["number"]
        return found or 0
