"""A list's head and body as HTML, assembled from strings: a template loop per cell costs too much."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from django.http import QueryDict
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

from msc.access.models import User
from msc.pages.columns import Column, Names, Values
from msc.pages.icons import icon
from msc.pages.kinds import url_around
from msc.pages.preferences import Layout
from msc.pages.query import changed
from msc.pages.tables import Reading

MENU_WIDTH = 52
HALF_A_CARD = 205  # a column wider than this takes the whole width of a card


@dataclass(frozen=True)
class Action:
    """A button above a list or on a page; `dialog` opens it in place, and the `primary` one makes a new row."""

    label: str
    url_name: str
    needs: str
    icon: str = "plus"
    dialog: bool = True
    primary: bool = False


@dataclass(frozen=True)
class RowAction:
    """An entry of a row's menu; `when` decides by the values of `fields` whether the row has it."""

    label: str
    url_name: str
    needs: str
    icon: str = ""
    dialog: bool = True
    danger: bool = False
    fields: tuple[str, ...] = ()
    when: Callable[[Values], bool] | None = None


def head(layout: Layout, sort: str, query: QueryDict, *, menu: bool) -> SafeString:
    """Return the columns' widths and headers; a header sorts, and the sorted one says which way."""
    columns = layout.columns
    cols = [
        f'<col data-column="{column.name}" data-default="{column.width}" width="{layout.width(column)}">'
        for column in columns
    ]
    cells = [_header(column, sort, query) for column in columns]
    if menu:
        cols.append(f'<col width="{MENU_WIDTH}">')
        cells.append('<th scope="col" class="menu-cell"><span class="visually-hidden">More options</span></th>')
    return mark_safe(  # noqa: S308  labels are escaped in _header
        f"<colgroup>{''.join(cols)}</colgroup><thead><tr>{''.join(cells)}</tr></thead>"
    )


def table_width(layout: Layout, *, menu: bool) -> int:
    """Return the width that the columns need together."""
    return sum(layout.width(column) for column in layout.columns) + (MENU_WIDTH if menu else 0)


def _header(column: Column, sort: str, query: QueryDict) -> str:
    css = ' class="end"' if column.align == "end" else ""
    label = escape(column.heading)
    title = f' title="{escape(column.hint)}"' if column.hint else ""
    if not column.sortable:
        return f'<th scope="col" data-column="{column.name}"{css}{title}><span class="head">{label}</span></th>'
    state, mark = "", icon("selector", "sort-mark")
    if sort == column.name:
        state, mark = ' aria-sort="ascending"', icon("chevron-up", "sort-mark")
    elif sort == f"-{column.name}":
        state, mark = ' aria-sort="descending"', icon("chevron-down", "sort-mark")
    address = escape(sort_address(column, sort, query))
    return (
        f'<th scope="col" data-column="{column.name}"{css}{state}>'
        f'<a class="head" id="sort-{column.name}" href="{address}" hx-get="{address}"{title}>'
        f'<span class="head-label">{label}</span>{mark}</a></th>'
    )


def sort_address(column: Column, sort: str, query: QueryDict) -> str:
    """Return the address of the list sorted by a column: its first order, or the other one when it has that."""
    first, other = column.name, f"-{column.name}"
    if column.descends_first:
        first, other = other, first
    return "?" + changed(query, sort=other if sort == first else first, page=None)


def sorted_by(columns: Iterable[Column], sort: str) -> str:
    """Return the order of a list in words: `sorted by Open Alerts, descending`."""
    label = next((column.heading for column in columns if column.name == sort.removeprefix("-")), "")
    return f"sorted by {label}, {'descending' if sort.startswith('-') else 'ascending'}" if label else ""


def body(reading: Reading, rows: Sequence[Values], names: Names, actions: Sequence[RowAction]) -> SafeString:
    """Return the rows; the first column heads its row, and on a card each cell shows the label of its column."""
    cells = reading.html_cells(names)
    opens = [_opened(column) for column in reading.columns]
    opens[0] = '<th scope="row">'
    closes = ["</th>", *["</td>"] * (len(opens) - 1)]
    parts = list(zip(opens, cells, closes, strict=True))
    menu = _menu_maker(reading, names, actions) if actions else None
    lines = []
    for row in rows:
        line = [f"{opened}{cell(row)}{closed}" for opened, cell, closed in parts]
        if menu:
            line.append(menu(row))
        lines.append(f"<tr>{''.join(line)}</tr>")
    return mark_safe("".join(lines))  # noqa: S308  every column's html() escapes what it shows


def _opened(column: Column) -> str:
    looks = (("end", column.align == "end"), ("lead", column.lead), ("wide", column.width > HALF_A_CARD))
    css = " ".join(name for name, wanted in looks if wanted)
    label = f' data-label="{escape(column.heading)}"'
    return f'<td class="{css}"{label}>' if css else f"<td{label}>"


def allowed_actions(actions: Sequence[RowAction], user: User) -> list[RowAction]:
    """Return the row actions that the person may use at all."""
    return [action for action in actions if user.can(action.needs)]


def _menu_maker(reading: Reading, names: Names, actions: Sequence[RowAction]) -> Callable[[Values], str]:
    entries = [(_entry(action), reading.positions(action.fields), action.when) for action in actions]
    first = reading.columns[0]
    positions = reading.positions(first.fields)

    def menu(row: Values) -> str:
        pk = row[0]
        links = [
            f"{before}{pk}{after}"
            for (before, after), fields, when in entries
            if when is None or when([row[field] for field in fields])
        ]
        if not links:
            return '<td class="menu-cell"></td>'
        label = escape(first.text([row[position] for position in positions], names))
        return (
            f'<td class="menu-cell"><button type="button" class="row-menu" popovertarget="menu-{pk}" '
            f'aria-label="More options for {label}">\u22ee</button>'
            f'<div popover id="menu-{pk}" class="menu">{"".join(links)}</div></td>'
        )

    return menu


def _entry(action: RowAction) -> tuple[str, str]:
    before, after = url_around(action.url_name)
    css = ' class="danger"' if action.danger else ""
    dialog = " data-dialog" if action.dialog else ""
    return f'<a{css} href="{before}', f'{after}"{dialog}>{escape(action.label)}</a>'
