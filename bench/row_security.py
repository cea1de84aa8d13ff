"""What row-level security costs: a page's statements with the policies and without, in turns."""

import statistics
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import psycopg
from django.test import Client

from bench.capture import statements
from bench.measure import Request, Statement

ROUNDS = 150
#: Else each role gets a plan for all parameters, which need not be the same one, and plans would be compared.
ANEW = "-c plan_cache_mode=force_custom_plan"
#: The first ten times a connection plans anew.
WARM_UP = 15


@dataclass(frozen=True)
class Cost:
    """Milliseconds of a page's statements with the policies and without, and of the whole page in one process."""

    name: str
    bound: float
    bypassing: float
    bound_processor: float
    bypassing_processor: float
    page: float

    @property
    def share_of_page(self) -> float:
        """How much longer the page takes by the policies, as a share of the page without them."""
        return (self.bound - self.bypassing) / (self.page - self.bound + self.bypassing)


def measure_cost(login_url: str, owner_url: str, msp: int, client: Client, request: Request) -> Cost:
    """Run the statements as the portal's role, which the policies bind, and as the owner, which they do not."""
    sent = statements(client, request.path, fragment=request.fragment)
    headers = {"HX-Request": "true", "HX-Target": "results"} if request.fragment else {}
    pages: list[float] = []
    with psycopg.connect(login_url, options=ANEW) as portal, psycopg.connect(owner_url, options=ANEW) as owner:
        bound, free = _Turns(portal, msp, "msc_portal"), _Turns(owner, msp, "msc_owner")
        for turn in range(WARM_UP + ROUNDS):
            if turn == WARM_UP:
                bound.begin()
                free.begin()
                pages.clear()
            for one in (bound, free) if turn % 2 else (free, bound):
                one.take(sent)
            began = time.perf_counter()
            client.get(request.path, headers=headers)
            pages.append((time.perf_counter() - began) * 1000)
        whole = statistics.median(pages)
        return Cost(request.name, bound.median(), free.median(), bound.processor(), free.processor(), whole)


class _Turns:
    """The turns of one role on a connection of its own, and what PostgreSQL's process spent on them."""

    def __init__(self, link: "psycopg.Connection[tuple[object, ...]]", msp: int, role: str) -> None:
        self.link, self.scope = link, [role, str(msp)]
        self.begin()

    def begin(self) -> None:
        self.times: list[float] = []
        self.spent_before = self._spent()

    def take(self, statements: Sequence[Statement]) -> None:
        with self.link.transaction():
            self.link.execute("SELECT set_config('role', %s, true), set_config('app.msp', %s, true)", self.scope)
            began = time.perf_counter()
            for statement in statements:
                cursor = self.link.execute(statement.sql.encode(), statement.params)
                if cursor.description:
                    cursor.fetchall()
            self.times.append((time.perf_counter() - began) * 1000)

    def median(self) -> float:
        return statistics.median(self.times)

    def processor(self) -> float:
        """Return the milliseconds of processor time of a turn; both roles begin and end their turns alike."""
        return (self._spent() - self.spent_before) / len(self.times)

    def _spent(self) -> float:
        nanoseconds = Path(f"/proc/{self.link.info.backend_pid}/schedstat").read_text().split()[0]
        return int(nanoseconds) / 1e6


def table(costs: Sequence[dict[str, float | str]]) -> list[str]:
    """Return the table of the page."""
    if not costs:
        return []
    words = (
        f"Row-level security: the statements of a page as `msc_portal` and as a role that bypasses the policies, in"
        f" {ROUNDS} turns each, planned anew each time. The goal is a list page that takes at most 10% longer. Where it is"
        " quicker with them, the policies gave the joined tables their MSP, which the statement itself names for the first"
        " one only: without it no index has the order, so that the other plan sorts every row."
    )
    return [
        words,
        "",
        "| request | SQL with, ms | without | x | PostgreSQL's processor with | without | x | the page takes longer by |",
        "|---|--:|--:|--:|--:|--:|--:|--:|",
        *(_row(cost) for cost in costs),
        "",
    ]


def _row(kept: dict[str, float | str]) -> str:
    cost = Cost(**kept)  # type: ignore[arg-type]  # as `asdict` has written it
    return (
        f"| {cost.name} | {cost.bound:.2f} | {cost.bypassing:.2f} | {cost.bound / cost.bypassing:.2f} |"
        f" {cost.bound_processor:.2f} | {cost.bypassing_processor:.2f} |"
        f" {cost.bound_processor / cost.bypassing_processor:.2f} | {cost.share_of_page:.1%} |"
    )


def kept(costs: Sequence[Cost]) -> list[dict[str, float | str]]:
    """Return the costs as they are kept in the file of figures."""
    return [asdict(cost) for cost in costs]
