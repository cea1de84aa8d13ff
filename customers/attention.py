"""What is wrong today, as one quiet line above the customer list; each part leads to the customers that it counts."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db import connection
from django.db.models import QuerySet

from customers.models import Customer, CustomerSummary
from customers.querysets import Attention, in_need
from msc.access.models import Msp, User
from msc.pages.paging import Total
from serviceplans.catalogue import Product

MOST_COUNTED = 1_000
EXPIRING_DAYS = 7


@dataclass(frozen=True)
class Notice:
    """A number of customers of whom something is wrong, and the query of the list that shows them."""

    number: Total
    words: str
    icon: str
    query: str


def notices(user: User) -> list[Notice]:
    """Return what is wrong among the customers that the person sees, in one statement; each is counted up to a cap."""
    if user.msp is None:
        return []
    compiled = [rows.query.sql_with_params() for rows in _counted(user, user.msp)]
    counts = ", ".join(f"(SELECT count(DISTINCT customer_id) FROM ({sql}) part)" for sql, _ in compiled)  # noqa: S608  compiled by Django
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {counts}", [value for _, values in compiled for value in values])
        numbers: tuple[int, ...] = cursor.fetchone() or ()
    return [
        Notice(Total(min(number, MOST_COUNTED), exact=number <= MOST_COUNTED), words, icon, query)
        for number, (words, icon, query) in zip(numbers, _WORDS, strict=True)
        if number
    ]


_WORDS = (
    ("failing", "alert-circle", f"attention={Attention.FAILING}"),
    ("not reporting", "help-circle", f"attention={Attention.SILENT}"),
    (f"expiring within {EXPIRING_DAYS} days", "hourglass", f"expires={EXPIRING_DAYS}"),
    ("near or over quota", "chart-bar", f"attention={Attention.QUOTA}"),
)


def _counted(user: User, msp: Msp) -> list[QuerySet[Any]]:
    """Return for each part the ids of its customers, from an index that holds little else.

    Only live customers have a summary or a live product, so that the customers themselves need not be looked at.
    """
    summaries = CustomerSummary.objects.for_user(user)
    failing, silent, quota = (
        summaries.filter(in_need(kind, msp.quota_warning_percent)).values("customer_id")[: MOST_COUNTED + 1]
        for kind in (Attention.FAILING, Attention.SILENT, Attention.QUOTA)
    )
    tenants: Any = Customer._meta.get_field("tenants").related_model  # of the app above: named, not imported
    today = msp.today()
    expiring = tenants.objects.for_user(user).filter(
        deleted_at=None, license_expiry__range=(today, today + timedelta(days=EXPIRING_DAYS))
    )
    # A customer may have each product once, so this many products are of more customers than are counted.
    most = MOST_COUNTED * len(Product) + 1
    return [failing, silent, expiring.values("customer_id")[:most], quota]
