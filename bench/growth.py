"""What more runs, and a steady stream of new ones, do to the pages: `python -m msc.stack -m bench.growth 100000 1000000`.

A thousand customers report so many runs over 380 days; each size is counted by the portal's own rollups. Pages alternate
with the static page, and spells with a stream of calls and rollups beside them alternate with spells without: the stream
is stopped and continued by signal, so both meet one noise.
"""

import os
import secrets
import signal
import statistics
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "msc.settings")
os.environ.setdefault("SECRET_KEY", secrets.token_urlsafe(64))
os.environ["MSC_LOG_LEVEL"] = "ERROR"
django.setup()

import psycopg  # noqa: E402 - Django is set up first
from django.core.management import call_command  # noqa: E402
from django.db import connections  # noqa: E402
from django.utils import timezone  # noqa: E402

from bench import health, pages  # noqa: E402
from bench.dataset import Dataset, build  # noqa: E402
from bench.measure import STATIC, Request  # noqa: E402
from bench.report import PAGE  # noqa: E402
from bench.run import _signed_in  # noqa: E402
from bench.web import WebServer, serve  # noqa: E402
from health import intake, rollups  # noqa: E402
from msc.access import scope  # noqa: E402
from tenants.models import Tenant  # noqa: E402

CUSTOMERS = 1_000
SPELLS, ROUNDS = 6, 10
#: A call of so many runs, so many times a second: 50 million runs a day are 580 a second, of all MSPs together.
RUNS_A_CALL, CALLS_A_SECOND = 10, 5
PAGES = (
    "customers, first page of 50",
    "customer page",
    "health tab",
    "data sources, 50 of 300",
    "alerts",
    "consumption",
)
BEGIN, END = "<!-- growth: written by bench.growth -->", "<!-- end of growth -->"

_MORE_RUNS = """
INSERT INTO health_run (msp_id, tenant_id, data_source_id, job_id, kind, status, started_at, ended_at, moment,
    changed_at, size_bytes, sent_bytes, errors, message, reported_at)
SELECT s.msp_id, s.tenant_id, s.id, %(size)s || '-' || s.id || '-' || n, 1, CASE WHEN (n + s.id) %% 40 = 0 THEN 4 ELSE 2 END,
    at - interval '20 minutes', at, at, at, 5000000000, 50000000, 0, '', at
FROM health_datasource s, generate_series(1, %(each)s) n,
    LATERAL (SELECT %(now)s - interval '2 hours' - interval '380 days' * (n::float / %(each)s)) moment (at)
WHERE s.msp_id = %(msp)s ORDER BY at
"""


class Figure(NamedTuple):
    """What a page needs: a multiple of the static page, and how much longer it takes beside a stream."""

    name: str
    ratio: float
    beside_stream: float


def main(sizes: list[int]) -> None:
    """Measure the pages at each number of runs and publish the table."""
    call_command("migrate", database="owner", verbosity=0)
    call_command("collectstatic", interactive=False, verbosity=0)
    owner_url = os.environ["MIGRATION_DATABASE_URL"]
    data = build(owner_url, CUSTOMERS, with_health=True)
    client = _signed_in(data)
    wanted = [request for request in pages.requests(data) if request.name in PAGES]
    table: dict[int, list[Figure]] = {}
    with serve({}, f"msc-session={client.cookies['msc-session'].value}") as server, _stream(data) as stream:
        for size in sizes:
            _grow(owner_url, data, size)
            table[size] = [_figure(server, request, stream) for request in wanted]
            for figure in table[size]:
                print(
                    f"{size:>12,} runs: {figure.name:30} {figure.ratio:5.1f} x, beside a stream {figure.beside_stream:.2f}"
                )
    _publish(table)


def _grow(owner_url: str, data: Dataset, size: int) -> None:
    """Let the table hold so many runs and count them all."""
    with psycopg.connect(owner_url, autocommit=True) as owner:
        row = owner.execute(
            "SELECT (SELECT count(*) FROM health_run), (SELECT count(*) FROM health_datasource)"
        ).fetchone()
        runs, sources = row or (0, 1)
        each = max(0, size - runs) // sources
        owner.execute(_MORE_RUNS, {"msp": data.msp.pk, "now": timezone.now(), "size": str(size), "each": each})
        owner.execute("VACUUM ANALYZE health_run")
        health.count(owner, data.msp, timezone.now())
        owner.execute("VACUUM ANALYZE")


def _figure(server: WebServer, request: Request, stream: int) -> Figure:
    """Measure a page in spells with and without the stream, in turns."""
    floors: list[float] = []
    spells: dict[int, list[float]] = {signal.SIGSTOP: [], signal.SIGCONT: []}
    for _ in range(20):
        server.get(request.path)
    for spell in range(SPELLS):
        turn = signal.SIGSTOP if spell % 2 == 0 else signal.SIGCONT
        os.kill(stream, turn)
        for _ in range(ROUNDS):
            spells[turn].append(server.get(request.path).seconds)
            if turn == signal.SIGSTOP:
                floors.append(server.get(STATIC).seconds)
    os.kill(stream, signal.SIGSTOP)
    alone = statistics.median(spells[signal.SIGSTOP])
    return Figure(request.name, alone / statistics.median(floors), statistics.median(spells[signal.SIGCONT]) / alone)


@contextmanager
def _stream(data: Dataset) -> Iterator[int]:
    """Run a process that sends runs and counts them at a steady pace, stopped at first; yield its id."""
    connections.close_all()
    pid = os.fork()
    if pid == 0:
        try:
            _send_without_end(data)
        finally:
            os._exit(1)
    os.kill(pid, signal.SIGSTOP)
    try:
        yield pid
    finally:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)


def _send_without_end(data: Dataset) -> None:
    with scope.entered("portal", msp=data.msp.pk):
        tenants = list(Tenant.objects.for_msp(data.msp.pk).values_list("pk", "product"))
    number = 0
    while True:
        began = time.monotonic()
        now = timezone.now()
        records = []
        for _ in range(RUNS_A_CALL):
            tenant, product = tenants[number % len(tenants)]
            number += 1
            records.append(
                {
                    "tenant": tenant,
                    "organization": "Main office",
                    "data_source": "server-1",
                    "workload": "m365" if product == "saas" else "vmware",
                    "job_id": f"stream-{number}",
                    "kind": "backup",
                    "status": "successful",
                    "ended_at": now.isoformat(),
                }
            )
        with scope.entered("portal", msp=data.msp.pk):
            intake.store_runs(data.msp, list(enumerate(records)), now)
        rollups.drain(data.msp)
        time.sleep(max(0.0, 1 / CALLS_A_SECOND - (time.monotonic() - began)))


def _publish(table: dict[int, list[Figure]]) -> None:
    sizes = list(table)
    head = " | ".join(f"{size:,} runs" for size in sizes)
    rows = []
    for place, figure in enumerate(table[sizes[0]]):
        ratios = [table[size][place].ratio for size in sizes]
        cells = " | ".join(f"{ratio:.1f}" for ratio in ratios)
        beside = table[sizes[-1]][place].beside_stream
        rows.append(f"| {figure.name} | {cells} | {ratios[-1] / ratios[0]:.2f} | {beside:.2f} |")
    lines = [
        BEGIN,
        (
            f"{timezone.now().date()}, {CUSTOMERS:,} customers, load {os.getloadavg()[1]:.0f} on {os.cpu_count()} cores. Multiples of"
            f" the static page, the growth, and at {sizes[-1]:,} runs how much longer a page takes beside"
            f" {RUNS_A_CALL * CALLS_A_SECOND} runs a second (goal 1.20)."
        ),
        "",
        f"| request | {head} | growth | beside a stream |",
        "|---|" + "--:|" * (len(sizes) + 2),
        *rows,
        END,
    ]
    words = PAGE.read_text()
    before, rest = words.split(BEGIN)
    PAGE.write_text(before + "\n".join(lines) + rest.split(END)[1])


if __name__ == "__main__":
    main([int(size) for size in sys.argv[1:]] or [1_000_000, 10_000_000])
