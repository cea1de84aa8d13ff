"""What tenants consumed: sums of their daily totals over any days, and what is not known of them.

A day without a usage record is unknown, not zero. Today counts as unknown only tomorrow.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from functools import cached_property
from typing import Any

from django.db.models import (
    Count,
    DecimalField,
    Exists,
    F,
    FilteredRelation,
    Func,
    IntegerField,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Sum,
    Value,
)
from django.db.models.functions import Coalesce, Greatest, Least, TruncDate

from customers.models import Customer
from health.days import DAY, USAGE_WINDOW, days_of, window
from health.models import RollupState
from health.spans import Span
from health.totals import MspDay, TenantDay, TenantMonth, bits_of
from msc.access.models import User
from msc.access.roles import Role
from serviceplans.catalogue import Product
from tenants.models import Tenant
from tenants.quotas import current_terms

_CU = DecimalField(max_digits=24, decimal_places=6)


class DaysBetween(Func):
    """The number of days from the second date to the first."""

    template = "(%(expressions)s)"
    arg_joiner = " - "
    output_field = IntegerField()


class Bits(Func):
    """How many bits of a number are set."""

    template = "bit_count((%(expressions)s)::bit(32))"
    output_field = IntegerField()


def with_consumption(tenants: QuerySet[Tenant], user: User, span: Span, today: date) -> QuerySet[Tenant]:
    """Add `cu`, `unknown_days` and `quota` to the tenants that stood, or used anything, in the days of the span.

    Tenants of customers that are deleted are left out: `sums` tells of those.
    """
    last = min(span.last, today - DAY)
    known = _of_month(tenants, user, span, last) if span.is_month else _of_days(tenants, user, span, last)
    stood_from = Greatest(Value(span.first), F("created_on"))
    stood_to = Least(Value(last), TruncDate("deleted_at", tzinfo=user.msp.zone if user.msp else None))
    return known.filter(customer__identity__isnull=False).annotate(
        unknown_days=Greatest(Value(0), DaysBetween(stood_to, stood_from) + 1 - Coalesce(F("known_days"), Value(0))),
        quota=current_terms(today)["quota"],
    )


def _of_month(tenants: QuerySet[Tenant], user: User, span: Span, last: date) -> QuerySet[Tenant]:
    """Add `cu` and `known_days` (up to the last) from the stored month."""
    of_month = Q(months__msp=user.msp_id, months__month=span.first)
    return (
        tenants.annotate(used=FilteredRelation("months", condition=of_month))
        .filter(Q(deleted_at=None) | Q(used__cu__isnull=False))
        .annotate(cu=F("used__cu"), known_days=Bits(F("used__days").bitand(bits_of(span.first, last))))
    )


def _of_days(tenants: QuerySet[Tenant], user: User, span: Span, last: date) -> QuerySet[Tenant]:
    """Add `cu` and `known_days` (up to the last) from the days, summed up only for the rows that are read."""
    days = _days(TenantDay.objects.for_msp(user.msp_id or 0), span)
    reported = days.filter(tenant=OuterRef("pk")).order_by().values("tenant")
    known = reported.filter(day__lte=last).annotate(number=Count("pk")).values("number")
    return tenants.filter(Q(deleted_at=None) | Q(Exists(reported))).annotate(
        cu=Subquery(reported.annotate(total=Sum("cu")).values("total"), output_field=_CU), known_days=Subquery(known)
    )


def number_of_tenants(tenants: QuerySet[Tenant], user: User, span: Span, most: int | None) -> int:
    """Return how many of the person's tenants `with_consumption` keeps, counted no further than `most`, if given."""
    gone = tenants.filter(deleted_at__isnull=False, customer__identity__isnull=False)
    reported = _facts(user, span).filter(tenant=OuterRef("pk"))
    # A live product is one of a live customer: nothing needs to be joined to count it.
    every = tenants.filter(deleted_at=None).values("pk").union(gone.filter(Exists(reported)).values("pk"), all=True)
    return every[:most].count()


@dataclass(frozen=True)
class Sums:
    """The CU of all rows, what customers that are deleted used besides, and how old the figures are.

    `lacks_days` says that for some of the rows a day without a usage record is missing from the sum.
    """

    total: Decimal | None = None
    gone: Decimal | None = None
    counted_at: datetime | None = None
    lacks_days: bool = False


def sums(user: User, span: Span, chosen: QuerySet[Tenant] | None, today: date) -> Sums:
    """Return the sums of the days, of the chosen tenants or of all that the person sees, in one statement."""
    rows = Tenant.objects.for_user(user) if chosen is None else chosen
    counted: QuerySet[Any] = with_consumption(rows.order_by(), user, span, today)
    lacking = counted.filter(unknown_days__gt=0)
    facts = _facts(user, span)
    gone = facts.filter(tenant__deleted_at__isnull=False, tenant__customer__deleted_at__isnull=False)
    if chosen is not None:
        standing = chosen.filter(customer__identity__isnull=False).order_by().values("pk")
        listed, gone = _sum(facts.filter(tenant__in=standing)), gone.none()
    elif user.role == Role.TENANT_ADMIN:
        listed = _sum(facts)
    else:
        every = MspDay.objects.for_user(user).filter(day__range=(span.first, span.last), tenants__gt=0)
        listed = _sum(every)
    states = RollupState.objects.for_user(user).annotate(total=listed, gone=_sum(gone), lacks_days=Exists(lacking))
    for total, by_gone, counted_at, lacks_days in states.values_list("total", "gone", "drained_at", "lacks_days"):
        # Where nothing is left of what was used, nobody who is listed used it.
        rest = total if total is None or by_gone is None else total - by_gone or None
        return Sums(rest, by_gone, counted_at, lacks_days)
    return Sums()


def _facts(user: User, span: Span) -> QuerySet[TenantMonth] | QuerySet[TenantDay]:
    """Return what is known of the days of the span: by month where it is one."""
    if span.is_month:
        return TenantMonth.objects.for_user(user).filter(month=span.first)
    return _days(TenantDay.objects.for_user(user), span)


def _days(days: QuerySet[TenantDay], span: Span) -> QuerySet[TenantDay]:
    return days.filter(day__range=(span.first, span.last), cu__isnull=False)


def _sum(facts: QuerySet[Any]) -> Subquery:
    return Subquery(facts.order_by().values("msp").annotate(total=Sum("cu")).values("total"), output_field=_CU)


# -- One customer -------------------------------------------------------------------------------------------------


@dataclass
class Use:
    """What a customer used of one product, day by day; days on which the product stood without a record are unknown."""

    product: str
    days: dict[date, Decimal] = field(default_factory=dict)
    expected: set[date] = field(default_factory=set)

    @property
    def label(self) -> str:
        """The product's name."""
        return str(Product(self.product).label)

    @property
    def total(self) -> Decimal | None:
        """The CU of all days that are known, or None when none is."""
        return sum(self.days.values(), Decimal(0)) if self.days else None

    @property
    def unknown(self) -> set[date]:
        """The days of which a record is missing."""
        return self.expected - self.days.keys()


@dataclass(frozen=True)
class CustomerUse:
    """What a customer used in the days of a span, product by product."""

    span: Span
    uses: Sequence[Use]
    counted_at: datetime | None

    @property
    def total(self) -> Decimal:
        """The CU of all products, as far as it is known."""
        return sum((use.total or Decimal(0) for use in self.uses), Decimal(0))

    @property
    def shown_apart(self) -> Sequence[Use]:
        """The products, when there are several to tell apart."""
        return self.uses if len(self.uses) > 1 else ()

    @cached_property
    def unknown(self) -> set[date]:
        """The days of which a record of any product is missing."""
        return set().union(*(use.unknown for use in self.uses))

    @property
    def unknown_days(self) -> int:
        """How many days those are."""
        return len(self.unknown)


def use_of(user: User, customer: Customer, today: date) -> CustomerUse | None:
    """Return what the customer used in the 90 days that end today, or None when nobody reported anything."""
    span = Span(*window(today, USAGE_WINDOW))
    rows = TenantDay.objects.for_user(user).filter(tenant__customer=customer, day__range=(span.first, span.last))
    reported = list(rows.filter(cu__isnull=False).values_list("tenant__product", "day", "cu"))
    if not reported:
        return None
    uses: dict[str, Use] = {}
    for product, day, cu in reported:
        known = uses.setdefault(product, Use(product)).days
        known[day] = known.get(day, Decimal(0)) + (cu or 0)
    zone = customer.msp.zone
    tenants = Tenant.objects.for_user(user).filter(customer=customer)
    counted: list[datetime] = []
    for product, created_on, deleted_at, counted_at in tenants.values_list(
        "product", "created_on", "deleted_at", "health__counted_at"
    ):
        if deleted_at is None or product in uses:
            last = deleted_at.astimezone(zone).date() if deleted_at else today
            stood = days_of(max(span.first, created_on), min(last, today - DAY))
            uses.setdefault(product, Use(product)).expected.update(stood)
        if counted_at:
            counted.append(counted_at)
    return CustomerUse(span, [uses[product] for product in sorted(uses)], max(counted, default=None))
