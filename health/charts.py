"""A customer's consumption as stacked bars, a slot per day; days that are not known are hatched, per product."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import groupby

from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

from health.consumption import CustomerUse, Use
from health.days import days_of
from msc.pages.when import absolute

SLOT, BAR, HEIGHT = 10, 8, 160
_STEPS = [Decimal(step) for step in ("1", "1.5", "2", "3", "4", "5", "6", "8", "10")]
UNKNOWN, ABSENT = "Unknown", "-"
STRIPED, _STRIPES = 2, ' fill="url(#chart-stripes)"'  # the second product differs by more than its colour


@dataclass(frozen=True)
class Bar:
    """One product's part of a day; `place` is the product's number, from 1."""

    y: str
    height: str
    place: int


@dataclass(frozen=True)
class Slot:
    """One day: where it stands, what it says, and its bars from the ground up."""

    x: int
    words: str
    bars: Sequence[Bar]


@dataclass(frozen=True)
class Gap:
    """Days in a row of which a product's record is missing, in the part of the height that belongs to the product."""

    x: int
    y: int
    width: int
    height: int
    place: int


@dataclass(frozen=True)
class Row:
    """One day in figures, a cell per product."""

    day: date
    cells: Sequence[str]
    total: str


@dataclass(frozen=True)
class Chart:
    """Everything that the template draws and writes."""

    use: CustomerUse
    top: Decimal
    slots: Sequence[Slot]
    gaps: Sequence[Gap]
    rows: Sequence[Row]

    width: int = 0
    height: int = HEIGHT
    bar: int = BAR
    slot: int = SLOT

    @property
    def drawing(self) -> SafeString:
        """The slots as SVG, assembled from strings: a template's loop over each bar takes longer than all else."""
        return mark_safe("".join([self._drawn(slot) for slot in self.slots]))  # noqa: S308  numbers, and words escaped

    def _drawn(self, slot: Slot) -> str:
        bars = "".join(
            [
                f'<rect class="chart-bar chart-bar-{bar.place}"{_STRIPES if bar.place == STRIPED else ""}'
                f' x="{slot.x + 1}" y="{bar.y}" width="{self.bar}" height="{bar.height}" />'
                for bar in slot.bars
            ]
        )
        return (
            f'<g><title>{escape(slot.words)}</title><rect class="chart-slot" x="{slot.x}" y="0"'
            f' width="{self.slot}" height="{self.height}" />{bars}</g>'
        )

    @property
    def lines(self) -> SafeString:
        """The days as rows of a table, assembled likewise."""
        return mark_safe("".join([_line(row) for row in self.rows]))  # noqa: S308  formatted dates and numbers

    @property
    def marks(self) -> Sequence[date]:
        """The first day, one in the middle, and the last."""
        days = [row.day for row in reversed(self.rows)]
        return days[0], days[len(days) // 2], days[-1]

    @property
    def middle(self) -> Decimal:
        """The value in the middle of the scale."""
        return self.top / 2

    @property
    def title(self) -> str:
        """What is drawn."""
        span = self.use.span
        return f"Consumption units per day, {absolute(span.first)} to {absolute(span.last)}"

    @property
    def words(self) -> str:
        """What there is to see, in a sentence."""
        return f"Stacked bars. {' '.join(_in_words(use) for use in self.use.uses)}"


def _in_words(use: Use) -> str:
    total = "unknown" if use.total is None else f"{use.total:,.2f} CU"
    missing = len(use.unknown)
    return f"{use.label}: {total}" + (f", {missing} days without a usage record." if missing else ".")


def chart_of(use: CustomerUse) -> Chart:
    """Draw what a customer used."""
    days = list(days_of(use.span.first, use.span.last))
    known = [[one.days[day] for one in use.uses if day in one.days] for day in days]
    top = ceiling(max(sum(amounts, Decimal(0)) for amounts in known))
    unknown = [one.unknown for one in use.uses]
    cells = [[_cell(one, day, missing) for one, missing in zip(use.uses, unknown, strict=True)] for day in days]
    rows = [
        Row(day, texts, texts[0] if len(texts) == 1 else total_of(amounts, lacks_days=day in use.unknown))
        for day, texts, amounts in zip(days, cells, known, strict=True)
    ]
    return Chart(
        use=use,
        top=top,
        slots=[_slot(number, row, use.uses, top) for number, row in enumerate(rows)],
        gaps=[gap for place, days_off in enumerate(unknown) for gap in _gaps(days, days_off, place, len(unknown))],
        rows=rows[::-1],
        width=len(days) * SLOT,
    )


def _line(row: Row) -> str:
    cells = "".join([f'<td class="end">{cell}</td>' for cell in (*row.cells, row.total)])
    return f'<tr><th scope="row">{absolute(row.day)}</th>{cells}</tr>'


def ceiling(value: Decimal) -> Decimal:
    """Return the next round number that is not less, of those that a scale can be read by."""
    if value <= 0:
        return Decimal(1)
    power = Decimal(10) ** value.adjusted()
    return next(step * power for step in _STEPS if step * power >= value)


def _slot(number: int, row: Row, uses: Sequence[Use], top: Decimal) -> Slot:
    bars, ground = [], float(HEIGHT)
    for place, use in enumerate(uses, 1):
        height = float(use.days.get(row.day, Decimal(0)) / top) * HEIGHT
        if height:
            ground -= height
            bars.append(Bar(f"{ground:.1f}", f"{height:.1f}", place))
    words = "; ".join([f"{use.label}: {cell}" for use, cell in zip(uses, row.cells, strict=True)])
    return Slot(number * SLOT, f"{absolute(row.day)}. {words}", bars)


def _gaps(days: Sequence[date], unknown: set[date], place: int, products: int) -> Iterator[Gap]:
    """Yield the product's gaps; the first product's stand below, as its bars do."""
    height = HEIGHT // products
    top = HEIGHT - (place + 1) * height
    for is_unknown, run in groupby(enumerate(days), key=lambda one: one[1] in unknown):
        if is_unknown:
            numbers = [number for number, _ in run]
            yield Gap(numbers[0] * SLOT, top, len(numbers) * SLOT, height, place + 1)


def _cell(use: Use, day: date, unknown: set[date]) -> str:
    if day in use.days:
        return f"{use.days[day]:,.2f}"
    return UNKNOWN if day in unknown else ABSENT


def total_of(known: Sequence[Decimal], *, lacks_days: bool) -> str:
    """Return a sum in words: one that lacks a record says so."""
    if known:
        least = "at least " if lacks_days else ""
        return f"{least}{sum(known, Decimal(0)):,.2f}"
    return UNKNOWN if lacks_days else ABSENT
