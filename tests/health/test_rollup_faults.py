"""The figures are right whatever happens to workers: two at once, killed in the middle, calls that overlap."""

import os
import random
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from django.db import connections
from django.utils import timezone

from customers.models import CustomerSummary
from health import intake, rollups
from health.models import DirtyDay, Run, TenantDay
from msc.access import scope
from tests.factories import make_customer, make_plan, make_tenant
from tests.health import oracle
from tests.health.conftest import run

pytestmark = pytest.mark.django_db(transaction=True)
STATUSES = ("running", "successful", "completed_with_errors", "failed", "cancelled")


@pytest.fixture
def tenant(northwind):
    """A committed tenant: other connections see only what is committed."""
    with scope.entered("portal", msp=northwind.pk):
        return make_tenant(make_customer(northwind), make_plan(northwind))


def batches(tenant, number: int, size: int, now) -> Iterator[list[dict]]:
    """Return batches of states of a few jobs, in no order, to 40 days back."""
    dice = random.Random(11)
    for _ in range(number):
        batch = []
        for _ in range(size):
            ended = now - timedelta(minutes=dice.randrange(40 * 24 * 60))
            status = dice.choice(STATUSES)
            fields = {"status": status, "started_at": ended.isoformat(), "data_source": "srv"}
            batch.append(
                run(
                    tenant,
                    f"j{dice.randrange(400)}",
                    **fields,
                    ended_at=None if status == "running" else ended.isoformat(),
                )
            )
        yield batch


def send(msp, batch) -> None:
    with scope.entered("portal", msp=msp.pk):
        assert not intake.store_runs(msp, list(enumerate(batch))).refusals


@contextmanager
def workers(msp, number: int) -> Iterator[list[int]]:
    """Run that many processes that count without end; they are killed with -9."""
    connections.close_all()
    pids = []
    for _ in range(number):
        if (pid := os.fork()) == 0:
            try:
                while True:
                    rollups.drain(msp)
            finally:
                os._exit(1)
        pids.append(pid)
    try:
        yield pids
    finally:
        for pid in pids:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)


def assert_right(msp, tenant, sent, now) -> None:
    deadline = time.monotonic() + 20
    with scope.entered("portal", msp=msp.pk):
        marked = DirtyDay.objects.exists()
    # A killed worker's transaction ends when its server process notices.
    while marked and time.monotonic() < deadline:
        rollups.drain(msp)
        with scope.entered("portal", msp=msp.pk):
            marked = DirtyDay.objects.exists()
    with scope.entered("portal", msp=msp.pk):
        rows = TenantDay.objects.filter(tenant=tenant).values_list(
            "day", "successful", "with_errors", "failed", "cancelled", "restores", "restores_failed", "cu"
        )
        table = oracle.days(oracle.newest(sent, now), {}, msp.zone)
        assert {day: list(row) for day, *row in rows} == table
        total = sum(oracle.window(table, msp.today(now), 30, 0, 1, 2, 3))
        assert CustomerSummary.objects.get(customer=tenant.customer_id).backups_30d == total


def test_a_worker_killed_again_and_again_loses_and_doubles_nothing(northwind, tenant):
    now, sent = timezone.now(), []
    dice = random.Random(3)
    for batch in batches(tenant, 20, 40, now):
        with workers(northwind, 1):
            send(northwind, batch)
            sent += batch
            time.sleep(dice.random() * 0.05)
    assert_right(northwind, tenant, sent, now)


def test_two_workers_beside_a_stream_of_calls_give_the_figures_of_one(northwind, tenant):
    now, sent = timezone.now(), []
    with workers(northwind, 2):
        for batch in batches(tenant, 30, 40, now):
            send(northwind, batch)
            sent += batch
        time.sleep(0.3)
    assert_right(northwind, tenant, sent, now)


def test_calls_that_overlap_keep_one_run_per_job_and_its_newest_state(northwind, tenant):
    now = timezone.now()
    parts = list(batches(tenant, 6, 200, now))
    failures = []

    def call(batch) -> None:
        try:
            send(northwind, batch)
        except Exception as error:  # noqa: BLE001 - any failure of a thread is the test's
            failures.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=call, args=(batch,)) for batch in parts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    sent = [record for batch in parts for record in batch]
    with scope.entered("portal", msp=northwind.pk):
        found = {run.job_id: (run.status, run.moment) for run in Run.objects.all()}
    assert found == {one.job_id: (one.status, one.moment) for one in oracle.newest(sent, now)}
    assert_right(northwind, tenant, sent, now)


def test_a_call_that_commits_late_is_counted_by_the_next_rollup(northwind, tenant):
    now = timezone.now()
    early, late = list(batches(tenant, 2, 50, now))
    early = [record | {"job_id": record["job_id"] + "x", "data_source": "srv-2"} for record in early]
    wrote, may_commit = threading.Event(), threading.Event()

    def slow() -> None:
        with scope.entered("portal", msp=northwind.pk):
            intake.store_runs(northwind, list(enumerate(late)))
            wrote.set()
            may_commit.wait(20)
        connections.close_all()

    thread = threading.Thread(target=slow)
    thread.start()
    assert wrote.wait(20)
    send(northwind, early)
    for _ in range(3):
        rollups.drain(northwind)
    may_commit.set()
    thread.join()
    assert_right(northwind, tenant, [*late, *early], now)
