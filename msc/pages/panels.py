"""The windows of a list: filters, columns and export, each a page without JavaScript and a dialog with it."""

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render

from msc.pages import preferences, query
from msc.pages.columns import Column
from msc.pages.filters import TYPE_AHEAD_FROM, ListFilters, ScopedModelMultiChoice

if TYPE_CHECKING:
    from msc.pages.list import ListPage


def window(page: "ListPage", template: str, context: dict[str, Any], status: int = 200) -> HttpResponse:
    """Answer a window: its fragment for a dialog, or a page of its own."""
    context |= {"list": page, "panel_template": template}
    whole = "pages/window.html"
    return render(page.request, template if page.wants_fragment else whole, context, status=status)


# -- Filters ------------------------------------------------------------------------------------------------------


def filters_window(page: "ListPage") -> HttpResponse:
    """Answer the filter panel with its options, which no list page carries."""
    filterset = page.filters(page.request.GET, page.scoped(page.user), user=page.user)
    if page.filterset is not None:
        filterset.form.is_valid()
    fields = [_field(page, filterset, name) for name in filterset.filters if name != "q"]
    return window(page, "pages/_filters.html", {"fields": fields, "title": "Filters", "keep": _kept(page)})


def _field(page: "ListPage", filterset: ListFilters, name: str) -> dict[str, Any]:
    bound = filterset.form[name]
    found = filterset.filters[name]
    if not isinstance(found, ScopedModelMultiChoice):
        return {"bound": bound, "kind": "plain"}
    term = page.request.GET.get(f"find-{name}", "")[:100]
    options = found.matching(term, TYPE_AHEAD_FROM + 1)
    chosen = {value for value in page.request.GET.getlist(name) if value.isascii() and value.isdigit()}
    listed = {str(pk) for pk, _ in options}
    known = dict(options)
    apart = [int(value) for value in chosen - listed if len(value) < 19][:50]
    if apart:
        known |= dict(found.rows().filter(pk__in=apart).values_list("pk", found.label_field))
    return {
        "bound": bound,
        "kind": "rows",
        "searched": bool(term) or len(options) > TYPE_AHEAD_FROM,
        "term": term,
        "options": sorted(
            ((pk, label, str(pk) in chosen) for pk, label in known.items()), key=lambda option: not option[2]
        ),
        "many": len(options) > TYPE_AHEAD_FROM,
        "address": page.path + "?" + query.changed(page.request.GET, choices=name, page=None),
    }


def _kept(page: "ListPage") -> list[tuple[str, str]]:
    """Return what the filter form leaves alone: the search, the sort and the page size."""
    return [(name, value) for name in ("q", "sort", "size") for value in page.request.GET.getlist(name)[:1] if value]


# -- Columns ------------------------------------------------------------------------------------------------------


def columns_window(page: "ListPage") -> HttpResponse:
    """Answer the window in which columns are shown, hidden and put in order."""
    shown = [column.name for column in page.layout.columns]
    hidden = [name for name in page.table.declared() if name not in shown]
    return _columns_form(page, [*shown, *hidden], shown, page.layout.widths)


def _columns_form(
    page: "ListPage", order: Iterable[str], shown: Iterable[str], widths: Mapping[str, int | str]
) -> HttpResponse:
    declared = page.table.declared()
    ticked = set(shown)
    columns: list[Column] = [declared[name] for name in dict.fromkeys(order) if name in declared]
    columns += [column for name, column in declared.items() if column not in columns]
    rows = [
        {"column": column, "ticked": column.always or column.name in ticked, "width": widths.get(column.name, "")}
        for column in columns
    ]
    bounds = {"narrowest": preferences.NARROWEST, "widest": preferences.WIDEST}
    return window(page, "pages/_columns.html", {"columns": rows, "title": "Edit columns", **bounds})


def _move(order: list[str], move: str) -> list[str]:
    direction, _, name = move.partition(":")
    if name not in order:
        return order
    old = order.index(name)
    new = min(max(old + (-1 if direction == "up" else 1), 0), len(order) - 1)
    order.insert(new, order.pop(old))
    return order


def save_columns(page: "ListPage") -> HttpResponseBase:
    """Save, reset, or only move a column up or down in the window."""
    posted = page.request.POST
    if "reset" in posted:
        preferences.reset(page.user, page.name)
        return _done(page)
    order, shown = list(dict.fromkeys(posted.getlist("order"))), set(posted.getlist("shown"))
    widths = {name.removeprefix("width-"): posted[name] for name in posted if name.startswith("width-")}
    if "move" in posted:
        return _columns_form(page, _move(order, posted["move"]), shown, widths)
    always = {name for name, column in page.table.declared().items() if column.always}
    preferences.save_columns(page.table, page.user, page.name, [name for name in order if name in shown | always])
    preferences.save_widths(page.table, page.user, page.name, widths)
    return _done(page)


def save_widths(page: "ListPage") -> HttpResponseBase:
    """Save the widths of columns after one was dragged."""
    preferences.save_widths(page.table, page.user, page.name, page.request.POST.dict())
    return HttpResponse(status=204)


def _done(page: "ListPage") -> HttpResponse:
    if page.wants_fragment:
        return HttpResponse(status=204, headers={"HX-Trigger": "dialog:done"})
    return page.back()


# -- Export -------------------------------------------------------------------------------------------------------


def export_window(page: "ListPage", status: int = 200) -> HttpResponse:
    """Answer the window in which the columns of the file are chosen; it states how many rows will come."""
    declared = page.table.declared()
    shown = list(page.layout.columns)
    columns = [*shown, *(column for column in declared.values() if column not in shown)]
    rows = [{"column": column, "ticked": column in shown} for column in columns]
    kept = [(name, value) for name, values in page.request.GET.lists() for value in values if name not in _WINDOW_WORDS]
    context = {
        "columns": rows,
        "total": page.total(exact=True),
        "title": "Select exportable columns",
        "keep": kept,
        "refused": page.in_error,
    }
    return window(page, "pages/_export.html", context, status)


_WINDOW_WORDS = frozenset({"panel", "export", "column", "page", "size", "count"})
WINDOWS: dict[str, Callable[["ListPage"], HttpResponse]] = {
    "filters": filters_window,
    "columns": columns_window,
    "export": export_window,
}
_SAVES: dict[str, Callable[["ListPage"], HttpResponseBase]] = {"columns": save_columns, "widths": save_widths}


def save(page: "ListPage") -> HttpResponseBase | None:
    """Save what a window posted, or return None for one that does not exist."""
    found = _SAVES.get(page.request.GET.get("panel", ""))
    return found(page) if found else None
