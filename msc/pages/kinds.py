"""The ready kinds of column; a list declares them, an app adds one only for a new look."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import ROUND_FLOOR, Decimal
from functools import cache
from typing import Any, TypedDict, Unpack

import phonenumbers
from django.urls import reverse
from django.utils import timezone
from django.utils.html import escape
from phonenumber_field.phonenumber import PhoneNumber

from msc.pages.columns import EMPTY_HTML, NEUTRALISED_STARTS, Column, Names, Values, neutralised
from msc.pages.icons import icon
from msc.pages.when import absolute, relative


class Options(TypedDict, total=False):
    """The keyword arguments that every kind of column takes."""

    fields: Sequence[str]
    sort: Sequence[str] | None
    sort_low: Sequence[str]
    sort_high: Sequence[str]
    required: bool
    always: bool
    shown: bool
    hint: str
    unit: str
    width: int | None
    lead: bool


class Text(Column):
    """Short text on one line."""

    def texts(self, fields: Sequence[Values], names: Names) -> list[str]:
        """Write plain text without a call per cell."""
        if type(self).text is not Column.text:
            return super().texts(fields, names)
        texts = ["" if value is None else str(value) for value in fields[0]]
        return [neutralised(text) if text[:1] in NEUTRALISED_STARTS else text for text in texts]


class LongText(Column):
    """Text that is cut at the border of its column and stands in full in its title."""

    kind = "long"
    default_width = 240

    def html(self, values: Values, names: Names) -> str:
        """Show the text with its whole in the title."""
        if not values[0]:
            return EMPTY_HTML
        whole = escape(" ".join(str(values[0]).split()))
        return f'<span class="cut" title="{whole}">{whole}</span>'


class Named(Column):
    """An id whose name is in one of the list's dictionaries."""

    def __init__(self, label: str, *, dictionary: str, **options: Unpack[Options]) -> None:
        super().__init__(label, **options)
        self.dictionary = dictionary

    @property
    def dictionaries(self) -> Sequence[str]:
        """The one that knows the ids."""
        return (self.dictionary,)

    def html(self, values: Values, names: Names) -> str:
        """Show the name of the id."""
        name = names[self.dictionary].get(values[0], "")
        return escape(name) if name else EMPTY_HTML

    def text(self, values: Values, names: Names) -> str:
        """Write the name of the id."""
        return names[self.dictionary].get(values[0], "")


TITLE_FROM = 24  # a shorter text is never cut in a column of the default width


@cache
def url_around(url_name: str) -> tuple[str, str]:
    """Return the two parts of an address around its id, so that a list reverses it once."""
    before, after = reverse(url_name, args=[987654321]).split("987654321")
    return before, after


class Link(Column):
    """Text that leads to the row's own page: `fields` are the text, the id, and an optional mark."""

    kind = "link"
    default_width = 240

    def __init__(self, label: str, *, to: str, mark: str = "", **options: Unpack[Options]) -> None:
        super().__init__(label, **options)
        self.to = to
        self.mark = mark

    def html(self, values: Values, names: Names) -> str:
        """Show the text as a link, and the mark when the third value is true."""
        before, after = url_around(self.to)
        text = escape(values[0])
        title = f' title="{text}"' if len(values[0]) > TITLE_FROM else ""
        mark = f' <span class="mark">{self.mark}</span>' if len(values) > 2 and values[2] else ""
        return f'<a class="cut" href="{before}{values[1]}{after}"{title}>{text}</a>{mark}'


@dataclass(frozen=True)
class Look:
    """How one value of a status looks: the word, its icon and its tone."""

    word: str
    icon: str = "point"
    tone: str = "neutral"


@cache
def badge(look: Look) -> str:
    """Return a status with icon and word, so that colour is never the only sign."""
    sign = icon(look.icon) if look.icon else ""
    return f'<span class="status status-{look.tone}">{sign}{escape(look.word)}</span>'


class Badge(Column):
    """A status out of a fixed set."""

    kind = "badge"
    default_width = 150

    def __init__(self, label: str, *, looks: Mapping[Any, Look], **options: Unpack[Options]) -> None:
        super().__init__(label, **options)
        self.looks = looks

    def html(self, values: Values, names: Names) -> str:
        """Show the icon and the word."""
        look = self.looks.get(values[0])
        return badge(look) if look else EMPTY_HTML

    def text(self, values: Values, names: Names) -> str:
        """Write the word."""
        look = self.looks.get(values[0])
        return look.word if look else ""


class YesNo(Badge):
    """A yes or no, where only yes is worth a sign."""

    default_width = 110

    def __init__(self, label: str, **options: Unpack[Options]) -> None:
        super().__init__(label, looks={True: Look("Yes", "check", "good")}, **options)


class Date(Column):
    """A day or a moment: absolute, with its distance from now in the title.

    The distance is shown beside a date that is no further than `near_days` from now.
    """

    kind = "date"
    descends_first = True
    default_width = 165  # a moment, `24 Nov 2026, 15:00`

    def __init__(self, label: str, *, near_days: int = -1, **options: Unpack[Options]) -> None:
        super().__init__(label, **options)
        self.near_days = near_days

    def html(self, values: Values, names: Names) -> str:
        """Show the date in the person's zone."""
        value: date | datetime | None = values[0]
        if value is None:
            return EMPTY_HTML
        now = timezone.now()
        distance, machine = relative(value, now), value.isoformat()
        if self.near_days < 0 or not self._is_near(value, now):
            return f'<time datetime="{machine}" title="{distance}">{absolute(value)}</time>'
        return f'<time datetime="{machine}">{absolute(value)}</time> <span class="age">{distance}</span>'

    def _is_near(self, value: date | datetime, now: datetime) -> bool:
        if isinstance(value, datetime):
            return abs((value - now).total_seconds()) <= self.near_days * 86_400
        return abs((value - timezone.localdate(now)).days) <= self.near_days

    def text(self, values: Values, names: Names) -> str:
        """Write the date as ISO 8601 in the person's zone."""
        value: date | datetime | None = values[0]
        if value is None:
            return ""
        if isinstance(value, datetime):
            return timezone.localtime(value).isoformat(" ", "minutes")[:16]
        return value.isoformat()

    def texts(self, fields: Sequence[Values], names: Names) -> list[str]:
        """Find the zone once for all rows."""
        zone = timezone.get_current_timezone()
        return [
            ""
            if value is None
            else value.astimezone(zone).isoformat(" ", "minutes")[:16]
            if isinstance(value, datetime)
            else value.isoformat()
            for value in fields[0]
        ]


class Number(Column):
    """A number, right-aligned, with its unit in the header."""

    kind = "number"
    align = "end"
    descends_first = True
    default_width = 120

    def __init__(self, label: str, *, places: int = 0, **options: Unpack[Options]) -> None:
        super().__init__(label, **options)
        self.places = places

    def html(self, values: Values, names: Names) -> str:
        """Show the number with separated thousands."""
        return EMPTY_HTML if values[0] is None else f"{values[0]:,.{self.places}f}"

    def text(self, values: Values, names: Names) -> str:
        """Write the number without separators."""
        return "" if values[0] is None else f"{values[0]:.{self.places}f}"

    def texts(self, fields: Sequence[Values], names: Names) -> list[str]:
        """Leave numbers as they are: a minus sign is no formula."""
        return [self.text(values, names) for values in zip(*fields, strict=True)]


class Percent(Number):
    """A share of 100, rounded down: the number says it, a small bar beside it shows it.

    `levels` names the dictionary of tones that begin at a share, the worst first; without it every bar is plain.
    The sign stands in the header, or beside every number where the header keeps its own words (`unit=""`).
    """

    kind = "percent"
    default_width = 150

    def __init__(
        self,
        label: str,
        *,
        levels: str = "",
        places: int = 0,
        **options: Unpack[Options],
    ) -> None:
        options.setdefault("unit", "%")
        super().__init__(label, places=places, **options)
        self.levels = levels

    def html(self, values: Values, names: Names) -> str:
        """Show the bar and the number."""
        if values[0] is None:
            return EMPTY_HTML
        share = values[0]
        tone = tone_of(share, names[self.levels]) if self.levels else "plain"
        css, sign = ("share", "") if self.unit else ("share signed", " %")
        shown = f"{floored(share, self.places):,.{self.places}f}"
        return f'{bar(float(share), tone)}<span class="{css}">{shown}{sign}</span>'

    def text(self, values: Values, names: Names) -> str:
        """Write the share without its sign."""
        return "" if values[0] is None else f"{floored(values[0], self.places):.{self.places}f}"


def floored(value: Decimal, places: int = 0) -> Decimal:
    """Return the value rounded down, without trailing zeros: rounding never makes a figure reach a level."""
    found = value.quantize(Decimal(1).scaleb(-places), ROUND_FLOOR)
    return found.quantize(Decimal(1)) if found == found.to_integral() else found


def tone_of(share: Decimal, levels: Mapping[str, str]) -> str:
    """Return the first tone whose level the share reaches."""
    return next((tone for tone, level in levels.items() if share >= Decimal(level)), "plain")


#: What a bar of each tone says besides its color.
LEVELS = {
    "warn": Look("Warning level", "alert-triangle", "warn"),
    "bad": Look("Critical level", "alert-circle", "bad"),
}


@cache
def sign(look: Look) -> str:
    """Return the icon of a look beside a figure, with its word for screen readers and as a tooltip."""
    hidden = f'<span class="visually-hidden">{look.word} </span>'
    return f'<span class="level level-{look.tone}" title="{look.word}">{icon(look.icon)}{hidden}</span>'


def bar(share: float, tone: str = "plain") -> str:
    """Return a bar of 0 to 100 drawn by SVG attributes, and an icon with a word for a level that was reached.

    The number beside it carries the value.
    """
    filled = min(max(share, 0.0), 100.0) * 0.48
    return (
        f'{sign(LEVELS[tone]) if tone in LEVELS else ""}<svg class="bar" viewBox="0 0 48 6" width="48" height="6" aria-hidden="true">'
        '<rect class="bar-track" width="48" height="6" rx="3"/>'
        f'<rect class="bar-{tone}" width="{filled:.1f}" height="6" rx="3"/></svg>'
    )


#: Digits, spaces, dots, hyphens and parentheses call nothing and refer to nothing: a spreadsheet may read them.
_DIALLED = re.compile(r"\+[0-9][0-9 .()-]*")


class Phone(Column):
    """A phone number kept in E.164 and shown in its international form."""

    kind = "phone"
    default_width = 160

    def html(self, values: Values, names: Names) -> str:
        """Show the number as a link that dials."""
        if not values[0]:
            return EMPTY_HTML
        shown = international(values[0])
        dialled = "".join(char for char in shown if char in "+0123456789")
        return f'<a class="phone" href="tel:{dialled}">{escape(shown)}</a>'

    def text(self, values: Values, names: Names) -> str:
        """Write the number in its international form."""
        return international(values[0]) if values[0] else ""

    def texts(self, fields: Sequence[Values], names: Names) -> list[str]:
        """Write the plus sign of a number as it is, so that other systems can read it."""
        texts = (self.text(values, names) for values in zip(*fields, strict=True))
        return [text if _DIALLED.fullmatch(text) else neutralised(text) for text in texts]


def international(number: object) -> str:
    """Return a phone number in groups, or as it is when it is none."""
    if isinstance(number, PhoneNumber):
        return str(number.as_international)
    try:
        parsed = phonenumbers.parse(str(number))
    except phonenumbers.NumberParseException:
        return str(number)
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.INTERNATIONAL)


class Multi(Column):
    """Several lines in one cell, one per part of the row, aligned with the other columns' lines.

    `parts` gets the column's values and returns, per line, the values for the `inner` column. `parts_named` returns
    the name of each part: where there are several, a line begins with it for people who do not see the alignment.
    """

    kind = "multi"

    def __init__(
        self,
        label: str,
        *,
        inner: Column,
        parts: Callable[[Values], Iterable[Values]],
        parts_named: Callable[[Values, Names], Iterable[str]] | None = None,
        **options: Unpack[Options],
    ) -> None:
        super().__init__(label, **options)
        self.inner = inner
        self.parts = parts
        self.parts_named = parts_named
        self.align = inner.align
        self.descends_first = inner.descends_first
        self.kind = f"multi {inner.kind}"
        self.width = options.get("width") or inner.width
        self.unit = options.get("unit") or inner.unit

    @property
    def dictionaries(self) -> Sequence[str]:
        """Those of each line."""
        return self.inner.dictionaries

    def html(self, values: Values, names: Names) -> str:
        """Show one line per part."""
        show = self.inner.html
        lines = [show(part, names) for part in self.parts(values)]
        if not lines:
            return EMPTY_HTML
        if len(lines) > 1 and self.parts_named:
            named = zip(self.parts_named(values, names), lines, strict=True)
            lines = [f'<span class="part-name">{escape(name)}: </span>{line}' for name, line in named]
        return "".join([f'<div class="line">{line}</div>' for line in lines])

    def text(self, values: Values, names: Names) -> str:
        """Write the parts separated by semicolons."""
        return "; ".join([self.inner.text(part, names) for part in self.parts(values)])
