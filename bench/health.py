"""Runs, usage, daily totals and alerts of the data set: facts by SQL from numbers, all else by the portal's own counts."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TypeVar

import psycopg
from django.db import connection
from django.utils import timezone

from health import alerts, rollups
from health.recount import recount_customers, recount_days, recount_sources, recount_tenants
from msc.access import scope
from msc.access.models import Msp

Row = TypeVar("Row")

RUNS_A_MONTH = 12
SOURCES_OF_ONE = 300  # of the first customer, whose list of data sources has several pages
CONSUMES_ONE_IN = 20
USAGE_DAYS = 90
_CHUNK = 2_000
_MANY_DAYS = 20_000

_SOURCES = """
INSERT INTO health_datasource (msp_id, customer_id, tenant_id, organization, name, folded_name, workload, created_at,
    policy_name, policy_by_hand, version, last_backup_job, last_success_job, last_restore_job, failures_in_row, running,
    is_silent, strip)
SELECT t.msp_id, t.customer_id, t.id, 'Main office', 'server-' || n, 'server-' || n,
    CASE WHEN t.product = 'saas' THEN 'm365' ELSE 'vmware' END, %(now)s, 'Daily', false, 1, '', '', '', 0, 0, false, ''
FROM tenants_tenant t CROSS JOIN LATERAL generate_series(1, CASE WHEN t.customer_id = %(first)s THEN %(many)s ELSE 1 END) n
WHERE t.msp_id = %(msp)s
"""
# In the order of time, as in life. The last run of every fiftieth source failed; a backup takes twenty minutes.
_RUNS = """
INSERT INTO health_run (msp_id, tenant_id, data_source_id, job_id, kind, status, started_at, ended_at, moment,
    changed_at, size_bytes, sent_bytes, errors, message, reported_at)
SELECT s.msp_id, s.tenant_id, s.id, 'job-' || s.id || '-' || n, 1,
    CASE WHEN n = 0 AND s.id %% 50 = 0 OR (n + s.id) %% 40 = 0 THEN 4 ELSE 2 END,
    at - interval '20 minutes', at, at, at, 5000000000 + n * 1000000, 50000000 + n, 0, '', at
FROM health_datasource s, generate_series(0, %(runs)s - 1) n,
    LATERAL (SELECT %(now)s - make_interval(hours => n * 60, mins => 30 + (s.id %% 600)::int)) moment (at)
WHERE s.msp_id = %(msp)s ORDER BY at
"""
_USAGE = """
INSERT INTO health_usagerecord (msp_id, tenant_id, day, workload, measure, amount, unit, cu, measured_at, is_derived,
    reported_at)
SELECT t.msp_id, t.id, %(today)s::date - n, 'vmware', 'protected data', 5000000, 'bytes', 1 + t.id %% 7, %(now)s, false,
    %(now)s
FROM tenants_tenant t, generate_series(0, %(usage_days)s - 1) n
WHERE t.msp_id = %(msp)s AND (t.id %% %(one_in)s = 0 OR t.customer_id IN (%(first)s, %(middle)s))
"""
_DAYS = """
SELECT DISTINCT tenant_id, (moment AT TIME ZONE %(zone)s)::date FROM health_run WHERE msp_id = %(msp)s
UNION SELECT tenant_id, day FROM health_usagerecord WHERE msp_id = %(msp)s
"""


def fill(owner: psycopg.Connection, msp: Msp, customers: list[int]) -> None:
    """Let the MSP's tools report a month, and count it as the workers do."""
    now = timezone.now()
    values = {"msp": msp.pk, "now": now, "today": msp.today(now), "first": customers[0], "zone": msp.time_zone}
    values |= {"many": SOURCES_OF_ONE, "runs": RUNS_A_MONTH, "usage_days": USAGE_DAYS, "one_in": CONSUMES_ONE_IN}
    values["middle"] = customers[len(customers) // 2]
    for step in (_SOURCES, _RUNS, _USAGE):
        owner.execute(step, values)
    count(owner, msp, now)


def count(owner: psycopg.Connection, msp: Msp, now: datetime) -> None:
    """Count every day, source, product and customer from the facts, as the workers do from their marks."""
    values = {"msp": msp.pk, "zone": msp.time_zone}
    rollups.drain(msp, now)  # nothing is marked: this writes the state that alerts are held to
    for table in ("health_datasource", "health_run", "health_usagerecord"):
        owner.execute(f"ANALYZE {table}".encode())
    days = owner.execute(_DAYS, values).fetchall()
    for part in (days[:_MANY_DAYS], days[_MANY_DAYS:]):
        _in_chunks(msp, part, lambda chunk: recount_days(msp, chunk), size=_MANY_DAYS)
        owner.execute("ANALYZE health_tenantday")  # as PostgreSQL does by itself within a minute
    _in_chunks(msp, _ids("health_datasource", msp), lambda ids: recount_sources(msp, ids, now))
    owner.execute("ANALYZE health_datasource")
    _in_chunks(msp, _ids("tenants_tenant", msp), lambda ids: recount_customers(msp, recount_tenants(msp, ids, now)))
    alerts.evaluate(msp, now + timedelta(seconds=1))


def _ids(table: str, msp: Msp) -> list[int]:
    with scope.entered("worker", msp=msp.pk), connection.cursor() as cursor:
        cursor.execute(f"SELECT id FROM {table} WHERE msp_id = %s ORDER BY id", [msp.pk])  # noqa: S608  a constant
        return [pk for (pk,) in cursor.fetchall()]


def _in_chunks(msp: Msp, rows: list[Row], count: Callable[[list[Row]], object], size: int = _CHUNK) -> None:
    for start in range(0, len(rows), size):
        with scope.entered("worker", msp=msp.pk):
            count(rows[start : start + size])
