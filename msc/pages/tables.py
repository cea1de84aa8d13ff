"""The declaration of a list's columns, and what follows from it for the query."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, ClassVar

import django_tables2 as tables
from django.db.models import F, OrderBy, QuerySet

from msc.pages.columns import Cell, Column, Names, Values


class ListTable(tables.Table):  # type: ignore[misc]  # the library has no types
    """The columns of a list, declared as class attributes in their default order."""

    default_sort: ClassVar[str] = ""  # a column's name, with `-` in front for descending

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        for name, column in cls.declared().items():
            column.bind(name)

    @classmethod
    def declared(cls) -> Mapping[str, Column]:
        """Return all columns by name."""
        return getattr(cls, "base_columns", {})

    @classmethod
    def prepare(cls, queryset: QuerySet[Any], columns: Sequence[Column]) -> QuerySet[Any]:  # noqa: ARG003  for subclasses
        """Add what the visible columns load beyond plain fields."""
        return queryset

    @classmethod
    def order(cls, sort: str, *, within: str = "") -> list[OrderBy]:
        """Return the whole order of a sort: the column's fields, nulls last, then the primary key.

        The key runs backward only where the whole index can, so that one index serves each direction. `within` is the
        path to a part, when it is the part's own rows that are ordered.
        """
        column = cls.declared()[sort.removeprefix("-")]
        descending = sort.startswith("-")
        paths = column.high if descending else column.low
        terms = [_term(path.removeprefix(within), descending=descending, required=column.required) for path in paths]
        return [*terms, _term("pk", descending=descending and column.required, required=True)]


def _term(path: str, *, descending: bool, required: bool) -> OrderBy:
    if path.startswith("-"):
        path, descending = path[1:], not descending
    nulls_last = None if required else True
    return F(path).desc(nulls_last=nulls_last) if descending else F(path).asc(nulls_last=nulls_last)


class Reading:
    """The visible columns of one request: which fields they load and how a tuple becomes cells."""

    def __init__(self, columns: Sequence[Column], extra: Iterable[str] = ()) -> None:
        self.columns = tuple(columns)
        wanted = ["pk", *extra, *(field for column in columns for field in column.fields)]
        self.fields = tuple(dict.fromkeys(wanted))
        self._position = {field: index for index, field in enumerate(self.fields)}

    def positions(self, fields: Iterable[str]) -> list[int]:
        """Return where the fields stand in a row's tuple."""
        return [self._position[field] for field in fields]

    def html_cells(self, names: Names) -> list[Cell]:
        """Return one function per column from a row's tuple to its HTML."""
        return [column.html_cell(self.positions(column.fields), names) for column in self.columns]

    def texts(self, values: Sequence[Values], names: Names) -> Iterator[tuple[str, ...]]:
        """Return many rows as texts, given the values of each field: by columns is faster than cell by cell."""
        columns = [
            column.texts([values[position] for position in self.positions(column.fields)], names)
            for column in self.columns
        ]
        return zip(*columns, strict=True)
