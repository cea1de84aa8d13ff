"""What a day of runs costs: `python -m msc.stack bench/sizes.py` prints bytes per row, WAL and the rollup's price.

Among 10,000 customers 200 tenants report 50 runs each a day (five sources, ten runs each) for 40 days, in the order of
time, so that indexes grow as they do in life. After each day its marks are drained, as the worker does. Times are those
of the processors (of PostgreSQL, and of the worker for the rollup), so that other work on the machine hardly counts.
"""

import os
import secrets
import statistics
import sys
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import NamedTuple

import django

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "msc.settings")
os.environ.setdefault("SECRET_KEY", secrets.token_urlsafe(64))
os.environ.setdefault("MSC_LOG_LEVEL", "ERROR")
django.setup()

import psycopg  # noqa: E402 - Django is set up first
from django.core.management import call_command  # noqa: E402
from django.db import connection  # noqa: E402
from django.utils import timezone  # noqa: E402

from bench.dataset import Dataset, build  # noqa: E402
from health import rollups  # noqa: E402

CUSTOMERS, TENANTS, SOURCES, RUNS_PER_DAY, DAYS = 10_000, 200, 5, 50, 40
PER_DAY = TENANTS * RUNS_PER_DAY
TABLES = ("health_run", "health_usagerecord", "health_tenantday", "health_datasource", "health_tenanthealth")
BATCH = 5_000
APPENDED = {"health_run", "health_usagerecord"}

_SOURCES = """
INSERT INTO health_datasource (msp_id, customer_id, tenant_id, organization, name, folded_name, workload, created_at,
    policy_name, policy_by_hand, version, last_backup_job, last_success_job, last_restore_job, failures_in_row, running,
    is_silent, strip)
SELECT t.msp_id, t.customer_id, t.id, 'Main office', 'server-' || n, 'server-' || n, 'vmware', %(now)s, 'Daily', false, 1,
    '', '', '', 0, 0, false, ''
FROM (SELECT * FROM tenants_tenant WHERE msp_id = %(msp)s ORDER BY id LIMIT %(tenants)s) t, generate_series(1, %(sources)s) n
"""
_RUNS = """
INSERT INTO health_run (msp_id, tenant_id, data_source_id, job_id, kind, status, started_at, ended_at, moment,
    changed_at, size_bytes, sent_bytes, errors, message, reported_at)
SELECT s.msp_id, s.tenant_id, s.id, gen_random_uuid()::text, CASE WHEN n = 1 THEN 2 ELSE 1 END,
    CASE WHEN (n + s.id) %% 20 = 0 THEN 4 ELSE 2 END, at - interval '20 minutes', at, at, at, 5000000000 + n * 1000000,
    50000000 + n, 0, CASE WHEN (n + s.id) %% 20 = 0 THEN 'The disk of the backup server is full' ELSE '' END, at
FROM health_datasource s, generate_series(1, %(each)s) n,
    LATERAL (SELECT %(day)s::timestamptz + make_interval(secs => 86399.0 * ((n * 7919 + s.id * 104729) %% 10007) / 10007)) moment (at)
WHERE s.msp_id = %(msp)s ORDER BY at
"""
_USAGE = """
INSERT INTO health_usagerecord (msp_id, tenant_id, day, workload, measure, amount, unit, cu, measured_at, is_derived,
    reported_at)
SELECT DISTINCT s.msp_id, s.tenant_id, %(day)s::date, 'vmware', 'protected data', 5000, 'bytes', 12.5, %(day)s::timestamptz,
    false, %(day)s::timestamptz
FROM health_datasource s WHERE s.msp_id = %(msp)s
"""
_MARKS = """
INSERT INTO health_dirtyday (msp_id, tenant_id, day, data_source_id)
SELECT msp_id, tenant_id, %(day)s::date, id FROM health_datasource WHERE msp_id = %(msp)s
"""
_DELETE = """
DELETE FROM health_run WHERE id IN (SELECT id FROM health_run ORDER BY id LIMIT %(batch)s)
"""
_SIZES = """
SELECT count(*), pg_relation_size('{0}'), pg_indexes_size('{0}'), pg_total_relation_size('{0}') FROM {0}
"""


def main() -> None:
    """Fill, drain and print."""
    call_command("migrate", database="owner", verbosity=0)
    owner_url = os.environ["MIGRATION_DATABASE_URL"]
    data = build(owner_url, CUSTOMERS)
    with psycopg.connect(owner_url, autocommit=True) as owner:
        ground = _number(owner, "SELECT pg_database_size(current_database())")
        print(f"{CUSTOMERS:,} customers with their products, before any run: {ground / CUSTOMERS:,.0f} bytes each")
        days = list(_days(owner, data))
        _print_days(days)
        for table in TABLES:
            # A row updated day after day within two minutes leaves more dead ones than autovacuum would let it.
            owner.execute(f"VACUUM {'ANALYZE' if table in APPENDED else 'FULL'} {table}".encode())
            _print_size(owner, table)
        _print_deletion(owner)


class Day(NamedTuple):
    """What one day of runs cost: seconds of processors and bytes of WAL."""

    inserts: float
    insert_wal: float
    rollup_database: float
    rollup_worker: float
    rollup_wal: float


def _days(owner: psycopg.Connection, data: Dataset) -> Iterator[Day]:
    """Let day after day pass and yield what each cost."""
    now = timezone.now()
    values = {"msp": data.msp.pk, "now": now, "tenants": TENANTS, "sources": SOURCES, "each": RUNS_PER_DAY // SOURCES}
    owner.execute(_SOURCES, values)
    _drain(data)
    for ago in range(DAYS, 0, -1):
        values["day"] = (now - timedelta(days=ago)).replace(hour=0, minute=0, second=0, microsecond=0)
        used, written = _processor_seconds(owner), _written(owner)
        owner.execute(_RUNS, values)
        inserts, insert_wal = _processor_seconds(owner) - used, _written(owner) - written
        owner.execute(_USAGE, values)
        owner.execute(_MARKS, values)
        used, worker, written = _processor_seconds(connection.connection), time.process_time(), _written(owner)
        _drain(data)
        yield Day(
            inserts,
            insert_wal,
            _processor_seconds(connection.connection) - used,
            time.process_time() - worker,
            _written(owner) - written,
        )


def _drain(data: Dataset) -> None:
    while rollups.drain(data.msp):
        pass


def _processor_seconds(link: psycopg.Connection) -> float:
    """Return how long the server process of a connection has computed."""
    fields = Path(f"/proc/{link.info.backend_pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _written(owner: psycopg.Connection) -> float:
    return _number(owner, "SELECT pg_current_wal_insert_lsn() - '0/0'")


def _number(owner: psycopg.Connection, sql: str) -> float:
    row = owner.execute(sql.encode()).fetchone()
    return float(row[0]) if row else 0.0


def _print_days(days: list[Day]) -> None:
    for first in (0, 17, DAYS - 5):
        day = Day(*(statistics.mean(column) for column in zip(*days[first : first + 5], strict=True)))
        print(
            f"days {first + 1:2} to {first + 5:2}: INSERT {day.inserts * 1e6 / PER_DAY:4.0f} us and"
            f" {day.insert_wal / PER_DAY:4.0f} bytes of WAL a run; rollup of a tenant's day"
            f" {day.rollup_database * 1000 / TENANTS:.2f} ms in PostgreSQL, {day.rollup_worker * 1000 / TENANTS:.2f} ms in"
            f" the worker, {day.rollup_wal / TENANTS:,.0f} bytes of WAL"
        )


def _print_deletion(owner: psycopg.Connection) -> None:
    """Delete the oldest quarter of the runs in batches, as the retention does, and clean up after it."""
    used, written, runs = _processor_seconds(owner), _written(owner), PER_DAY * DAYS // 4
    for _ in range(runs // BATCH):
        owner.execute(_DELETE, {"batch": BATCH})
    deleted, deleted_wal = _processor_seconds(owner) - used, _written(owner) - written
    used, written = _processor_seconds(owner), _written(owner)
    owner.execute("VACUUM (PARALLEL 0) health_run")
    cleaned, cleaned_wal = _processor_seconds(owner) - used, _written(owner) - written
    print(
        f"retention: DELETE {deleted * 1e6 / runs:.1f} us and {deleted_wal / runs:.0f} bytes of WAL a run,"
        f" VACUUM {cleaned * 1e6 / runs:.1f} us and {cleaned_wal / runs:.0f} bytes"
    )


def _print_size(owner: psycopg.Connection, table: str) -> None:
    row = owner.execute(_SIZES.format(table).encode()).fetchone()
    if row is None:
        return
    rows, heap, indexes, total = row
    print(
        f"{table:22} {rows:8,} rows, a row {heap / rows:6.0f} bytes + indexes {indexes / rows:6.0f}"
        f" = {total / rows:6.0f}"
    )


main()
