"""The statements that a page sends, taken from one request inside this process, to run them bare."""

from collections.abc import Callable
from typing import Any

from django.db import connection
from django.test import Client

from bench.counting import UNCOUNTED
from bench.measure import Statement


def statements(client: Client, path: str, *, fragment: bool = False) -> list[Statement]:
    """Return the statements of the page in order, with their parameters."""
    found: list[Statement] = []

    def note(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:  # noqa: FBT001
        if not sql.startswith(UNCOUNTED):
            found.append(Statement(sql, list(params or ())))
        return execute(sql, params, many, context)

    headers = {"HX-Request": "true", "HX-Target": "results"} if fragment else {}
    with connection.execute_wrapper(note):
        client.get(path, headers=headers)
    return found
