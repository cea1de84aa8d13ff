"""What the customer list shows of a customer's products, read from the summary's one entry per product."""

from collections.abc import Callable, Iterable, Sequence
from datetime import date
from decimal import Decimal
from typing import Unpack

from django.utils.html import escape

from msc.pages.columns import EMPTY_HTML, Column, Names, Values
from msc.pages.kinds import Look, Number, Options


def each(key: str) -> Callable[[Values], Iterable[Values]]:
    """Return a function that reads one value of every product's entry."""
    return lambda values: [(entry.get(key),) for entry in values[0]]


def each_day(key: str) -> Callable[[Values], Iterable[Values]]:
    """Return a function that reads one day of every product's entry."""
    return lambda values: [(date.fromisoformat(text) if (text := entry.get(key)) else None,) for entry in values[0]]


def each_number(key: str) -> Callable[[Values], Iterable[Values]]:
    """Return a function that reads one exact number of every product's entry, kept as text."""
    return lambda values: [(Decimal(text) if (text := entry.get(key)) else None,) for entry in values[0]]


def each_quota(values: Values) -> Iterable[Values]:
    """Read the quota of every product's entry."""
    return [(Decimal(text) if (text := entry.get("q")) is not None else None,) for entry in values[0]]


class Several(Column):
    """Ids, each shown by its name, on one line."""

    kind = "several"
    one_value = False

    def __init__(self, label: str, *, dictionary: str, **options: Unpack[Options]) -> None:
        super().__init__(label, **options)
        self.dictionary = dictionary

    @property
    def dictionaries(self) -> Sequence[str]:
        """The one that knows the ids."""
        return (self.dictionary,)

    def html(self, values: Values, names: Names) -> str:
        """Show the names, cut at the border of the column."""
        text = escape(self.text(values, names))
        return f'<span class="cut" title="{text}">{text}</span>' if text else EMPTY_HTML

    def text(self, values: Values, names: Names) -> str:
        """Write the names separated by commas."""
        known = names[self.dictionary]
        return ", ".join([known[one] for one in values[0] or () if one in known])


class Units(Number):
    """Consumption units, without zeros that say nothing."""

    def html(self, values: Values, names: Names) -> str:
        """Show the number with separated thousands."""
        return EMPTY_HTML if values[0] is None else f"{_trimmed(values[0]):,f}"

    def text(self, values: Values, names: Names) -> str:
        """Write the number without separators."""
        return "" if values[0] is None else f"{_trimmed(values[0]):f}"


def _trimmed(value: Decimal) -> Decimal:
    return value.quantize(Decimal(1)) if value == value.to_integral() else value.normalize()


#: How the state of a product looks; the words are the tenants app's.
TONES = {
    "creating": ("loader", "busy"),
    "ready": ("circle-check", "good"),
    "updating": ("loader", "busy"),
    "suspended": ("player-pause", "warn"),
    "deleting": ("trash", "bad"),
    "deleted": ("trash", "neutral"),
}


def state_looks(choices: Iterable[tuple[str, str]]) -> dict[str, Look]:
    """Return how each state looks."""
    return {value: Look(str(word), *TONES[value]) for value, word in choices}
