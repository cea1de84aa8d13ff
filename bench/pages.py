"""Which pages are measured, and the goal of each as a multiple of the static page."""

from collections.abc import Iterable

from django.urls import reverse

from bench.dataset import Dataset
from bench.measure import Request
from customers.models import Customer
from customers.tables import CustomerTable
from msc.access import scope

LIST_GOAL = 10.0
QUERY_GOAL = 12.0
DEEP_PAGE_GOAL = 16.0
DETAIL_GOAL = 10.0


def sorts() -> Iterable[str]:
    """Return every sort of the customer list, both ways."""
    for name, column in CustomerTable.base_columns.items():
        if column.orderable:
            yield from (name, f"-{name}")


def requests(data: Dataset) -> list[Request]:
    """Return the pages in the order of the report."""
    customers = reverse("customers:list")
    with scope.entered("portal", msp=data.msp.pk):
        middle = Customer.objects.for_msp(data.msp.pk).order_by("pk")[data.customers // 2]
    page = reverse("customers:page", args=[middle.pk])
    return [
        Request("customers, first page of 50", f"{customers}?size=50", LIST_GOAL),
        Request("customers, 250 rows", f"{customers}?size=250", LIST_GOAL * 3),
        Request("customers, results part only", f"{customers}?size=50", LIST_GOAL, fragment=True),
        Request("search, many match", f"{customers}?size=50&q=zephyr", QUERY_GOAL),
        Request("search, one matches", f"{customers}?size=50&q=opal+partners+{data.customers // 2}", QUERY_GOAL),
        Request("search, none matches", f"{customers}?size=50&q=quite+unheard+of", QUERY_GOAL),
        Request("filter: evaluation of Hybrid", f"{customers}?size=50&product=hybrid&type=evaluation", QUERY_GOAL),
        Request("page 200", f"{customers}?size=50&page=200", DEEP_PAGE_GOAL),
        Request("customer page", page, DETAIL_GOAL),
        *(of_health(data, middle) if data.has_health else ()),
    ]


def of_health(data: Dataset, middle: Customer) -> list[Request]:
    """Return the pages that show what the tools reported."""
    with scope.entered("portal", msp=data.msp.pk):
        first = Customer.objects.for_msp(data.msp.pk).order_by("pk")[0]
    return [
        Request("health tab", reverse("health:customer", args=[middle.pk]), DETAIL_GOAL),
        Request("data sources, 50 of 300", reverse("health:customer", args=[first.pk]) + "?size=50", QUERY_GOAL),
        Request("alerts", reverse("health:alerts") + "?size=50", QUERY_GOAL),
        Request("consumption", reverse("health:consumption") + "?size=50", QUERY_GOAL),
        Request("consumption, most first", reverse("health:consumption") + "?size=50&sort=-consumed", QUERY_GOAL),
    ]


def sorted_lists() -> list[Request]:
    """Return the first page under every sort."""
    customers = reverse("customers:list")
    return [Request(f"sort {sort}", f"{customers}?size=50&sort={sort}", QUERY_GOAL) for sort in sorts()]
