"""What the address of a list asks for, read so that junk never does harm."""

from collections.abc import Container
from dataclasses import dataclass, field
from urllib.parse import urlencode

from django.http import QueryDict

from msc.pages.paging import DEFAULT_SIZE, SIZES

LONGEST_PAGE_NUMBER = 9
#: What asks a list for one of its windows, its file or the choices of a filter, and not for other rows.
_NOT_THE_LISTS = frozenset({"panel", "export", "choices", "term", "column", "fresh"})


@dataclass
class Asked:
    """Sort, page and page size out of the address, with a notice for each that could not be followed."""

    sort: str = ""
    page: int = 1
    size: int = DEFAULT_SIZE
    exact_count: bool = False
    notices: list[str] = field(default_factory=list)


def read(query: QueryDict, *, sortable: Container[str], default_sort: str) -> Asked:
    """Read the address; what is junk falls back to its default with a notice."""
    asked = Asked(sort=default_sort)
    sort = query.getlist("sort")
    if len(sort) == 1 and sort[0].removeprefix("-") in sortable:
        asked.sort = sort[0]
    elif any(sort):
        asked.notices.append("The list cannot be sorted that way, so it is in its usual order.")
    size = query.getlist("size")
    if len(size) == 1 and size[0] in {str(one) for one in SIZES}:
        asked.size = int(size[0])
    elif any(size):
        asked.notices.append(f"Pages have 25, 50, 100 or 250 rows, so this one has {DEFAULT_SIZE}.")
    page = query.getlist("page")
    if len(page) == 1 and _is_page(page[0]):
        asked.page = int(page[0])
    elif any(page):
        asked.notices.append("There is no such page, so this is the first one.")
    asked.exact_count = query.getlist("count") == ["exact"]
    return asked


def _is_page(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= LONGEST_PAGE_NUMBER and int(text) > 0


def changed(query: QueryDict, **values: str | int | None) -> str:
    """Return the query string with some values set, or removed when None."""
    new = {name: [] if value is None else [str(value)] for name, value in values.items()}
    kept = {name: many for name, many in query.lists() if name not in _NOT_THE_LISTS}
    return urlencode({**kept, **new}, doseq=True)
