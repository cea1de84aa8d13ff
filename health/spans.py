"""The days that consumption is asked for: a calendar month, or from one day to another."""

import re
from dataclasses import dataclass
from datetime import date, timedelta

from health.days import DAY
from msc.pages.when import absolute

LONGEST_DAYS = 3 * 366
MONTH = re.compile(r"(20[0-9]{2})-(0[1-9]|1[0-2])")
_MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)


@dataclass(frozen=True)
class Span:
    """The days from the first to the last, both included, in the MSP's calendar."""

    first: date
    last: date

    @property
    def is_month(self) -> bool:
        """Whether it is exactly one calendar month."""
        return self == month_of(self.first)

    @property
    def label(self) -> str:
        """The month's name, or both days."""
        if self.is_month:
            return month_label(self.first)
        return f"{absolute(self.first)} to {absolute(self.last)}"

    @property
    def days(self) -> int:
        """How many days there are."""
        return (self.last - self.first).days + 1

    @property
    def previous_month(self) -> str:
        """The month before the one in which it begins, as addresses write it."""
        return f"{self.first.replace(day=1) - DAY:%Y-%m}"

    @property
    def next_month(self) -> str:
        """The month after the one in which it ends, as addresses write it."""
        return f"{month_of(self.last).last + DAY:%Y-%m}"


def month_of(day: date) -> Span:
    """Return the calendar month of a day."""
    first = day.replace(day=1)
    return Span(first, (first + timedelta(days=31)).replace(day=1) - DAY)


def month_label(day: date) -> str:
    """Return the name of a day's month."""
    return f"{_MONTHS[day.month - 1]} {day.year}"


def month_named(text: str) -> Span | None:
    """Return the month that a text such as 2026-10 names."""
    found = MONTH.fullmatch(text)
    return month_of(date(int(found[1]), int(found[2]), 1)) if found else None


def span_between(since: date | None, until: date | None, today: date) -> Span:
    """Return the days between the two; without a last day it ends today, without a first it begins with a month."""
    last = until or max(today, since or today)
    return Span(since or last.replace(day=1), last)
