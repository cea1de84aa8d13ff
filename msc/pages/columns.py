"""Kinds of column: what each loads, sorts by, shows on screen and writes to a CSV file.

A column is declared once as a django-tables2 column. Screen and file are both made from plain
tuples: `html` and `text` get the values of the column's `fields` in their order, and `names`,
the dictionaries that the list loaded for this request.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import django_tables2 as tables
from django.utils.html import escape

Values = Sequence[Any]  # what the database holds: the type depends on the field
Names = Mapping[str, Mapping[Any, str]]
Cell = Callable[[Values], str]

EMPTY_HTML = '<span class="none" aria-hidden="true">-</span>'
#: What a spreadsheet takes as the beginning of a formula; with East Asian settings also in full width.
FORMULA_STARTS = frozenset("=+-@\uff1d\uff0b\uff0d\uff20\t\r\n")
NEUTRALISED_STARTS = FORMULA_STARTS | {"'"}


def neutralised(text: str) -> str:
    """Return the text so that a spreadsheet shows it and never runs it, with one apostrophe that `bare` takes away."""
    return "'" + text if text.lstrip("'")[:1] in FORMULA_STARTS else text


def bare(text: str) -> str:
    """Return a text of an exported file as it was: without the one apostrophe that `neutralised` put before it."""
    return text[1:] if text[:1] == "'" and text.lstrip("'")[:1] in FORMULA_STARTS else text


class Column(tables.Column):  # type: ignore[misc]  # the library has no types
    """A column of text; the other kinds change how its values look.

    `sort` names what the column orders by, ascending. `sort_low` and `sort_high` are for rows with
    several values: ascending by the lowest, descending by the highest. `required` says that these
    are never null, so that a plain descending index serves. `lead` puts the column first on a card, which a row
    becomes in a narrow window.
    """

    align = "start"
    kind = "text"
    descends_first = False  # whether the first click on the header puts the highest on top
    one_value = True  # what a cell is made of can be looked up in a dictionary
    default_width = 180

    def __init__(
        self,
        label: str,
        *,
        fields: Sequence[str] = (),
        sort: Sequence[str] | None = None,
        sort_low: Sequence[str] = (),
        sort_high: Sequence[str] = (),
        required: bool = False,
        always: bool = False,
        shown: bool = False,
        hint: str = "",
        unit: str = "",
        width: int | None = None,
        lead: bool = False,
    ) -> None:
        super().__init__(verbose_name=label, orderable=sort != ())
        self.label = label
        self.fields = tuple(fields)
        self.low = tuple(sort_low or sort or ())
        self.high = tuple(sort_high or sort or ())
        self.sort_by_first_field = sort is None and not self.low
        self.required = required
        self.always = always
        self.shown = shown or always
        self.hint = hint
        self.unit = unit
        self.width = width or self.default_width
        self.lead = lead
        self.name = ""

    def bind(self, name: str) -> None:
        """Learn the name under which the table declares this column."""
        self.name = name
        self.fields = self.fields or (name,)
        if self.sort_by_first_field:
            self.low = self.high = self.fields[:1]

    @property
    def dictionaries(self) -> Sequence[str]:
        """The dictionaries of names that the cells need."""
        return ()

    @property
    def sortable(self) -> bool:
        """Whether the header orders the list."""
        return bool(self.low)

    @property
    def heading(self) -> str:
        """The label with its unit, as headers and files show it."""
        return f"{self.label} ({self.unit})" if self.unit else self.label

    def html(self, values: Values, names: Names) -> str:
        """Return the cell as safe HTML."""
        return escape(values[0]) if values[0] not in (None, "") else EMPTY_HTML

    def text(self, values: Values, names: Names) -> str:
        """Return the cell as the text of a CSV file, before neutralising."""
        return "" if values[0] is None else str(values[0])

    def html_cell(self, positions: Sequence[int], names: Names) -> Cell:
        """Return a function from a row's tuple to the cell's HTML."""
        html, first, count = self.html, positions[0], len(positions)
        if list(positions) == list(range(first, first + count)):
            part = slice(first, first + count)
            return lambda row: html(row[part], names)
        return lambda row: html([row[position] for position in positions], names)

    def texts(self, fields: Sequence[Values], names: Names) -> list[str]:
        """Return the cells of many rows, given as the values of each field, safe to open in a spreadsheet."""
        return [neutralised(self.text(values, names)) for values in zip(*fields, strict=True)]
