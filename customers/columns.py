"""What the customer list shows of a customer's products, read from the summary's one entry per product."""

from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal
from typing import Any, Unpack

from django.utils import timezone
from django.utils.html import escape

from customers.models import Health
from msc.pages.columns import EMPTY_HTML, NEUTRALISED_STARTS, Column, Names, Values, neutralised
from msc.pages.kinds import Badge, Date, Look, Multi, Number, Options, sign


class PerProduct(Multi):
    """A line for each product of the customer: one value of its entry in the summary, made into what it is by `read`."""

    def __init__(
        self,
        label: str,
        inner: Column,
        key: str,
        *,
        by: str,
        read: Callable[[str], Any] | None = None,
        **options: Unpack[Options],
    ) -> None:
        options |= {
            "fields": ("summary__products",),
            "sort_low": (f"summary__{by}_low",),
            "sort_high": (f"summary__{by}_high",),
        }
        parts_named = _products if by != "product" else None
        super().__init__(label, inner=inner, parts=self._parts, parts_named=parts_named, **options)
        self.key = key
        self.read = read

    def _parts(self, values: Values) -> Iterable[Values]:
        return [(self._value(entry.get(self.key)),) for entry in values[0]]

    def _value(self, kept: Any) -> Any:  # JSON's kinds, and what is read from them
        return self.read(kept) if self.read and kept is not None else kept

    def texts(self, fields: Sequence[Values], names: Names) -> list[str]:
        """Write each kept value once where it is a single one: from row to row most of them repeat."""
        if not self.inner.one_value:
            return super().texts(fields, names)
        key, texts = self.key, []
        known = _Written(lambda kept: self.inner.text((self._value(kept),), names))
        for entries in fields[0]:
            text = known[entries[0].get(key)] if len(entries) == 1 else "; ".join([known[e.get(key)] for e in entries])
            texts.append(neutralised(text) if text[:1] in NEUTRALISED_STARTS else text)
        return texts


def _products(values: Values, names: Names) -> list[str]:
    return [names["products"].get(entry["p"], "") for entry in values[0]]


class _Written(dict[Any, str]):
    """Remembers what it has written of a value."""

    def __init__(self, write: Callable[[Any], str]) -> None:
        super().__init__()
        self._write = write

    def __missing__(self, kept: Any) -> str:
        text = self[kept] = self._write(kept)
        return text


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


EXPIRED = Look("Expired", "alert-circle", "bad")
LAST_DAY = Look("About to expire", "alert-circle", "bad")
SOON = Look("Expires soon", "alert-triangle", "warn")
SOON_DAYS = 7


def due_look(days_left: int) -> Look | None:
    """Return how near the end of a license is, or None when there is time."""
    if days_left < 0:
        return EXPIRED
    return LAST_DAY if days_left <= 1 else SOON if days_left <= SOON_DAYS else None


class Expiry(Date):
    """The day a license ends, toned by the days that are left."""

    def html(self, values: Values, names: Names) -> str:
        """Show the day, with a sign when few days are left."""
        shown = super().html(values, names)
        look = due_look((values[0] - timezone.localdate()).days) if values[0] else None
        return sign(look) + shown if look else shown


#: How the health of a customer looks.
HEALTH_LOOKS: dict[int, Look] = {
    Health.FAILING: Look("Failing", "circle-x", "bad"),
    Health.NOT_REPORTING: Look("Not reporting", "help-circle", "warn"),
    Health.WARNING: Look("Warning", "alert-triangle", "warn"),
    Health.OK: Look("OK", "circle-check", "good"),
    Health.NO_DATA: Look("No data", "minus"),
}


class HealthBadge(Badge):
    """The health of a customer; the first click sorts what needs attention first."""

    descends_first = True


#: A state that needs nobody is a word in quiet text.
QUIET = ("", "quiet")
#: How the state of a product looks; the words are the tenants app's.
TONES = {
    "creating": QUIET,
    "ready": QUIET,
    "updating": QUIET,
    "suspended": ("player-pause", "warn"),
    "deleting": ("trash", "warn"),
    "deleted": QUIET,
}


def state_looks(choices: Iterable[tuple[str, str]]) -> dict[str, Look]:
    """Return how each state looks."""
    return {value: Look(str(word), *TONES[value]) for value, word in choices}
