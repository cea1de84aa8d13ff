"""Sums from facts: days from runs and usage, sources from runs, windows from days, customers from their tenants.

Each function recounts what it is given, whole, in one statement, and asks nobody what stood there before; so it may
run twice, late or after a crash. The caller holds the MSP's rollup lock. Every moment and day is passed in.
"""

from collections.abc import Collection, Iterator
from datetime import date, datetime, timedelta
from typing import Any

from django.db import connection

from health.days import BACKUP_WINDOW, DAY, USAGE_WINDOW, bounds_of, days_of, start_of, window
from health.models import STRIP_DAYS
from msc.access.models import Msp
from tenants.quotas import current_sql

TenantOnDay = tuple[int, date]

#: Hours that a source without a policy may be silent, and how much later than its interval another one may be.
HOURS_WITHOUT_POLICY = 7 * 24
_PATIENCE = "greatest(1, s.policy_interval_hours * 0.1)"

_DAYS = """
WITH marked AS (
    SELECT * FROM unnest(%(tenants)s::bigint[], %(days)s::date[], %(starts)s::timestamptz[], %(ends)s::timestamptz[])
        marked (tenant_id, day, starts_at, ends_at)
), run AS (
    SELECT m.tenant_id, m.day,
        count(*) FILTER (WHERE r.kind = 1 AND r.status = 2) AS successful,
        count(*) FILTER (WHERE r.kind = 1 AND r.status = 3) AS with_errors,
        count(*) FILTER (WHERE r.kind = 1 AND r.status = 4) AS failed,
        count(*) FILTER (WHERE r.kind = 1 AND r.status = 1) AS cancelled,
        count(*) FILTER (WHERE r.kind = 2) AS restores,
        count(*) FILTER (WHERE r.kind = 2 AND r.status = 4) AS restores_failed,
        coalesce(sum(r.sent_bytes), 0) AS sent_bytes
    FROM marked m JOIN health_run r ON r.msp_id = %(msp)s AND r.tenant_id = m.tenant_id
        AND r.moment >= m.starts_at AND r.moment < m.ends_at AND r.status > 0 AND r.kind IN (1, 2)
    GROUP BY m.tenant_id, m.day
), usage AS (
    -- What the portal derived counts only where nothing was reported.
    SELECT m.tenant_id, m.day,
        coalesce(sum(u.cu) FILTER (WHERE NOT u.is_derived), sum(u.cu) FILTER (WHERE u.is_derived)) AS cu
    FROM marked m JOIN health_usagerecord u ON u.msp_id = %(msp)s AND u.tenant_id = m.tenant_id AND u.day = m.day
    GROUP BY m.tenant_id, m.day
), gone AS (
    DELETE FROM health_tenantday d USING marked m
    WHERE d.msp_id = %(msp)s AND d.tenant_id = m.tenant_id AND d.day = m.day
      AND NOT EXISTS (SELECT FROM run WHERE run.tenant_id = m.tenant_id AND run.day = m.day)
      AND NOT EXISTS (SELECT FROM usage WHERE usage.tenant_id = m.tenant_id AND usage.day = m.day)
)
INSERT INTO health_tenantday (msp_id, tenant_id, day, successful, with_errors, failed, cancelled, restores,
    restores_failed, sent_bytes, cu)
SELECT %(msp)s, tenant_id, day, coalesce(successful, 0), coalesce(with_errors, 0), coalesce(failed, 0),
    coalesce(cancelled, 0), coalesce(restores, 0), coalesce(restores_failed, 0), coalesce(sent_bytes, 0), cu
FROM run FULL JOIN usage USING (tenant_id, day)
ON CONFLICT (msp_id, tenant_id, day) DO UPDATE SET successful = excluded.successful,
    with_errors = excluded.with_errors, failed = excluded.failed, cancelled = excluded.cancelled,
    restores = excluded.restores, restores_failed = excluded.restores_failed, sent_bytes = excluded.sent_bytes,
    cu = excluded.cu
"""

_TOUCHED = """
SELECT DISTINCT r.data_source_id
FROM unnest(%(tenants)s::bigint[], %(starts)s::timestamptz[], %(ends)s::timestamptz[]) marked (tenant_id, starts_at, ends_at)
JOIN health_run r ON r.msp_id = %(msp)s AND r.tenant_id = marked.tenant_id
    AND r.moment >= marked.starts_at AND r.moment < marked.ends_at
"""

_RUN_OF_SOURCE = "FROM health_run r WHERE r.msp_id = %(msp)s AND r.data_source_id = s.id"
_LATEST = "ORDER BY r.moment DESC, r.job_id DESC LIMIT"

_SOURCES = f"""
WITH figures AS MATERIALIZED (  -- or it is found anew for every row that the planner does not expect
    SELECT s.id, told.status, told.moment, told.job_id, told.size_bytes, told.message, good.moment AS good_at, good.job_id AS good_job,
        good.size_bytes AS good_bytes, restored.moment AS restored_at, restored.job_id AS restored_job, row.failures,
        unrestored.moment AS unrestored_at, unrestored.job_id AS unrestored_job, unrestored.message AS unrestored_message,
        greatest(begun.at, going.begun_at) AS begun_at, greatest(heard.at, going.heard_at) AS heard_at,
        coalesce(going.number, 0) AS running, strip.letters,
        CASE WHEN s.policy_interval_hours IS NULL THEN {HOURS_WITHOUT_POLICY}
             ELSE s.policy_interval_hours + {_PATIENCE} END * interval '1 hour' AS patience
    FROM health_datasource s
    LEFT JOIN LATERAL (SELECT r.* {_RUN_OF_SOURCE} AND r.kind = 1 AND r.status >= 2 {_LATEST} 1) told ON true
    LEFT JOIN LATERAL (SELECT r.* {_RUN_OF_SOURCE} AND r.kind = 1 AND r.status IN (2, 3) {_LATEST} 1) good ON true
    LEFT JOIN LATERAL (SELECT r.* {_RUN_OF_SOURCE} AND r.kind = 2 AND r.status IN (2, 3) {_LATEST} 1) restored ON true
    LEFT JOIN LATERAL (SELECT r.* {_RUN_OF_SOURCE} AND r.kind = 2 AND r.status >= 2 {_LATEST} 1) unrestored
        ON unrestored.status = 4
    LEFT JOIN LATERAL (SELECT coalesce(r.started_at, r.moment) AS at {_RUN_OF_SOURCE} AND r.kind = 1 {_LATEST} 1)
        begun ON true
    LEFT JOIN LATERAL (SELECT r.moment AS at {_RUN_OF_SOURCE} AND r.kind IN (1, 2) {_LATEST} 1) heard ON true
    CROSS JOIN LATERAL (SELECT count(*) AS number, max(r.started_at) FILTER (WHERE r.kind = 1) AS begun_at,
        max(r.changed_at) AS heard_at {_RUN_OF_SOURCE} AND r.kind IN (1, 2) AND r.status = 0) going
    CROSS JOIN LATERAL (SELECT coalesce(min(place) FILTER (WHERE status <> 4) - 1, count(*)) AS failures FROM (
        SELECT r.status, row_number() OVER (ORDER BY r.moment DESC, r.job_id DESC) AS place
        {_RUN_OF_SOURCE} AND r.kind = 1 AND r.status >= 2 {_LATEST} 3) last_three) row
    CROSS JOIN LATERAL (SELECT string_agg(coalesce(letter, '.'), '' ORDER BY place) AS letters
        FROM generate_series(1, {STRIP_DAYS}) place LEFT JOIN (
            SELECT width_bucket(r.moment, %(starts)s::timestamptz[]) AS place, CASE
                WHEN bool_or(r.status = 4) THEN CASE WHEN bool_or(r.status IN (2, 3)) THEN 'P' ELSE 'F' END
                WHEN bool_or(r.status = 3) THEN 'E' WHEN bool_or(r.status = 2) THEN 'S'
                WHEN bool_or(r.status = 0) THEN 'R' ELSE 'C' END AS letter
            {_RUN_OF_SOURCE} AND r.kind = 1 AND r.moment >= %(first)s AND r.moment < %(end)s GROUP BY 1
        ) lettered USING (place)) strip
    WHERE s.msp_id = %(msp)s AND s.id = ANY(%(sources)s::bigint[])
)
UPDATE health_datasource s SET last_status = f.status, last_backup_at = f.moment,
    last_backup_job = coalesce(f.job_id, ''), last_backup_bytes = f.size_bytes, last_start_at = f.begun_at,
    last_message = CASE WHEN f.status > 2 THEN f.message ELSE '' END,
    failed_restore_at = f.unrestored_at, failed_restore_job = coalesce(f.unrestored_job, ''),
    failed_restore_message = coalesce(f.unrestored_message, ''),
    last_success_at = f.good_at, last_success_job = coalesce(f.good_job, ''), last_success_bytes = f.good_bytes,
    last_restore_at = f.restored_at, last_restore_job = coalesce(f.restored_job, ''), failures_in_row = f.failures,
    running = f.running, heard_at = f.heard_at, silent_from = f.heard_at + f.patience,
    is_silent = coalesce(f.heard_at + f.patience <= %(now)s, false), strip = f.letters, strip_on = %(today)s,
    counted_at = %(now)s
FROM figures f WHERE s.id = f.id
"""  # noqa: S608 - made of constants

_TENANTS = f"""
INSERT INTO health_tenanthealth (tenant_id, msp_id, customer_id, successful_30d, with_errors_30d, failed_30d,
    cancelled_30d, restores_30d, restores_failed_30d, cu_90d, quota_cu_used, quota_used_percent, sources,
    failing_sources, partial_sources, silent_sources, running, last_backup_at, window_on, counted_at)
SELECT t.id, t.msp_id, t.customer_id, coalesce(w.successful, 0), coalesce(w.with_errors, 0), coalesce(w.failed, 0),
    coalesce(w.cancelled, 0), coalesce(w.restores, 0), coalesce(w.restores_failed, 0), u.cu, q.used,
    CASE WHEN p.quota > 0 THEN trunc(100 * q.used / p.quota, 2) END, s.number, s.failing, s.partial, s.silent, s.running,
    s.last_success_at, %(today)s, %(now)s
FROM tenants_tenant t
CROSS JOIN LATERAL (SELECT sum(d.successful) AS successful, sum(d.with_errors) AS with_errors, sum(d.failed) AS failed,
        sum(d.cancelled) AS cancelled, sum(d.restores) AS restores, sum(d.restores_failed) AS restores_failed
    FROM health_tenantday d WHERE d.msp_id = %(msp)s AND d.tenant_id = t.id
        AND d.day BETWEEN %(backup_first)s AND %(today)s) w
CROSS JOIN LATERAL (SELECT sum(d.cu) AS cu FROM health_tenantday d
    WHERE d.msp_id = %(msp)s AND d.tenant_id = t.id AND d.day BETWEEN %(usage_first)s AND %(today)s) u
LEFT JOIN LATERAL ({current_sql(tenant="t", day="%(today)s")}) p
    ON p.effective_on <= %(today)s  -- nothing is used of a quota that has not begun
LEFT JOIN LATERAL (SELECT coalesce(sum(d.cu), 0) AS used FROM health_tenantday d WHERE d.msp_id = %(msp)s
    AND d.tenant_id = t.id AND d.day BETWEEN p.effective_on AND least(p.end_on, %(today)s)) q ON p.quota IS NOT NULL
CROSS JOIN LATERAL (SELECT count(*) AS number, count(*) FILTER (WHERE s.is_silent) AS silent,
        count(*) FILTER (WHERE s.last_status = 4 AND NOT s.is_silent) AS failing,
        count(*) FILTER (WHERE s.last_status = 3 AND NOT s.is_silent) AS partial, coalesce(sum(s.running), 0) AS running,
        max(s.last_success_at) AS last_success_at
    FROM health_datasource s WHERE s.msp_id = %(msp)s AND s.tenant_id = t.id) s
WHERE t.msp_id = %(msp)s AND t.id = ANY(%(tenants)s::bigint[])
ON CONFLICT (tenant_id) DO UPDATE SET successful_30d = excluded.successful_30d,
    with_errors_30d = excluded.with_errors_30d, failed_30d = excluded.failed_30d,
    cancelled_30d = excluded.cancelled_30d, restores_30d = excluded.restores_30d,
    restores_failed_30d = excluded.restores_failed_30d, cu_90d = excluded.cu_90d,
    quota_cu_used = excluded.quota_cu_used, quota_used_percent = excluded.quota_used_percent,
    sources = excluded.sources, failing_sources = excluded.failing_sources,
    partial_sources = excluded.partial_sources, silent_sources = excluded.silent_sources,
    running = excluded.running, last_backup_at = excluded.last_backup_at, window_on = excluded.window_on,
    counted_at = excluded.counted_at
RETURNING customer_id
"""  # noqa: S608 - made of constants

_LOCK_CUSTOMERS = """
SELECT FROM customers_customersummary WHERE msp_id = %(msp)s AND customer_id = ANY(%(customers)s::bigint[])
ORDER BY customer_id FOR NO KEY UPDATE
"""

_CUSTOMERS = """
WITH figures AS MATERIALIZED (
    SELECT asked.id, h.*, u.cu, a.open_alerts, a.warnings
    FROM unnest(%(customers)s::bigint[]) asked (id)
    CROSS JOIN LATERAL (SELECT min(h.quota_used_percent) AS used_low, max(h.quota_used_percent) AS used_high,
            sum(h.successful_30d + h.with_errors_30d + h.failed_30d + h.cancelled_30d) AS backups,
            sum(h.successful_30d + h.with_errors_30d) AS good, sum(h.failed_30d) AS failed,
            max(h.last_backup_at) AS last_backup_at, sum(h.failing_sources) AS failing,
            sum(h.partial_sources) AS partial, sum(h.silent_sources) AS silent, max(h.counted_at) AS counted_at
        FROM health_tenanthealth h JOIN tenants_tenant t ON t.id = h.tenant_id AND t.deleted_at IS NULL
        WHERE h.msp_id = %(msp)s AND h.customer_id = asked.id) h
    -- What a deleted product used stays used, here as on the customer's page.
    CROSS JOIN LATERAL (SELECT sum(h.cu_90d) AS cu FROM health_tenanthealth h
        WHERE h.msp_id = %(msp)s AND h.customer_id = asked.id) u
    CROSS JOIN LATERAL (SELECT count(*) AS open_alerts, count(*) FILTER (WHERE a.severity > 1) AS warnings
        FROM health_alert a WHERE a.msp_id = %(msp)s AND a.customer_id = asked.id AND a.state = 'active') a
)
UPDATE customers_customersummary c SET quota_used_low = h.used_low, quota_used_high = h.used_high,
    backups_30d = coalesce(h.backups, 0), backup_success = CASE WHEN h.good + h.failed > 0
        THEN trunc(100.0 * h.good / (h.good + h.failed), 2) END,
    last_backup_at = h.last_backup_at, cu_90d = h.cu, failing_sources = coalesce(h.failing, 0),
    silent_sources = coalesce(h.silent, 0), counted_at = h.counted_at,
    open_alerts = h.open_alerts,
    health = CASE WHEN h.failing > 0 THEN 4 WHEN h.silent > 0 THEN 3 WHEN h.partial > 0 OR h.warnings > 0 THEN 2
        WHEN h.last_backup_at IS NOT NULL THEN 1 ELSE 0 END,
    products = (SELECT coalesce(jsonb_agg(entry || jsonb_build_object('qu', (SELECT u.quota_used_percent::text
            FROM health_tenanthealth u WHERE u.msp_id = %(msp)s AND u.tenant_id = (entry ->> 't')::bigint)) ORDER BY place), '[]')
        FROM jsonb_array_elements(c.products) WITH ORDINALITY listed (entry, place))
FROM figures h WHERE c.msp_id = %(msp)s AND c.customer_id = h.id
"""


def recount_days(msp: Msp, marked: Collection[TenantOnDay]) -> None:
    """Count the days anew from the runs and usage that there are; a day with neither has no row."""
    if marked:
        _execute(_DAYS, _spans(msp, marked))


def sources_on(msp: Msp, marked: Collection[TenantOnDay]) -> set[int]:
    """Return the data sources that have a run on one of the days."""
    return {pk for (pk,) in _execute(_TOUCHED, _spans(msp, marked))} if marked else set()


def recount_sources(msp: Msp, sources: Collection[int], now: datetime) -> None:
    """Find the last states, the silence and the 28-day strip of the sources anew from their runs."""
    today = msp.today(now)
    first = today - (STRIP_DAYS - 1) * DAY
    ordered = sorted(sources)
    values = {
        "msp": msp.pk,
        "now": now,
        "today": today,
        "starts": [start_of(day, msp.zone) for day in days_of(first, today)],
        "first": start_of(first, msp.zone),
        "end": start_of(today + DAY, msp.zone),
    }
    # Locked in one order, so that a call that learns policies waits and is never waited for.
    _execute(
        "SELECT FROM health_datasource WHERE msp_id = %(msp)s AND id = ANY(%(sources)s) ORDER BY id FOR NO KEY UPDATE",
        {"msp": msp.pk, "sources": ordered},
    )
    for part in _parts(ordered):
        _execute(_SOURCES, {**values, "sources": part})


def recount_tenants(msp: Msp, tenants: Collection[int], now: datetime) -> set[int]:
    """Sum up the windows of the tenants anew from their days; return the customers they belong to."""
    if not tenants:
        return set()
    today = msp.today(now)
    values = {
        "msp": msp.pk,
        "now": now,
        "today": today,
        "tenants": sorted(tenants),
        "backup_first": window(today, BACKUP_WINDOW)[0],
        "usage_first": window(today, USAGE_WINDOW)[0],
    }
    return {pk for (pk,) in _execute(_TENANTS, values)}


def recount_customers(msp: Msp, customers: Collection[int]) -> None:
    """Sum up what the customer list shows of health, in the rows that the list sorts by."""
    ordered = sorted(customers)
    if ordered:
        _execute(_LOCK_CUSTOMERS, {"msp": msp.pk, "customers": ordered})
    for part in _parts(ordered):
        _execute(_CUSTOMERS, {"msp": msp.pk, "customers": part})


def _spans(msp: Msp, marked: Collection[TenantOnDay]) -> dict[str, Any]:
    """Return the days as parameters, with the moments at which they begin and end in the MSP's zone."""
    bounds: dict[date, tuple[datetime, datetime]] = {day: bounds_of(day, msp.zone) for _, day in marked}
    ordered = sorted(marked)
    return {
        "msp": msp.pk,
        "tenants": [tenant for tenant, _ in ordered],
        "days": [day for _, day in ordered],
        "starts": [bounds[day][0] for _, day in ordered],
        "ends": [bounds[day][1] for _, day in ordered],
    }


def _parts(ordered: list[int], size: int = 500) -> Iterator[list[int]]:
    """Split what a statement recounts, so that none takes long however many there are."""
    for begin in range(0, len(ordered), size):
        yield ordered[begin : begin + size]


def _execute(sql: str, values: dict[str, Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return cursor.fetchall() if cursor.description else []


def silence(hours: int | None) -> timedelta:
    """Return how long a source with a backup every so many hours may be silent; the statement above says the same."""
    return timedelta(hours=HOURS_WITHOUT_POLICY if hours is None else hours + max(1, hours * 0.1))
