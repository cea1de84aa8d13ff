"""What is wrong today, as one quiet line above the customer list; each part leads to the customers that it counts."""

from dataclasses import dataclass
from datetime import timedelta

from django.db import connection

from customers.models import Customer
from customers.querysets import Attention, CustomerQuerySet, Wanted
from msc.access.models import User
from msc.pages.paging import Total

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
    parts = _parts(user)
    compiled = [rows.order_by().values("pk")[: MOST_COUNTED + 1].query.sql_with_params() for *_, rows in parts]
    counts = ", ".join(f"(SELECT count(*) FROM ({sql}) part)" for sql, _ in compiled)  # noqa: S608  compiled by Django
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {counts}", [value for _, values in compiled for value in values])
        numbers: tuple[int, ...] = cursor.fetchone() or ()
    return [
        Notice(Total(min(number, MOST_COUNTED), exact=number <= MOST_COUNTED), words, icon, query)
        for number, (words, icon, query, _) in zip(numbers, parts, strict=True)
        if number
    ]


def _parts(user: User) -> list[tuple[str, str, str, CustomerQuerySet]]:
    if user.msp is None:
        return []
    customers = Customer.objects.for_user(user).whole()
    today, warning = user.msp.today(), user.msp.quota_warning_percent
    expiring = today, today + timedelta(days=EXPIRING_DAYS)
    return [
        ("failing", "alert-circle", "attention=failing", customers.in_need([Attention.FAILING], warning)),
        ("unknown", "help-circle", "attention=silent", customers.in_need([Attention.SILENT], warning)),
        (
            f"expiring within {EXPIRING_DAYS} days",
            "hourglass",
            f"expires={EXPIRING_DAYS}",
            customers.with_tenant(Wanted(expiry=expiring)),
        ),
        ("near or over quota", "chart-bar", "attention=quota", customers.in_need([Attention.QUOTA], warning)),
    ]
