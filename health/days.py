"""Calendar days of an MSP: where they begin and end, which are closed, and the windows that end today."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.conf import settings

BACKUP_WINDOW = 30
USAGE_WINDOW = 90
DAY = timedelta(days=1)


def start_of(day: date, zone: ZoneInfo) -> datetime:
    """Return the moment at which the day begins in the zone, in UTC; one that never was begins with the next."""
    return datetime.combine(day, time.min, zone).astimezone(UTC)


def bounds_of(day: date, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """Return the moments at which the day begins and at which the next one does."""
    return start_of(day, zone), start_of(day + DAY, zone)


def window(today: date, length: int) -> tuple[date, date]:
    """Return the first and the last day of the window of so many calendar days that ends today."""
    return today - (length - 1) * DAY, today


def days_of(first: date, last: date) -> Iterator[date]:
    """Yield the days from the first to the last, both included."""
    for number in range((last - first).days + 1):
        yield first + number * DAY


def oldest_open_day(today: date, closed_before: date | None = None) -> date:
    """Return the first day that is still counted from runs; what was closed stays closed when retention grows."""
    kept = today - settings.MSC_RUN_RETENTION_DAYS * DAY
    return kept if closed_before is None else max(kept, closed_before)
