"""Time zones that a person or an MSP may live in."""

from functools import cache
from zoneinfo import available_timezones

from django.core.exceptions import ValidationError


@cache
def known_zones() -> frozenset[str]:
    """Return every zone of the time zone database."""
    return frozenset(available_timezones())


def zone_choices() -> list[tuple[str, str]]:
    """Return the zones that name a place, in alphabetical order, as choices of a form field."""
    return [(zone, zone.replace("_", " ")) for zone in sorted(known_zones()) if "/" in zone or zone == "UTC"]


def validate_zone(value: str) -> None:
    """Refuse a zone that the time zone database does not know."""
    if value not in known_zones():
        raise ValidationError("Choose a time zone such as Europe/Berlin.", code="unknown_zone")
