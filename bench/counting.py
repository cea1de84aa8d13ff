"""Count the statements of each request and tell them in the answer's headers; only the benchmark installs this."""

import time
from collections.abc import Callable
from typing import Any

from django.db import connection
from django.http import HttpRequest
from django.http.response import HttpResponseBase

#: Not counted: they belong to the transaction and its scope, not to the page.
UNCOUNTED = ("SELECT set_config", "SELECT current_setting", "SAVEPOINT", "RELEASE SAVEPOINT")


class CountStatements:
    """Add `X-Bench-Queries` (number) and `X-Bench-Sql` (milliseconds) to every answer."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        seconds: list[float] = []

        def timed(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:  # noqa: FBT001
            began = time.perf_counter()
            try:
                return execute(sql, params, many, context)
            finally:
                if not sql.startswith(UNCOUNTED):
                    seconds.append(time.perf_counter() - began)

        with connection.execute_wrapper(timed):
            response = self.get_response(request)
        response["X-Bench-Queries"] = str(len(seconds))
        response["X-Bench-Sql"] = f"{sum(seconds) * 1000:.2f}"
        return response
