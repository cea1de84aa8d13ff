"""Times of pages beside the yardsticks, each request alternating with the static page so that both meet one noise."""

import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass

import psycopg

from bench.web import Answer, WebServer

ROUNDS = 40
#: In steady use a connection has planned what it repeats; the first ten times it plans anew.
WARM_UP = 30
STATIC = "/bench/static/"


@dataclass(frozen=True)
class Request:
    """A page to measure, with the goal as a multiple of the static page."""

    name: str
    path: str
    goal: float
    fragment: bool = False


@dataclass(frozen=True)
class Figure:
    """What a page needed; milliseconds, bytes as sent, and multiples of the static page of the same rounds."""

    request: Request
    p50: float
    p95: float
    static_p50: float
    queries: int
    sql_ms: float
    bare_sql_ms: float
    size: int
    peak_memory: int

    @property
    def ratio(self) -> float:
        return self.p50 / self.static_p50


def measure(server: WebServer, request: Request, bare_sql_ms: float) -> Figure:
    """Fetch page and yardstick in turns; a status other than 200 is an error of the benchmark."""
    for _ in range(WARM_UP):
        _checked(server.get(request.path, fragment=request.fragment), request)
        server.get(STATIC)
    server.forget_peak_memory()
    pages, floors = [], []
    for _ in range(ROUNDS):
        pages.append(_checked(server.get(request.path, fragment=request.fragment), request))
        floors.append(server.get(STATIC))
    times = sorted(page.seconds * 1000 for page in pages)
    return Figure(
        request=request,
        p50=statistics.median(times),
        p95=times[int(len(times) * 0.95)],
        static_p50=statistics.median(floor.seconds * 1000 for floor in floors),
        queries=max(page.queries for page in pages),
        sql_ms=statistics.median(page.sql_ms for page in pages),
        bare_sql_ms=bare_sql_ms,
        size=pages[-1].size,
        peak_memory=server.peak_memory(),
    )


def _checked(answer: Answer, request: Request) -> Answer:
    if answer.status != 200:
        raise RuntimeError(f"{request.name}: {request.path} answered {answer.status}")
    return answer


@dataclass(frozen=True)
class Statement:
    """A statement as the page sent it."""

    sql: str
    params: Sequence[object]


def bare_sql(login_url: str, msp: int, statements: Sequence[Statement], rounds: int = 20) -> float:
    """Return the median milliseconds of the page's statements alone, under the same role and policies."""
    times = []
    with psycopg.connect(login_url) as link:
        for _ in range(rounds):
            with link.transaction():
                link.execute(
                    "SELECT set_config('role', 'msc_portal', true), set_config('app.msp', %s, true)", [str(msp)]
                )
                began = time.perf_counter()
                for statement in statements:
                    cursor = link.execute(statement.sql.encode(), statement.params)
                    if cursor.description:
                        cursor.fetchall()
                times.append((time.perf_counter() - began) * 1000)
    return statistics.median(times)
