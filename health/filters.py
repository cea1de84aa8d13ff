"""What the lists of health can be narrowed to; the API takes the same."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, time
from functools import reduce
from operator import or_
from typing import Any, ClassVar

from django.db.models import Q, QuerySet
from django.utils import timezone

from customers.models import Customer
from health.statuses import KIND_WORDS, STATUS_WORDS, AlertState, AlertType, RunKind, RunStatus, Severity
from msc.access.names import folded_name
from msc.pages.filters import Choice, DayFilter, ListFilters, MultiChoice, ScopedModelMultiChoice, Search, Within
from serviceplans.catalogue import Product, Workload
from tenants.models import Tenant


class Words(MultiChoice):
    """Some of a fixed set of words that the database keeps as small numbers."""

    def __init__(self, label: str, words: Mapping[str, int], labels: Mapping[int, str], **options: Any) -> None:
        self.numbers = words
        super().__init__(label, [(word, labels[number]) for word, number in words.items()], **options)

    def filter(self, queryset: QuerySet[Any], value: Sequence[str]) -> QuerySet[Any]:
        """Keep rows that have any of the words."""
        return super().filter(queryset, [self.numbers[word] for word in value])  # type: ignore[misc]  # numbers for words


SEVERITY_WORDS: dict[str, int] = {severity.name.lower(): severity for severity in reversed(Severity)}


class _OfTenant(ListFilters):
    """What records of a tenant have in common."""

    customer = ScopedModelMultiChoice(
        "Customers", model=Customer, label_field="account_name", field_name="tenant__customer"
    )
    tenant = ScopedModelMultiChoice("Tenants", model=Tenant, label_field="customer__account_name")
    product = MultiChoice("Products", Product.choices, field_name="tenant__product")


class RunFilters(_OfTenant):
    """Filters of runs."""

    kind = Words("Kind", KIND_WORDS, dict(RunKind.choices))
    status = Words("Status", STATUS_WORDS, dict(RunStatus.choices))
    workload = MultiChoice("Workloads", Workload.choices, field_name="data_source__workload")
    since = DayFilter("From", moments=True, field_name="moment", lookup_expr="gte")
    until = DayFilter("To", moments=True, field_name="moment", lookup_expr="lte")


class UsageFilters(_OfTenant):
    """Filters of usage records."""

    workload = MultiChoice("Workloads", Workload.choices)
    since = DayFilter("From", field_name="day", lookup_expr="gte")
    until = DayFilter("To", field_name="day", lookup_expr="lte")


class UsageListFilters(ListFilters):
    """Filters of a product's usage records."""

    workload = UsageFilters.base_filters["workload"]
    since = UsageFilters.base_filters["since"]
    until = UsageFilters.base_filters["until"]


class AlertFilters(ListFilters):
    """Filters of alerts."""

    severity = Words("Severity", SEVERITY_WORDS, dict(Severity.choices))
    type = MultiChoice("Type", AlertType.choices)
    product = MultiChoice("Products", Product.choices)
    customer = ScopedModelMultiChoice("Customers", model=Customer, label_field="account_name")
    state = Choice("State", AlertState.choices)
    since = DayFilter("Raised from", moments=True, field_name="raised_at", lookup_expr="gte")
    until = DayFilter("Raised to", moments=True, field_name="raised_at", lookup_expr="lte")


class CustomerChoice(ScopedModelMultiChoice):
    """Customers by their name, found through the same search as the customer list's."""

    def __init__(self, **options: Any) -> None:
        super().__init__("Customers", model=Customer, label_field="identity__name", **options)

    def matching(self, term: str, limit: int = 50) -> list[tuple[int, str]]:
        """Return the first customers whose name holds the term."""
        customers = Customer.objects.for_user(self.parent.user).joined_to(["identity"]).matching(term)
        ordered = customers.order_by("identity__folded_name", "pk")
        return list(ordered.values_list("pk", "identity__name")[:limit])


class Raised(Within):
    """Moments of the last days, in the person's zone."""

    def span(self, first: date, last: date) -> Mapping[str, Any]:
        """Return the lookup for a column of moments; none of them lies ahead."""
        return {f"{self.field_name}__gte": datetime.combine(first, time.min, timezone.get_current_timezone())}


class AlertListFilters(ListFilters):
    """Filters of the alerts page."""

    q = Search("Search alerts")
    severity = AlertFilters.base_filters["severity"]
    state = AlertFilters.base_filters["state"]
    type = AlertFilters.base_filters["type"]
    product = AlertFilters.base_filters["product"]
    customer = CustomerChoice()
    age = Raised("Raised", days=(1, 7, 30, 90), field_name="raised_at")

    def search(self, queryset: QuerySet[Any], name: str, term: str) -> QuerySet[Any]:
        """Keep alerts whose words, object or customer hold the text."""
        customers = Customer.objects.for_user(self.user).joined_to(["identity"]).matching(term)
        return queryset.filter(
            Q(summary__icontains=term)
            | Q(folded_object__contains=folded_name(term))
            | Q(customer__in=customers.values("pk"))
        )


class SourceState(MultiChoice):
    """The status of data sources: a silent one is not reporting and nothing else."""

    CONDITIONS: ClassVar[dict[str, Q]] = {
        "successful": Q(is_silent=False, last_status=RunStatus.SUCCESSFUL),
        "with_errors": Q(is_silent=False, last_status=RunStatus.WITH_ERRORS),
        "failed": Q(is_silent=False, last_status=RunStatus.FAILED),
        "unknown": Q(is_silent=True),
        "never": Q(is_silent=False, last_status=None),
    }
    CHOICES = (
        ("successful", "Successful"),
        ("with_errors", "Completed with errors"),
        ("failed", "Failed"),
        ("unknown", "Not reporting"),
        ("never", "No backup yet"),
    )

    def filter(self, queryset: QuerySet[Any], value: Sequence[str]) -> QuerySet[Any]:
        """Keep sources of any of the states."""
        return queryset.filter(reduce(or_, (self.CONDITIONS[word] for word in value))) if value else queryset


class Organizations(MultiChoice):
    """The organizations that the listed data sources belong to."""

    MOST = 300

    @property
    def field(self) -> Any:
        """Return the form field over the reader's own organizations."""
        if not hasattr(self, "_field"):
            names = self.parent.queryset.order_by("organization").values_list("organization", flat=True).distinct()
            self.extra["choices"] = [(name, name) for name in names[: self.MOST]]
        return super().field


class SourceFilters(ListFilters):
    """The search box and the filters of a customer's data sources."""

    q = Search("Search data sources")
    status = SourceState("Status", SourceState.CHOICES)
    workload = MultiChoice("Workloads", Workload.choices)
    organization = Organizations("Organizations", ())

    def search(self, queryset: QuerySet[Any], name: str, term: str) -> QuerySet[Any]:
        """Keep sources whose name or organization holds the text."""
        return queryset.filter(Q(folded_name__contains=folded_name(term)) | Q(organization__icontains=term))
