"""Measure the customer list under many filter combinations, chosen by a seed, on warm database connections.

PostgreSQL may replace the plan for the values of a prepared statement by a generic one once the statement has run often
enough on a connection. So every combination is repeated on each worker before it is measured.
"""

import random
import statistics
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from urllib.parse import urlencode

from django.urls import reverse

from bench.dataset import Dataset
from bench.measure import STATIC
from bench.web import WORKERS, WebServer
from customers.querysets import Attention
from msc.access import scope
from msc.access.models import User
from msc.access.roles import Role
from serviceplans.catalogue import Edition, Product
from serviceplans.models import ServicePlan, StorageRegion

SEED = 1
COMBINATIONS = 300
MEDIAN_GOAL, WORST_GOAL = 12.0, 20.0
#: Requests that each worker has answered before anything is measured.
CONNECTION_AGE = 50
#: psycopg prepares the sixth execution of a statement; PostgreSQL may plan generically from the sixth prepared one on.
REPEATS_PER_WORKER = 12
ROUNDS = 5


@dataclass(frozen=True)
class FilterFigure:
    """One combination: its query string, the median in milliseconds and as a multiple of the static page."""

    query: str
    p50: float
    ratio: float


def combinations(data: Dataset) -> list[str]:
    """Return the query strings; each sets one to four filters, each filter one or two of its choices."""
    chooser = random.Random(SEED)
    return [_combination(chooser, choices) for choices in [_choices(data)] * COMBINATIONS]


def _choices(data: Dataset) -> dict[str, list[str]]:
    with scope.entered("portal", msp=data.msp.pk):
        plans = ServicePlan.objects.for_msp(data.msp.pk).order_by("pk")
        regions = StorageRegion.objects.filter(offers__msp=data.msp).distinct().order_by("pk")
        admins = User.objects.for_msp(data.msp.pk).filter(role=Role.TENANT_ADMIN).order_by("pk")
        ids = [[str(pk) for pk in rows.values_list("pk", flat=True)] for rows in (plans, regions, admins)]
    return {
        "q": ["opal", "partners 7", "zephyr", "street", "account 2"],
        "product": Product.values,
        "plan": ids[0],
        "region": ids[1],
        "type": ["evaluation", "commercial"],
        "admin": ids[2],
        "edition": Edition.values,
        "status": ["ready", "suspended", "creating"],
        "expires": ["7", "30", "90", "passed"],
        "quota_ends": ["7", "30", "90", "passed"],
        "attention": Attention.values,
    }


def _combination(chooser: random.Random, choices: dict[str, list[str]]) -> str:
    single = {"q", "expires", "quota_ends"}
    names = chooser.sample(sorted(choices), chooser.randint(1, 4))
    pairs = [
        (name, value)
        for name in names
        for value in chooser.sample(
            choices[name], 1 if name in single else min(chooser.randint(1, 2), len(choices[name]))
        )
    ]
    return urlencode([("size", "50"), *pairs])


def measure_filters(server: WebServer, data: Dataset) -> list[FilterFigure]:
    """Measure every combination in turns with the static page, the slowest first."""
    path = reverse("customers:list")
    queries = combinations(data)
    for query in queries[: CONNECTION_AGE * WORKERS]:
        server.get(f"{path}?{query}")
    figures = [_measure(server, path, query) for query in queries]
    return sorted(figures, key=lambda figure: figure.ratio, reverse=True)


def _measure(server: WebServer, path: str, query: str) -> FilterFigure:
    for _ in range(REPEATS_PER_WORKER * WORKERS):
        server.get(f"{path}?{query}")
    pages, floors = [], []
    for _ in range(ROUNDS):
        answer = server.get(f"{path}?{query}")
        if answer.status != 200:
            raise RuntimeError(f"{path}?{query} answered {answer.status}")
        pages.append(answer.seconds * 1000)
        floors.append(server.get(STATIC).seconds * 1000)
    return FilterFigure(query, statistics.median(pages), statistics.median(pages) / statistics.median(floors))


def kept(figures: list[FilterFigure]) -> dict[str, object]:
    """Return what docs/performance.json keeps: the median, the goals and the ten slowest combinations."""
    return {
        "combinations": len(figures),
        "median": statistics.median(figure.ratio for figure in figures),
        "worst": [asdict(figure) for figure in figures[:10]],
    }


def table(entry: dict[str, object]) -> Iterator[str]:
    """Yield the lines of the page."""
    if not entry:
        return
    worst: list[dict[str, float | str]] = entry["worst"]  # type: ignore[assignment]  # as `kept` has written it
    yield (
        f"{entry['combinations']} combinations of filters, chosen by a seed, on connections that have answered"
        f" {CONNECTION_AGE} requests and each combination {REPEATS_PER_WORKER} times: median {entry['median']:.1f} x the"
        f" static page (goal {MEDIAN_GOAL:.0f}), worst {worst[0]['ratio']:.1f} x (goal {WORST_GOAL:.0f}). The slowest:"
    )
    yield from ("", "| filters | ms | x |", "|---|--:|--:|")
    for figure in worst:
        yield f"| `{figure['query']}` | {figure['p50']:.1f} | {figure['ratio']:.1f} |"
    yield ""
