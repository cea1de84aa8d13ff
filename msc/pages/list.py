"""The list page: declared nouns, one way from an address to its rows, its fragment and its file."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby
from operator import attrgetter
from typing import Any, ClassVar
from urllib.parse import parse_qs, parse_qsl

from django.core.exceptions import ImproperlyConfigured
from django.db.models import F, Model, Q, QuerySet
from django.http import HttpResponse, JsonResponse, QueryDict
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone

from msc.access import scope
from msc.access.models import User
from msc.pages import export, panels, preferences, query, rendering
from msc.pages.columns import Column, Names, Values
from msc.pages.filters import Chip, ListFilters, ScopedModelMultiChoice
from msc.pages.paging import SIZES, Page, Total, capped, counted, counted_together
from msc.pages.reading import AnyOf, array_of
from msc.pages.rendering import Action, RowAction
from msc.pages.tables import ListTable, Reading
from msc.pages.views import PortalView

NO_ROWS = Total(0)
FILES = ("csv", "all")
MOST_OF_PRESET = 1_000  # presets are counted no further
#: On a page that begins further down the keys are found first, so that the rows before it join nothing for columns.
KEYS_FIRST_FROM = 1_000


@dataclass(frozen=True)
class Empty:
    """What an empty list says: nothing there yet, and what to do about it."""

    title: str = "Nothing here yet"
    text: str = ""


@dataclass(frozen=True)
class Preset:
    """One of a list's usual selections: a word, and the filters as the query has them."""

    label: str
    query: str = ""


@dataclass(frozen=True)
class PresetLink:
    """A preset as it is shown: with its address, how many rows it has, and whether the list shows these."""

    label: str
    address: str
    total: Total
    current: bool


class ListPage(PortalView):
    """A list of one model, declared by its table, filters, rights and actions.

    The address is the state: `q`, the filters' names, `sort`, `page` and `size`. The same address answers a whole
    page or, to htmx, the part that depends on the query. `?panel=filters|columns|export` are its windows.
    """

    model: ClassVar[type[Model]]
    table: ClassVar[type[ListTable]]
    filters: ClassVar[type[ListFilters]]
    name: ClassVar[str]
    title: ClassVar[str]
    noun: ClassVar[tuple[str, str]] = ("row", "rows")
    search_label: ClassVar[str] = "Search"
    actions: ClassVar[Sequence[Action]] = ()
    row_actions: ClassVar[Sequence[RowAction]] = ()
    empty: ClassVar[Empty] = Empty()
    other_file: ClassVar[tuple[str, str] | None] = None  # words, and the list whose file holds the same otherwise
    presets: ClassVar[Sequence[Preset]] = ()
    lead: ClassVar[str] = ""  # a template above the rows that changes with them
    template: ClassVar[str] = "pages/list.html"

    # -- What a list may decide for itself ------------------------------------------------------------------------

    def scoped(self, user: User) -> QuerySet[Any]:
        """Return the rows the person may see; a list inside another page narrows them to it."""
        return self.model.objects.for_user(user)  # type: ignore[attr-defined, no-any-return]  # every list's model is scoped

    def dictionaries(self) -> Names:
        """Return names by id for the columns that keep ids, each loaded once."""
        return {}

    def unfiltered_total(self, user: User) -> int | None:
        """Return the stored number of all rows the person sees, or None to count them."""
        return None

    def above(self) -> Mapping[str, Any]:
        """Return what the list's own template shows above the table."""
        return {}

    # -- Requests -------------------------------------------------------------------------------------------------

    def get(self, request: Any, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Answer the list, one of its windows, its file, or the choices of a filter."""
        asked = request.GET
        if "choices" in asked:
            return self.choices(asked["choices"], asked.get("term", ""))
        if asked.get("export") in FILES:
            return self.export()
        window = panels.WINDOWS.get(asked.get("panel", ""))
        return window(self) if window else self.page()

    def post(self, request: Any, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Save the columns or widths of this list for the person."""
        saved = panels.save(self)
        if saved is None:
            return HttpResponse(status=400)
        return saved

    # -- From the address to the rows -----------------------------------------------------------------------------

    @cached_property
    def layout(self) -> preferences.Layout:
        """The columns that the person shows here."""
        return preferences.layout(self.table, self.user, self.name)

    @cached_property
    def asked(self) -> query.Asked:
        """Sort, page and size out of the address."""
        columns = self.table.declared()
        sortable = {name for name, column in columns.items() if column.sortable}
        return query.read(self.request.GET, sortable=sortable, default_sort=self.table.default_sort)

    @cached_property
    def filterset(self) -> ListFilters | None:
        """The filters that the address sets, or None when it sets none."""
        given = self.filters.given(self.request.GET)
        if not given:
            return None
        scope.plan_for_values()
        return self.filters(self.request.GET, self.scoped(self.user), user=self.user, names=given)

    def filtered(self, user: User) -> QuerySet[Any]:
        """Return the rows that search and filters leave, none while a filter is in error."""
        rows = self.scoped(user)
        if self.filterset is None:
            return rows
        return self.filterset.filter_queryset(rows) if self.filterset.form.is_valid() else rows.none()

    @property
    def in_error(self) -> bool:
        """Whether a filter of the address is junk."""
        return self.filterset is not None and not self.filterset.form.is_valid()

    def total(self, *, exact: bool = False) -> Total:
        """Count the rows: exact up to the cap, or beyond it when asked; the unfiltered total always."""
        if self.in_error:
            return NO_ROWS
        if self.filterset is None:
            stored = self.unfiltered_total(self.user)
            return Total(stored) if stored is not None else counted(self.scoped(self.user), exact=True)
        exact = exact or self.asked.exact_count
        known = self.filterset.known_number()
        return capped(known) if known is not None and not exact else counted(self.filtered(self.user), exact=exact)

    def keys(self, user: User) -> QuerySet[Any]:
        """Return the filtered rows in the asked order, without what the columns load."""
        return self.sorted(self.table.prepare(self.filtered(user), self.sort_columns()))

    def rows(self, user: User) -> QuerySet[Any]:
        """Return the person's rows prepared for the columns, without filter and order."""
        return self.table.prepare(self.scoped(user), list(self.table.declared().values()))

    def sorted(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        """Return the rows in the asked order, which always ends with the primary key."""
        return rows.order_by(*self.table.order(self.asked.sort)) if self.asked.sort else rows.order_by("pk")

    def sort_columns(self) -> list[Column]:
        """Return the column that the list is sorted by."""
        name = self.asked.sort.removeprefix("-")
        return [self.table.declared()[name]] if name else []

    @property
    def columns(self) -> Sequence[Column]:
        """The columns of the answer: those of the file, or those that are shown."""
        return self.export_columns() if self.request.GET.get("export") in FILES else self.layout.columns

    def page_keys(self, part: slice) -> list[int] | QuerySet[Any] | None:
        """Return the keys of one page where they are known or quicker found first, else None."""
        filters = self.filterset
        known = filters.known_keys() if filters is not None else None
        if known is not None and self.asked.sort == self.table.default_sort:
            return known[part]
        first = part.start >= KEYS_FIRST_FROM or (filters is not None and filters.known_ids() is not None)
        return self.keys(self.user).values("pk")[part] if first else None

    def one_page(self, reading: Reading, page: Page) -> list[Values]:
        """Read the rows of one page as tuples."""
        if self.in_error:
            return []
        columns, part = [*reading.columns, *self.sort_columns()], slice(page.start, page.start + page.size)
        keys = self.page_keys(part)
        if keys is None:
            found = self.filtered(self.user)
        else:
            these = Q(AnyOf(F("pk"), array_of(keys))) if isinstance(keys, list) else Q(pk__in=keys)
            found, part = self.scoped(self.user).filter(these), slice(page.size)
        return list(self.sorted(self.table.prepare(found, columns)).values_list(*reading.fields)[part])

    # -- From the rows to the answer ------------------------------------------------------------------------------

    def page(self) -> HttpResponse:
        """Answer the whole page, or the part that depends on the query."""
        context = self.results()
        part = self.wants_fragment
        if not part:
            context["above"] = self.above()
        return render(self.request, "pages/_results.html" if part else self.template, context)

    def results(self) -> dict[str, Any]:
        """Return what the results part shows."""
        total = self.total()
        page = Page(self.asked.page, self.asked.size, total)
        if page.number > page.last:
            self.asked.notices.append("There is no such page, so this is the last one.")
            page = Page(page.last, page.size, total)
        row_actions = rendering.allowed_actions(self.row_actions, self.user)
        reading = Reading(self.layout.columns, [field for action in row_actions for field in action.fields])
        rows = self.one_page(reading, page)
        chips = self.chips()
        return {
            "list": self,
            "total": total,
            "page": page,
            "rows": len(rows),
            "head": rendering.head(self.layout, self.asked.sort, self.request.GET, menu=bool(row_actions)),
            "body": rendering.body(reading, rows, self.dictionaries(), row_actions) if rows else "",
            "width": rendering.table_width(self.layout, menu=bool(row_actions)),
            "actions": self.allowed_actions(),
            "chips": chips,
            "chips_by_field": [list(of_field) for _, of_field in groupby(chips, attrgetter("label"))],
            "presets": self.preset_links(),
            "errors": self.filterset.form.errors.items() if self.filterset is not None and self.in_error else (),
            "announcement": self.announcement(total, page),
        }

    @property
    def nothing(self) -> Empty:
        """What the list says while it has no rows at all."""
        return self.empty

    def chips(self) -> list[Chip]:
        """Return the active filters."""
        if self.filterset is None or self.in_error:
            return []
        return self.filterset.chips(self.request.GET)

    def preset_links(self) -> list[PresetLink]:
        """Return the presets; the current one is that whose filters are those of the address."""
        if not self.presets:
            return []
        totals = counted_together([self.preset_rows(preset) for preset in self.presets], MOST_OF_PRESET)
        names = [name for name in self.filters.names() if name != "q"]
        given = {name: values for name, values in self.request.GET.lists() if name in names and any(values)}
        return [
            PresetLink(
                preset.label,
                self.address(page=None, count=None, **{**dict.fromkeys(names), **dict(parse_qsl(preset.query))}),
                total,
                given == parse_qs(preset.query),
            )
            for preset, total in zip(self.presets, totals, strict=True)
        ]

    def preset_rows(self, preset: Preset) -> QuerySet[Any]:
        """Return the rows that a preset selects."""
        query, rows = QueryDict(preset.query), self.scoped(self.user)
        given = self.filters.given(query)
        if not given:
            return rows
        filterset = self.filters(query, rows, user=self.user, names=given)
        if not filterset.form.is_valid():
            raise ImproperlyConfigured(f"The preset {preset.label!r} is no selection of the list.")
        return filterset.filter_queryset(rows)  # type: ignore[no-any-return]  # the library has no types

    @property
    def sorted_by(self) -> str:
        """The order of the list in words."""
        return rendering.sorted_by(self.table.declared().values(), self.asked.sort)

    def sort_choices(self) -> list[tuple[str, str, str]]:
        """Return the shown columns that sort: the label, the address, and the direction of the one that does."""
        ways = {self.asked.sort.removeprefix("-"): "descending" if self.asked.sort[:1] == "-" else "ascending"}
        return [
            (
                column.heading,
                rendering.sort_address(column, self.asked.sort, self.request.GET),
                ways.get(column.name, ""),
            )
            for column in self.layout.columns
            if column.sortable
        ]

    @property
    def first_step(self) -> Action | None:
        """The action that makes the first row of an empty list, if the person may use it."""
        return next((action for action in self.allowed_actions() if action.primary), None)

    def announcement(self, total: Total, page: Page) -> str:
        """Return what a screen reader hears when the results change."""
        if self.in_error:
            return "A filter is not right. No rows are shown."
        noun = self.noun[0] if total.rows == 1 and total.exact else self.noun[1]
        return f"{total} {noun}, page {page.number} of {page.last}"

    def allowed_actions(self) -> list[Action]:
        """Return the header's buttons that the person may press."""
        return [action for action in self.actions if self.user.can(action.needs)]

    def choices(self, name: str, term: str) -> HttpResponse:
        """Answer the first choices of a filter that hold what was typed."""
        found = self.filters(None, self.scoped(self.user), user=self.user).filters.get(name)
        if not isinstance(found, ScopedModelMultiChoice) or len(term) > 100:
            return JsonResponse({"choices": []}, status=404)
        return JsonResponse({"choices": [{"value": str(pk), "text": label} for pk, label in found.matching(term)]})

    def export(self) -> HttpResponseBase:
        """Stream the rows of the current search, filter and sort as a file, all pages."""
        if self.in_error:
            return panels.export_window(self, status=422)
        zone = timezone.get_current_timezone()
        return export.response(export.Export(self, self.user, self.columns, self.dictionaries(), zone))

    def export_columns(self) -> list[Column]:
        """Return the columns ticked for the file, all of them for `export=all`, or those that are shown."""
        declared = self.table.declared()
        if self.request.GET["export"] == "all":
            return list(declared.values())
        ticked = dict.fromkeys(self.request.GET.getlist("column"))
        return [declared[name] for name in ticked if name in declared] or list(self.layout.columns)

    @property
    def list_name(self) -> str:
        """The name under which files and preferences know the list."""
        return self.name

    def may_export(self, user: User) -> bool:
        """Whether the person still holds the right to this list."""
        return user.can(self.needs)

    # -- Addresses ------------------------------------------------------------------------------------------------

    @property
    def path(self) -> str:
        """The list's address without its query."""
        return self.request.path

    def address(self, **values: str | int | None) -> str:
        """Return the list's address with some values of its query changed."""
        changed = query.changed(self.request.GET, **values)
        return f"{self.path}?{changed}" if changed else self.path

    @property
    def reset_address(self) -> str:
        """The address without filters; the search and the sort stay."""
        names = [name for name in self.filters.names() if name != "q"]
        return self.address(page=None, count=None, **dict.fromkeys(names))

    @property
    def kept_by_search(self) -> list[tuple[str, str]]:
        """What a new search keeps of the address: filters, sort and page size."""
        words = {*self.filters.names(), "sort", "size"} - {"q"}
        return [(name, value) for name, values in self.request.GET.lists() if name in words for value in values]

    @property
    def has_search(self) -> bool:
        """Whether the list has a search box."""
        return "q" in self.filters.names()

    @property
    def has_filters(self) -> bool:
        """Whether the list has filters besides the search."""
        return any(name != "q" for name in self.filters.names())

    sizes: ClassVar[Sequence[int]] = SIZES

    def back(self) -> HttpResponse:
        """Return to the list as it was."""
        return redirect(self.address())
