"""Dates for people: absolute in the person's zone, and as a distance from now in words."""

from datetime import date, datetime

from django.utils import timezone

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
DAYS_OF_MONTH, DAYS_OF_YEAR = 30.44, 365.25  # on average
NEIGHBORS = {-1: "yesterday", 0: "today", 1: "tomorrow"}


def absolute(value: date | datetime) -> str:
    """Return `24 Nov 2026`, with `07:10` for a moment."""
    if isinstance(value, datetime):
        value = timezone.localtime(value)
        return f"{value.day} {MONTHS[value.month - 1]} {value.year}, {value:%H:%M}"
    return f"{value.day} {MONTHS[value.month - 1]} {value.year}"


def relative(value: date | datetime, now: datetime) -> str:
    """Return how far a day or moment is from now: `3 hours ago`, `in 12 days`, `tomorrow`."""
    if isinstance(value, datetime):
        seconds = (value - now).total_seconds()
        return _worded(_time(abs(seconds)), ahead=seconds > 0)
    days = (value - timezone.localdate(now)).days
    return NEIGHBORS.get(days) or _worded(_days(abs(days)), ahead=days > 0)


def _time(seconds: float) -> str:
    minutes, hours = round(seconds / 60), round(seconds / 3600)
    if minutes < 1:
        return ""
    if minutes < 60:
        return _counted(minutes, "minute")
    return _counted(hours, "hour") if hours < 48 else _days(round(seconds / 86_400))


def _days(days: int) -> str:
    if days < 60:
        return _counted(days, "day")
    months = round(days / DAYS_OF_MONTH)
    return _counted(months, "month") if months < 24 else _counted(round(days / DAYS_OF_YEAR), "year")


def _counted(number: int, unit: str) -> str:
    return f"{number} {unit}" if number == 1 else f"{number} {unit}s"


def _worded(amount: str, *, ahead: bool) -> str:
    if not amount:
        return "now"
    return f"in {amount}" if ahead else f"{amount} ago"
