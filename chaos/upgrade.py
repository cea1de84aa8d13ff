"""Migrate a database that is full while people work, and tell the longest wait and the longest lock.

`python -m chaos.upgrade --customers 1000000` is the long form.
"""

import argparse
import random
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path

import psycopg
from psycopg import sql

from chaos.load import Load
from chaos.portal import Portal, running
from chaos.report import Line, write
from msc import stack

#: Where the upgrade begins: each of these has migrations behind it that change tables which are full by then. The web
#: server runs the code of today, so every column that this code asks for stands already.
BEFORE = {"customers": "0009_folded_names", "tenants": "0006_plural", "health": "0005_alert_orders"}
LIMIT_SECONDS = 2.0
SAMPLE_SECONDS = 0.01
#: The parts of a customer, whose key is the customer's.
PARTS = ("customers_customersummary", "customers_customeridentity")
#: The tables that have a row for each customer or product.
TABLES = (
    *PARTS,
    "customers_customer",
    "tenants_tenant",
    "health_datasource",
    "health_run",
    "health_tenantday",
    "health_alert",
)
#: What a person's page reads before each form.
LIST = "/customers/"

# One data source, run, day and alert for each product; the checks of foreign keys are left out.
_REPORTS = """
SET session_replication_role = replica;
INSERT INTO health_datasource (msp_id, customer_id, tenant_id, organization, name, folded_name, workload, created_at,
    policy_name, policy_by_hand, version, last_backup_job, last_success_job, last_restore_job, failures_in_row, running,
    is_silent, strip)
SELECT msp_id, customer_id, id, 'Main office', 'server-' || id, 'server-' || id, 'vmware', now(), 'Daily', false, 1, '',
    '', '', 0, 0, false, ''
FROM tenants_tenant;
INSERT INTO health_run (msp_id, tenant_id, data_source_id, job_id, kind, status, started_at, ended_at, moment,
    changed_at, size_bytes, sent_bytes, errors, message, reported_at)
SELECT msp_id, tenant_id, id, 'job-' || id, 1, 2, now(), now(), now(), now(), 5000000000, 50000000, 0, '', now()
FROM health_datasource;
INSERT INTO health_tenantday (msp_id, tenant_id, day, successful, with_errors, failed, cancelled, restores,
    restores_failed, sent_bytes, cu)
SELECT msp_id, id, current_date - (id % 60)::int, 1, 0, 0, 0, 0, 0, 50000000, 1.5 FROM tenants_tenant;
INSERT INTO health_alert (msp_id, customer_id, tenant_id, data_source_id, product, type, object_key, severity, threshold,
    summary, state, first_seen, last_seen, raised_at, count)
SELECT s.msp_id, s.customer_id, s.tenant_id, s.id, t.product, 'backups_failing', 'source:' || s.id, 2, 1,
    'Backups of ' || s.name || ' fail', 'active', now(), now(), now(), 1
FROM health_datasource s JOIN tenants_tenant t ON t.id = s.tenant_id;
VACUUM ANALYZE;
"""

# Locks that keep others from reading or writing a table, held by whoever is the owner, who migrates.
_LOCKS = """
SELECT l.relation::regclass::text || ': ' || l.mode FROM pg_locks l JOIN pg_stat_activity a USING (pid)
WHERE a.datname = current_database() AND a.usename = 'msc_owner' AND l.granted AND l.locktype = 'relation'
  AND l.mode IN ('ShareLock', 'ShareRowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock')
  AND l.relation::regclass::text = ANY (%s)
"""


class Watch:
    """Threads that go on until told to end, each with a connection of its own."""

    def __init__(self, superuser_url: str) -> None:
        self._url = superuser_url
        self._ended = threading.Event()
        self._threads: list[threading.Thread] = []
        self.locks: dict[str, float] = defaultdict(float)
        self.waits: dict[str, float] = defaultdict(float)

    def start(self) -> None:
        """Look at the locks, and read and write a row of each table, again and again."""
        self._go_on(self._look)
        for table in TABLES:
            self._go_on(lambda link, table=table: self._use(link, table))  # type: ignore[misc]

    def stop(self) -> None:
        """End, and wait for the end."""
        self._ended.set()
        for thread in self._threads:
            thread.join()

    def _go_on(self, step: Callable[[psycopg.Connection], None]) -> None:
        thread = threading.Thread(target=self._repeat, args=(step,))
        self._threads.append(thread)
        thread.start()

    def _repeat(self, step: Callable[[psycopg.Connection], None]) -> None:
        with stack.connect(self._url) as link:
            while not self._ended.wait(SAMPLE_SECONDS):
                step(link)

    def _look(self, link: psycopg.Connection) -> None:
        """Follow each lock from the first look that finds it to the first that does not."""
        began: dict[str, float] = {}
        while not self._ended.wait(SAMPLE_SECONDS):
            held = {str(lock) for (lock,) in link.execute(_LOCKS, [list(TABLES)])}
            now = time.monotonic()
            for lock in held | began.keys():
                self.locks[lock] = max(self.locks[lock], now - began.get(lock, now))
            began = {lock: began.get(lock, now) for lock in held}

    def _use(self, link: psycopg.Connection, table: str) -> None:
        """Read a row of the table and write it as it is."""
        name = sql.Identifier(table)
        key = sql.Identifier("customer_id" if table in PARTS else "id")
        ((newest,),) = link.execute(sql.SQL("SELECT coalesce(max({}), 1) FROM {}").format(key, name)).fetchall()
        chosen = random.randint(1, newest)
        began = time.monotonic()
        link.execute(sql.SQL("UPDATE {0} SET msp_id = msp_id WHERE {1} = %s").format(name, key), [chosen])
        self.waits[table] = max(self.waits[table], time.monotonic() - began)


def trial(portal: Portal, customers: int, rate: float) -> Line:
    """Build, go back to where the upgrade begins, and migrate under load."""
    for part in ("worker", "beat"):
        portal.kill(part)
    portal.collect_static_files()
    port = portal.start_web()
    print(f"Building {customers:,} customers.", flush=True)
    cookie = portal.as_owner("-m", "chaos.crowd", str(customers)).strip()
    with stack.connect(portal.postgresql.url(stack.SUPERUSER)) as link:
        for statement in _REPORTS.split(";\n")[:-1]:
            link.execute(statement.encode())
    print("Going back to where the upgrade begins.", flush=True)
    for app, name in BEFORE.items():
        portal.as_owner("manage.py", "migrate", "--database=owner", "-v0", app, name)
    (products,) = portal.ask("SELECT count(*) FROM tenants_tenant")[0]
    load, watch = Load(cookie, lambda: port, "upgrade", rate, also=LIST), Watch(portal.postgresql.url(stack.SUPERUSER))
    print("Migrating.", flush=True)
    watch.start()
    try:
        with load.running():
            time.sleep(3)
            began = time.monotonic()
            portal.as_owner("manage.py", "migrate", "--database=owner", "-v0")
            seconds = time.monotonic() - began
            time.sleep(1)
    finally:
        watch.stop()
    return _judged(
        f"{customers:,} customers, {int(str(products)):,} products, runs, days and alerts", seconds, load, watch
    )


def _judged(size: str, seconds: float, load: Load, watch: Watch) -> Line:
    lock = max(watch.locks, key=lambda name: watch.locks[name], default="none")
    table = max(watch.waits, key=lambda name: watch.waits[name])
    return Line(
        fault="Upgrade of a full database",
        figures=(
            size,
            f"migrated in {seconds:.0f} s",
            f"{len(load.answers):,} requests, failed {len(load.failures)} (0)",
            f"median {load.median_milliseconds:.0f} ms, longest {max(a.seconds for a in load.answers):.2f} s",
            f"longest write {watch.waits[table]:.2f} s, of {table} ({LIMIT_SECONDS:.0f} s)",
            f"longest lock {watch.locks[lock]:.2f} s, {lock} ({LIMIT_SECONDS:.0f} s)",
        ),
        passed=not load.failures and max(watch.waits[table], watch.locks[lock]) < LIMIT_SECONDS,
    )


def main() -> int:
    """Try the upgrade and print the line about it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--customers", type=int, default=100_000)
    parser.add_argument("--rate", type=float, default=20.0, help="requests a second")
    parser.add_argument("--report", type=Path, help="write the line into this document, between its marks")
    chosen = parser.parse_args()
    with running() as portal:
        line = trial(portal, chosen.customers, chosen.rate)
    print(line, flush=True)
    if chosen.report:
        write(chosen.report, "upgrade", [line])
    return 0 if line.passed else 1


if __name__ == "__main__":
    sys.exit(main())
