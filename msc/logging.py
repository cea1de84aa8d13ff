"""Logs: one JSON object a line in production, readable lines in the demonstration, nobody's values in either.

What a person typed, looked for or is called must not reach a log: a search term may be a hidden name, and the text
of a database error repeats the row that it refused. So requests are logged by route and not by address, exceptions
of the database by SQLSTATE and constraint, and most others by their type and place alone.
"""

import logging
import re
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from types import TracebackType
from typing import Any

import structlog
from django.http import HttpRequest, HttpResponseBase
from psycopg import Error as PostgresError
from psycopg import OperationalError as PostgresOperationalError
from structlog.typing import EventDict, ExcInfo, Processor, WrappedLogger

LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
#: For gunicorn: address, method, path without its query string, status, bytes, milliseconds; and no Referer.
GUNICORN_ACCESS_FORMAT = '%(h)s "%(m)s %(U)s" %(s)s %(B)s %(M)sms'

#: Exceptions whose text is about the program and never about a row or a form.
ABOUT_THE_PROGRAM = (AttributeError, ImportError, NameError, NotImplementedError, OSError, RecursionError, TypeError)

#: Names under which no value is logged, whoever passes it.
PRIVATE_KEYS = frozenset(
    {"address", "body", "code", "cookie", "email", "first_name", "last_name", "name", "password", "phone", "q"}
    | {"query", "real_name", "secret", "subject", "to", "token", "url"}
)

#: What Celery says of a failed task repeats the exception's text and the task's arguments.
CELERY_VALUES = ("args", "kwargs", "traceback", "return_value")

#: The reason of a failed connection names roles, databases and hosts in quotation marks.
QUOTED = re.compile(r"""\"[^\"]*\"|'[^']*'""")
#: A database that stays away is named again after so many seconds, not with each request.
AWAY_AGAIN_SECONDS = 60.0
LONGEST_REASON = 300

log = structlog.get_logger("msc.requests")
database_log = structlog.get_logger("msc.database")


def configuration(*, readable: bool, level: str = "INFO") -> dict[str, Any]:
    """Return the value of Django's LOGGING and set structlog up to go the same way."""
    structlog.configure(
        processors=[structlog.stdlib.filter_by_level, *_SHARED, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    last: list[Processor] = (
        [on_one_line, structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())]
        if readable
        else [structlog.processors.JSONRenderer()]
    )
    formatter = {
        "()": structlog.stdlib.ProcessorFormatter,
        "foreign_pre_chain": _SHARED,
        "processors": [structlog.stdlib.ProcessorFormatter.remove_processors_meta, *_EXCEPTION, *last],
    }
    to_root: dict[str, Any] = {"handlers": [], "propagate": True, "level": level}
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "filters": {"without_values": {"()": WithoutValues}},
        "formatters": {"lines": formatter},
        "handlers": {"lines": {"class": "logging.StreamHandler", "formatter": "lines", "filters": ["without_values"]}},
        "root": {"handlers": ["lines"], "level": level},
        "loggers": {
            **dict.fromkeys(("django", "django.server", "gunicorn.error", "gunicorn.access", "celery"), to_root),
            # Whatever the level: statements are logged with their parameters, and a ring every two seconds says nothing.
            **{
                key: {"level": "WARNING"}
                for key in ("django.db.backends", "celery.app.trace", "celery.beat", "celery.worker.strategy")
            },
        },
    }


class RequestLog:
    """Give each request an id of our own and write one line about it."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        request_id, started = uuid.uuid4().hex, time.perf_counter()
        request.request_id = request_id  # type: ignore[attr-defined]
        with structlog.contextvars.bound_contextvars(request_id=request_id):
            response = self.get_response(request)
            log.info(
                "request",
                method=request.method,
                route=request.resolver_match.route if request.resolver_match else None,
                status=response.status_code,
                ms=round((time.perf_counter() - started) * 1000, 1),
                person=getattr(getattr(request, "_cached_user", None), "pk", None),
            )
        response["X-Request-ID"] = request_id
        return response


class WithoutValues(logging.Filter):
    """Take from the records of other people's loggers what may repeat somebody's values."""

    def filter(self, record: logging.LogRecord) -> bool:
        if isinstance(record.args, dict) and record.name.startswith("celery"):
            record.args = _without_celery_values(record.args)
            record.__dict__.pop("data", None)
        elif isinstance(record.args, tuple):
            record.args = tuple(_without_query(part) for part in record.args)
        return True


def _without_celery_values(args: dict[str, Any]) -> dict[str, Any]:
    kept = {**args, **dict.fromkeys(CELERY_VALUES, "")}
    if "exc" in kept:
        kept["exc"] = re.match(r"[\w.]*", str(kept["exc"]))[0]  # type: ignore[index] # it matches nothing at least
    return kept


def _without_query(part: object) -> object:
    return part.partition("?")[0] if isinstance(part, str) and part.startswith("/") else part


def without_private_keys(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Drop what stands under a name that may hold somebody's value."""
    return {key: value for key, value in event.items() if key not in PRIVATE_KEYS}


def on_one_line(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Escape what would end a line: a value that a client chose must not look like a line of its own."""
    return {
        key: _escaped(value) if isinstance(value, str) and key != "exception" else value for key, value in event.items()
    }


def _escaped(text: str) -> str:
    return "".join(one if one.isprintable() else one.encode("unicode_escape").decode() for one in text)


def traceback_without_values(exc_info: ExcInfo) -> str:
    """Return types and places of an exception and of what caused it, outermost last, as Python prints them."""
    return "\n".join(line for error in reversed(list(_chain(exc_info[1]))) for line in _described(error))


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)


def _described(error: BaseException) -> Iterator[str]:
    yield from _places(error.__traceback__)
    yield words_of(error)


def _places(trace: TracebackType | None) -> Iterator[str]:
    while trace is not None:
        code = trace.tb_frame.f_code
        yield f"  {code.co_filename}:{trace.tb_lineno} in {code.co_name}"
        trace = trace.tb_next


def words_of(error: BaseException) -> str:
    """Return what may be said of an exception without saying whose values it met."""
    name = f"{type(error).__module__}.{type(error).__qualname__}"
    if isinstance(error, PostgresError):
        reason = _reason_of_connection(error)
        return " ".join(part for part in (name, error.sqlstate, error.diag.constraint_name, reason) if part)
    if isinstance(error, ABOUT_THE_PROGRAM):
        return _escaped(f"{name}: {error}")
    return name


def _reason_of_connection(error: PostgresError) -> str:
    """Return why no connection came about, without names; with an SQLSTATE the text could repeat a row."""
    if error.sqlstate or not isinstance(error, PostgresOperationalError):
        return ""
    return " ".join(QUOTED.sub("...", str(error)).split())[:LONGEST_REASON]


class DatabaseAway:
    """Logs why the database could not be used: each reason at once, then at most once a minute in this process."""

    def __init__(self) -> None:
        self._logged: dict[str, float] = {}

    def __call__(self, error: BaseException) -> None:
        reason, now = words_of(error.__cause__ or error), time.monotonic()
        if now - self._logged.get(reason, -AWAY_AGAIN_SECONDS) >= AWAY_AGAIN_SECONDS:
            self._logged = {reason: now}
            database_log.error("database_away", reason=reason)


log_database_away = DatabaseAway()

_SHARED: list[Processor] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_logger_name,
    structlog.stdlib.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    without_private_keys,
]
_EXCEPTION: list[Processor] = [structlog.processors.ExceptionRenderer(traceback_without_values)]
