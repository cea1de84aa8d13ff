"""Where each millisecond of the list page goes, measured inside this process with a clock around each part."""

import statistics
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any
from unittest.mock import patch

from django.contrib.sessions.backends.db import SessionStore
from django.db import connection
from django.db.transaction import Atomic
from django.middleware.gzip import GZipMiddleware
from django.test import Client

from customers import attention
from msc.access import scope
from msc.pages import list as list_module
from msc.pages import rendering
from msc.pages.list import ListPage
from msc.pages.views import PortalView
from msc.people.backends import PortalBackend

ROUNDS = 60
WARM_UP = 15
REST = "Middleware, addresses, logs"

#: What has a clock around it; a part that runs inside another one is not counted there.
_PARTS: list[tuple[str, Any, str]] = [
    ("Begin, commit", Atomic, "__enter__"),
    ("Begin, commit", Atomic, "__exit__"),
    ("Role and scope", scope, "_apply"),
    ("Session", SessionStore, "load"),
    ("Person", PortalBackend, "get_user"),
    ("View: address, filters, composing queries", PortalView, "dispatch"),
    ("Composing the line of what is wrong", attention, "notices"),
    ("Composing the query of the rows", ListPage, "one_page"),
    ("Head of the table", rendering, "head"),
    ("Rows to HTML", rendering, "body"),
    ("Template", list_module, "render"),
    ("Compression", GZipMiddleware, "process_response"),
]
_STATEMENTS = (
    ("django_session", "session"),
    ("customers_customertally", "number of customers"),
    ("count(DISTINCT", "what is wrong"),
    ("customers_customer", "rows"),
    ("serviceplans_serviceplan", "names of plans"),
    ("access_user", "person"),
)


class _Clock:
    """Gives every moment to the innermost part that runs."""

    def __init__(self) -> None:
        self.spent: dict[str, float] = defaultdict(float)
        self._running = [REST]
        self._since = time.perf_counter()

    @contextmanager
    def part(self, name: str) -> Iterator[None]:
        self._switch()
        self._running.append(name)
        try:
            yield
        finally:
            self._switch()
            self._running.pop()

    def _switch(self) -> None:
        now = time.perf_counter()
        self.spent[self._running[-1]] += now - self._since
        self._since = now

    def around(self, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        """Return the function with the clock around it."""

        def timed(*args: Any, **kwargs: Any) -> Any:
            with self.part(name):
                return function(*args, **kwargs)

        return timed

    def statement(self, execute: Callable[..., Any], sql: str, *rest: Any) -> Any:
        """Time a statement under what it asks for; those of role and scope belong to their part."""
        label = next((label for mark, label in _STATEMENTS if mark in sql), None)
        if label is None:
            return execute(sql, *rest)
        with self.part(f"SQL: {label}"):
            return execute(sql, *rest)

    def end(self) -> dict[str, float]:
        """Return the milliseconds of each part and begin anew."""
        self._switch()
        spent, self.spent = self.spent, defaultdict(float)
        return {name: seconds * 1000 for name, seconds in spent.items()}


def profile(client: Client, path: str) -> dict[str, float]:
    """Return the median milliseconds of each part of a page."""
    clock, rounds = _Clock(), []
    with ExitStack() as clocks:
        for name, owner, attribute in _PARTS:
            clocks.enter_context(patch.object(owner, attribute, clock.around(name, getattr(owner, attribute))))
        clocks.enter_context(connection.execute_wrapper(clock.statement))
        for _ in range(WARM_UP + ROUNDS):
            clock.end()
            client.get(path, headers={"Accept-Encoding": "gzip"})
            rounds.append(clock.end())
    kept = rounds[WARM_UP:]
    return {name: statistics.median(one.get(name, 0.0) for one in kept) for name in kept[0]}
