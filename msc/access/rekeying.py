"""Computes the keys of names that are stored already once more, for migrations that follow a change of `names`."""

from collections.abc import Callable, Mapping

from django.db import IntegrityError, transaction
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from psycopg import sql

from msc.access.names import INVISIBLE


def rekey(
    editor: BaseDatabaseSchemaEditor, table: str, key: str, text: str, columns: Mapping[str, Callable[[str], str]]
) -> None:
    """Recompute `columns` of the rows whose `text`, an SQL expression, has an invisible character.

    A row whose new key another row has already, or that has nothing visible, keeps its old key until it is edited.
    """
    with editor.connection.cursor() as cursor:
        cursor.execute(
            sql.SQL("SELECT {key}, {text} FROM {table} WHERE {text} ~ %s").format(
                key=sql.Identifier(key),
                text=sql.SQL(text),
                table=sql.Identifier(table),
            ),
            [f"[{INVISIBLE}]"],
        )
        rows = cursor.fetchall()
        change = sql.SQL("UPDATE {table} SET {columns} WHERE {key} = %s").format(
            table=sql.Identifier(table),
            columns=sql.SQL(", ").join(sql.SQL("{} = %s").format(sql.Identifier(name)) for name in columns),
            key=sql.Identifier(key),
        )
        for pk, name in rows:
            values = [derive(name) for derive in columns.values()]
            if not all(values):
                continue
            try:
                with transaction.atomic(using=editor.connection.alias):
                    cursor.execute(change, [*values, pk])
            except IntegrityError:
                continue
