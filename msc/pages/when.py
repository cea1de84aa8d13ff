"""Dates for people: absolute in the person's zone, with an age that is short and exact enough."""

from datetime import date, datetime, timedelta

from django.utils import timezone

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def absolute(value: date | datetime) -> str:
    """Return `24 Nov 2026`, with `07:10` for a moment."""
    if isinstance(value, datetime):
        value = timezone.localtime(value)
        return f"{value.day} {MONTHS[value.month - 1]} {value.year}, {value:%H:%M}"
    return f"{value.day} {MONTHS[value.month - 1]} {value.year}"


def relative(value: date | datetime, now: datetime) -> str:
    """Return how far a day or moment is from now: `3 h ago`, `in 12 d`, `today`."""
    if isinstance(value, datetime):
        return _distance(value - now)
    days = (value - timezone.localdate(now)).days
    if days == 0:
        return "today"
    return _worded(_days(abs(days)), ahead=days > 0)


def _distance(difference: timedelta) -> str:
    seconds = difference.total_seconds()
    minutes = int(abs(seconds) // 60)
    if minutes < 1:
        return "now"
    if minutes < 60:
        amount = f"{minutes} min"
    elif minutes < 48 * 60:
        amount = f"{minutes // 60} h"
    else:
        amount = _days(minutes // (24 * 60))
    return _worded(amount, ahead=seconds > 0)


def _days(days: int) -> str:
    if days < 60:
        return f"{days} d"
    if days < 730:
        return f"{days // 30} mo"
    return f"{days // 365} y"


def _worded(amount: str, *, ahead: bool) -> str:
    return f"in {amount}" if ahead else f"{amount} ago"
