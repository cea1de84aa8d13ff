"""Counting and paging that stay cheap on any number of rows."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.db.models import QuerySet

SIZES = (25, 50, 100, 250)
DEFAULT_SIZE = 50
CAP = 10_000


@dataclass(frozen=True)
class Total:
    """How many rows there are: exact, or more than the cap."""

    rows: int
    exact: bool = True

    def __str__(self) -> str:
        return f"{self.rows:,}" if self.exact else f"{self.rows:,}+"

    @property
    def reachable(self) -> int:
        """Rows that page numbers reach."""
        return min(self.rows, CAP)


def counted(queryset: QuerySet[Any], *, exact: bool) -> Total:
    """Count exactly up to the cap, beyond it only when asked to."""
    unordered = queryset.order_by()
    if exact:
        return Total(unordered.count())
    # The keys alone: what the columns add would be worked out for each counted row.
    return capped(unordered.values("pk")[: CAP + 1].count())


def counted_together(querysets: Sequence[QuerySet[Any]], most: int) -> list[Total]:
    """Count several sets of rows in one statement, each up to `most`."""
    compiled = [rows.order_by().values("pk")[: most + 1].query.sql_with_params() for rows in querysets]
    counts = ", ".join(f"(SELECT count(*) FROM ({sql}) part)" for sql, _ in compiled)  # noqa: S608  compiled by Django
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {counts}", [value for _, values in compiled for value in values])
        numbers: tuple[int, ...] = cursor.fetchone() or ()
    return [Total(min(number, most), exact=number <= most) for number in numbers]


def capped(rows: int) -> Total:
    """Return a number that was counted no further than CAP + 1."""
    return Total(CAP, exact=False) if rows > CAP else Total(rows)


@dataclass(frozen=True)
class Page:
    """One page of a list."""

    number: int
    size: int
    total: Total

    @property
    def last(self) -> int:
        """The number of the last page that can be reached."""
        return max(1, -(-self.total.reachable // self.size))

    @property
    def start(self) -> int:
        """The offset of its first row."""
        return (self.number - 1) * self.size

    @property
    def first_row(self) -> int:
        """The number of its first row, or 0 when there is none."""
        return self.start + 1 if self.total.rows else 0

    @property
    def last_row(self) -> int:
        """The number of its last row."""
        return min(self.start + self.size, self.total.rows)

    @property
    def previous(self) -> int:
        """The number of the page before."""
        return self.number - 1

    @property
    def following(self) -> int:
        """The number of the page after."""
        return self.number + 1

    @property
    def capped(self) -> bool:
        """Whether more rows exist than page numbers reach."""
        return self.total.rows > CAP or not self.total.exact

    def numbers(self) -> list[int | None]:
        """Return the page numbers to offer: the ends, the neighbours, and None for a gap."""
        near = {1, self.last, *range(self.number - 1, self.number + 2)}
        shown = sorted(number for number in near if 1 <= number <= self.last)
        result: list[int | None] = []
        for number in shown:
            if result and isinstance(result[-1], int) and number - result[-1] > 1:
                result.append(None)
            result.append(number)
        return result
