"""Reads the rows of many keys, chunk after chunk, with as little between driver and file as possible.

The statement is compiled once. Values of the database's own kinds are read by the driver's compiled loaders; JSON goes
straight to the parser; only what a field converts itself passes through its converter.
"""

import json
from collections.abc import Callable, Sequence
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connection
from django.db.models import F, JSONField, QuerySet
from django.db.models.expressions import Col
from django.db.models.lookups import Lookup
from psycopg.types.datetime import TimestamptzLoader

Convert = Callable[[Any], Any]  # what the database gives, and what the field makes of it
_scan: Callable[[str, int], tuple[Any, int]] = json.JSONDecoder().scan_once  # type: ignore[attr-defined]  # not in the stubs


class AnyOf(Lookup):
    """`pk = ANY(array)`: one parameter, however many keys, as PostgreSQL writes an array."""

    lookup_name = "any_of"
    prepare_rhs = False

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, tuple[Any, ...]]:  # Django's private compiler
        """Return the comparison."""
        left, left_values = self.process_lhs(compiler, connection)
        return f"{left} = ANY(%s::bigint[])", (*left_values, self.rhs)


def array_of(keys: Sequence[int]) -> str:
    """Return the keys as PostgreSQL writes an array, which is quicker than the driver's list."""
    return "{" + ",".join(map(str, keys)) + "}"


class Statement:
    """One compiled statement that reads the given fields of any keys; `fields` begins with the key."""

    def __init__(self, rows: QuerySet[Any], fields: Sequence[str]) -> None:
        self._place: list[int] = []
        query = rows.filter(AnyOf(F("pk"), self._place)).order_by().values_list(*fields).query
        compiler = query.get_compiler(DEFAULT_DB_ALIAS)
        self._sql, self._parameters = compiler.as_sql()
        selected = [expression for expression, _, _ in compiler.select]
        self._converters = [_converter(expression) for expression in selected]

    def columns(self, keys: Sequence[int]) -> list[Sequence[Any]]:
        """Return the values of each field in the order of the keys; rows that are gone are left out."""
        array = array_of(keys)
        parameters = [array if one is self._place else one for one in self._parameters]
        with connection.cursor() as cursor:
            cursor.cursor.adapters.register_loader("timestamptz", TimestamptzLoader)
            cursor.execute(self._sql, parameters)
            found = {row[0]: row for row in cursor.fetchall()}
        columns = zip(*[found[key] for key in keys if key in found], strict=True)
        pairs = zip(columns, self._converters, strict=False)
        return [[convert(value) for value in column] if convert else column for column, convert in pairs]


def _converter(expression: Any) -> Convert | None:  # an expression of Django's private compiler
    field = expression.output_field
    if type(expression) is Col and type(field) is JSONField and field.decoder is None:
        return _json
    converters = [*connection.ops.get_db_converters(expression), *expression.get_db_converters(connection)]
    if not converters:
        return None

    def convert(value: Any) -> Any:  # as above
        for one in converters:
            value = one(value, expression, connection)
        return value

    return convert


def _json(text: str | None) -> Any:  # whatever the JSON holds
    return None if text is None else _scan(text, 0)[0]
