"""A job whose end is never reported is closed as failed, until a report says otherwise."""

from datetime import timedelta

import pytest

from health import alerts, intake, overdue, rollups
from health.models import Alert, DataSource, Run, TenantHealth
from health.statuses import RunStatus
from tests.health.conftest import at, run

pytestmark = pytest.mark.django_db
NOW = at("2026-11-24T08:00:00Z")
HOUR = timedelta(hours=1)


def send(msp, tenant, now=NOW, **fields):
    times = {
        name: fields[name] and fields[name].isoformat()
        for name in ("started_at", "ended_at", "updated_at")
        if name in fields
    }
    record = run(tenant, **{"ended_at": None, **fields, **times})
    assert intake.store_runs(msp, [(1, record)], now).kept


def close(msp, now):
    closed = overdue.close_overdue_jobs(msp, now)
    while rollups.drain(msp, now):
        pass
    return closed


def test_a_job_that_never_ends_is_closed_as_failed_after_a_day(hybrid, scoped):
    begun = NOW - timedelta(days=3)
    send(scoped, hybrid, job="open", status="running", started_at=begun)
    assert close(scoped, begun + 24 * HOUR - timedelta(seconds=1)) == 0
    assert TenantHealth.objects.get().running == 1
    assert close(scoped, NOW) == 1
    assert close(scoped, NOW) == 0
    found = Run.objects.get()
    assert (found.status, found.ended_at, found.moment) == (RunStatus.FAILED, begun + 24 * HOUR, begun + 24 * HOUR)
    assert "never ended" in found.message
    health, source = TenantHealth.objects.get(), DataSource.objects.get()
    assert (health.running, health.failed_30d, source.running) == (0, 1, 0)
    assert (source.last_status, source.last_message) == (RunStatus.FAILED, found.message)
    alerts.evaluate(scoped, NOW)
    assert Alert.objects.get(type="backup_failed").message == found.message


def test_a_long_job_has_three_times_its_usual_length(hybrid, scoped):
    for day in (20, 15, 10):
        begun = NOW - timedelta(days=day)
        send(scoped, hybrid, job=f"j{day}", status="successful", started_at=begun, ended_at=begun + 20 * HOUR)
    begun = NOW - timedelta(days=3)
    send(scoped, hybrid, job="open", status="running", started_at=begun)
    assert close(scoped, begun + 60 * HOUR - timedelta(seconds=1)) == 0
    assert close(scoped, begun + 60 * HOUR) == 1
    assert Run.objects.get(job_id="open").ended_at == begun + 60 * HOUR


def test_a_job_that_still_reports_is_not_closed(hybrid, scoped):
    begun = NOW - timedelta(days=3)
    send(scoped, hybrid, job="open", status="running", started_at=begun, updated_at=NOW - HOUR)
    assert close(scoped, NOW) == 0
    assert close(scoped, NOW + 23 * HOUR) == 1


def test_a_late_report_replaces_the_closing(hybrid, scoped):
    begun = NOW - timedelta(days=3)
    send(scoped, hybrid, job="open", status="running", started_at=begun)
    close(scoped, NOW)
    # The same report again changes nothing; the end, though it lies before the closing, does.
    send(scoped, hybrid, job="open", status="running", started_at=begun)
    assert Run.objects.get().status == RunStatus.FAILED
    send(scoped, hybrid, job="open", status="successful", started_at=begun, ended_at=begun + HOUR)
    close(scoped, NOW)
    found = Run.objects.get()
    assert (found.status, found.ended_at, found.message) == (RunStatus.SUCCESSFUL, begun + HOUR, "")
    health = TenantHealth.objects.get()
    assert (health.failed_30d, health.successful_30d) == (0, 1)
