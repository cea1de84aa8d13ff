"""Before and after in a form that JSON can hold and people can read."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime, time
from decimal import Decimal
from enum import Enum

from django.db.models import Choices

Changes = Mapping[str, tuple[object, object]]
Readable = str | int | float | bool | list["Readable"] | dict[str, "Readable"] | None


def changed(before: Mapping[str, object], after: Mapping[str, object]) -> dict[str, tuple[object, object]]:
    """Return what differs, label by label; a label that one side lacks stands against None."""
    labels = [*before, *(label for label in after if label not in before)]
    pairs = {label: (before.get(label), after.get(label)) for label in labels}
    return {label: pair for label, pair in pairs.items() if pair[0] != pair[1]}


def readable(value: object) -> Readable:
    """Return the value as JSON can hold it and a person can read it."""
    match value:
        case str() | bytes() | Enum():
            return _word(value)
        case Mapping():
            return {str(key): readable(part) for key, part in value.items()}
        case set() | frozenset():
            return sorted((readable(part) for part in value), key=str)
        case Iterable():
            return [readable(part) for part in value]
        case _:
            return _scalar(value)


def _word(value: str | bytes | Enum) -> Readable:
    if isinstance(value, Choices):
        return str(value.label)
    if isinstance(value, Enum):
        return readable(value.value)
    text = value.decode("utf-8", "replace") if isinstance(value, bytes) else value
    return text.replace("\x00", "")


def _scalar(value: object) -> Readable:
    match value:
        case None | bool() | int() | float():
            return value
        case datetime() | date() | time():
            return value.isoformat()
        case Decimal():
            return format(value, "f")
        case _:
            return str(value)
