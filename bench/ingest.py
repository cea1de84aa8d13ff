"""Ingest beside COPY: `python -m msc.stack bench/ingest.py` prints how long 10,000 runs take in one call.

The yardstick is COPY of the same rows by the owner of the tables into a table like `health_run`, with its indexes and
checks but without its foreign key. The call goes through the whole stack of the portal but the socket.
"""

import gc
import json
import os
import secrets
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import django

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "msc.settings")
os.environ.setdefault("SECRET_KEY", secrets.token_urlsafe(64))
os.environ["MSC_API_CALLS_PER_MINUTE"] = "100000"
os.environ.setdefault("MSC_LOG_LEVEL", "ERROR")
os.environ["MSC_ALLOWED_HOSTS"] = "testserver"
django.setup()

import psycopg  # noqa: E402 - Django is set up first
from django.core.management import call_command  # noqa: E402
from django.test import Client  # noqa: E402
from django.utils import timezone  # noqa: E402

from customers.models import CustomerSummary  # noqa: E402
from health import rollups  # noqa: E402
from msc.access import scope  # noqa: E402
from msc.access.models import Msp, User  # noqa: E402
from msc.people.models import ApiCredential, CredentialScope  # noqa: E402
from tenants.models import Tenant  # noqa: E402
from tests.factories import make_customer, make_msp, make_person, make_plan, make_tenant  # noqa: E402

RUNS = 10_000
TENANTS = 200
ROUNDS = 7
COLUMNS = (
    "msp_id, tenant_id, data_source_id, job_id, kind, status, started_at, ended_at, moment, changed_at, size_bytes,"
    " sent_bytes, errors, message, reported_at"
)


def main() -> None:
    """Measure ingest, the same call again, and the rollup of what it marked, beside COPY."""
    call_command("migrate", database="owner", verbosity=0)
    msp = make_msp("Benchmark")
    person = make_person(msp)
    with scope.entered("portal", msp=msp.pk):
        client = _client(msp, person)
        tenants = _tenants(msp)
    _post(client, _batch(tenants, "warm"))
    gc.freeze()  # as the web server does before it begins
    copied, created, again, drained, sent = [], [], [], [], RUNS
    _drain(msp)
    with _copying() as copy:
        for number in range(ROUNDS):
            body = _batch(tenants, f"r{number}")
            copied.append(_timed(lambda name=f"r{number}-": copy(name)))  # type: ignore[misc]
            created.append(_timed(lambda body=body: _post(client, body)))  # type: ignore[misc]
            again.append(_timed(lambda body=body: _post(client, body)))  # type: ignore[misc]
            drained.append(_timed(lambda: _drain(msp)))
            sent += RUNS
            if (shown := _counted(msp)) != sent:
                raise SystemExit(f"The figures say {shown} of {sent} runs.")
    floor = statistics.median(copied)
    print(f"{RUNS} runs of {TENANTS} tenants in one call, median of {ROUNDS}, milliseconds and ratio to COPY:")
    for label, times in (("COPY", copied), ("created", created), ("sent again", again), ("rollup", drained)):
        print(f"  {label:<11} {statistics.median(times) * 1000:8.0f} {statistics.median(times) / floor:6.1f} x")
    ratios = [one / other for one, other in zip(created, copied, strict=True)]
    ready = statistics.median(one + other for one, other in zip(created, drained, strict=True))
    print(
        f"  from the call to right figures of all customers: {ready:.1f} s of work, and the seconds until beat rings (goal 120)"
    )
    print(f"  created beside the COPY of its own round: {statistics.median(ratios):.1f} x (goal 6)")
    print(
        f"Processor of the web process: {_processor_ms(client, tenants, RUNS, 5) * 1000 / RUNS:.0f} us a run of {RUNS},"
    )
    print(f"  {_processor_ms(client, tenants, 1, 200):.1f} ms a call of one run.")


def _processor_ms(client: Client, tenants: list[Tenant], runs: int, calls: int) -> float:
    """Return how long the portal computes for a call of so many new runs, PostgreSQL's own work aside."""
    bodies = [_batch(tenants, f"p{runs}-{call}", runs) for call in range(calls)]
    began = time.process_time()
    for body in bodies:
        _post(client, body)
    return (time.process_time() - began) * 1000 / calls


def _client(msp: Msp, person: User) -> Client:
    scopes = [CredentialScope.RUNS_WRITE]
    _, secret = ApiCredential.issue(msp=msp, name="bench", scopes=scopes, created_by=person)
    return Client(headers={"authorization": f"Bearer {secret}"})


def _tenants(msp: Msp) -> list[Tenant]:
    plan = make_plan(msp)
    return [make_tenant(make_customer(msp), plan) for _ in range(TENANTS)]


def _batch(tenants: list[Tenant], name: str, runs: int = RUNS) -> str:
    now = timezone.now()
    records = [
        {
            "tenant": tenants[number % TENANTS].pk,
            "organization": "Main office",
            "data_source": f"server-{number // TENANTS % 5}",
            "workload": "vmware",
            "job_id": f"{name}-{number}",
            "kind": "backup",
            "status": "failed" if number % 10 == 0 else "successful",
            "started_at": (now - timedelta(minutes=number % 40_000, hours=1)).isoformat(),
            "ended_at": (now - timedelta(minutes=number % 40_000)).isoformat(),
            "bytes": number * 1_000_000,
            "bytes_transferred": number * 1_000,
            "message": "The disk is full" if number % 10 == 0 else "",
        }
        for number in range(runs)
    ]
    return json.dumps(records)


def _post(client: Client, body: str) -> None:
    response = client.post("/api/v1/runs", body, content_type="application/json")
    if response.status_code != 200:
        raise SystemExit(response.content[:500].decode())


def _drain(msp: Msp) -> None:
    while rollups.drain(msp):
        pass


def _counted(msp: Msp) -> int:
    """Return how many backups of 30 days the customer list shows in all."""
    with scope.entered("portal", msp=msp.pk):
        return sum(CustomerSummary.objects.for_msp(msp.pk).values_list("backups_30d", flat=True))


def _timed(act: Callable[[], None]) -> float:
    began = time.perf_counter()
    act()
    return time.perf_counter() - began


@contextmanager
def _copying() -> Iterator[Callable[[str], None]]:
    """Yield what copies the runs of one call, taken from the table, under other names into a table like it."""
    with psycopg.connect(os.environ["MIGRATION_DATABASE_URL"], autocommit=True) as owner, owner.cursor() as cursor:
        with cursor.copy(f"COPY (SELECT {COLUMNS} FROM health_run WHERE job_id LIKE 'warm-%') TO STDOUT") as found:  # noqa: S608
            rows = b"".join(bytes(block) for block in found)
        cursor.execute("CREATE TABLE bench_run (LIKE health_run INCLUDING ALL)")

        def copy(name: str) -> None:
            with cursor.copy(f"COPY bench_run ({COLUMNS}) FROM STDIN") as sent:
                sent.write(rows.replace(b"\twarm-", f"\t{name}".encode()))

        copy("first-")
        yield copy


main()
