"""From marks to figures: dirty days are recounted, windows move at midnight, sources fall silent, old days close.

One transaction per MSP counts at a time (an advisory lock), so no older count can overwrite a newer one. A mark is
deleted before the recount: what arrives meanwhile leaves a mark of its own, and a crash brings the mark back.
"""

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from itertools import islice
from typing import Any

from django.db import connection
from django.utils import timezone

from health import locks
from health.days import BACKUP_WINDOW, DAY, USAGE_WINDOW, oldest_open_day, start_of, window
from health.models import RollupState
from health.recount import recount_customers, recount_days, recount_sources, recount_tenants, sources_on
from health.refused import RETENTION
from msc.access import scope
from msc.access.models import Msp

MOST_TENANTS = 200  # whose marks one transaction takes, so that it stays short
MOST_MARKS = 4_000
CHUNK = 1_000
#: Runs of closed days are kept this much longer, so that a change of zone finds the first open day whole.
SPARE_DAYS = 2 * DAY

# All marks of a tenant are taken together: its figures are never half in one zone and half in another.
_CLAIM = """
WITH oldest AS (SELECT id, tenant_id FROM health_dirtyday WHERE msp_id = %(msp)s ORDER BY id LIMIT %(marks)s),
chosen AS (SELECT tenant_id FROM oldest GROUP BY tenant_id ORDER BY min(id) LIMIT %(tenants)s),
claimed AS (
    SELECT id FROM health_dirtyday WHERE msp_id = %(msp)s AND tenant_id IN (TABLE chosen) FOR UPDATE SKIP LOCKED
)
DELETE FROM health_dirtyday WHERE id IN (TABLE claimed) RETURNING tenant_id, day, data_source_id
"""

_MARK_OPEN_DAYS = """
INSERT INTO health_dirtyday (msp_id, tenant_id, day)
SELECT DISTINCT d.msp_id, d.tenant_id, d.day + step FROM health_tenantday d, generate_series(-1, 1) step
WHERE d.msp_id = %(msp)s AND d.day + step >= %(oldest)s ORDER BY d.tenant_id, d.day + step
"""

_MOVING = """
SELECT tenant_id FROM health_tenantday WHERE msp_id = %(msp)s AND (
    day BETWEEN %(backup_from)s AND %(backup_to)s OR day BETWEEN %(usage_from)s AND %(usage_to)s OR day BETWEEN %(from)s AND %(to)s)
UNION
SELECT tenant_id FROM tenants_quotaperiod
WHERE msp_id = %(msp)s AND replaced_at IS NULL
    AND (effective_on BETWEEN %(from)s AND %(to)s OR end_on + 1 BETWEEN %(from)s AND %(to)s)
"""


def msps_with_marks() -> list[Msp]:
    """Return the MSPs that have something to recount; the worker role sees the marks of all."""
    with scope.entered("worker"), connection.cursor() as cursor:
        cursor.execute("SELECT DISTINCT msp_id FROM health_dirtyday")
        ids = [pk for (pk,) in cursor.fetchall()]
        return list(Msp.objects.filter(pk__in=ids).order_by("pk"))


def drain(msp: Msp, now: datetime | None = None) -> int:
    """Recount what the oldest marks of the MSP ask for, in one transaction; return how many marks that were."""
    now = now or timezone.now()
    with scope.entered("worker", msp=msp.pk):
        if not locks.begin_rollup(msp.pk):
            return 0
        state = _state_of(msp, now)
        with connection.cursor() as cursor:
            cursor.execute(_CLAIM, {"msp": msp.pk, "marks": MOST_MARKS, "tenants": MOST_TENANTS})
            marks: list[tuple[int, date | None, int | None]] = cursor.fetchall()
        if marks:
            _recount(msp, marks, state.closed_before, now)
        RollupState.objects.filter(pk=msp.pk).update(drained_at=now)
        return len(marks)


def _recount(msp: Msp, marks: Sequence[tuple[int, date | None, int | None]], oldest: date, now: datetime) -> None:
    days = {(tenant, day) for tenant, day, _ in marks if day is not None and day >= oldest}
    recount_days(msp, days)
    recount_sources(msp, sources_on(msp, days) | {source for *_, source in marks if source is not None}, now)
    recount_customers(msp, recount_tenants(msp, {tenant for tenant, *_ in marks}, now))


def keep_up(msp: Msp, now: datetime | None = None) -> None:
    """Do what the clock asks for: windows at midnight, a changed zone, silence; each in short transactions."""
    now = now or timezone.now()
    with scope.entered("worker", msp=msp.pk):
        if not locks.begin_rollup(msp.pk):
            return
        state = _state_of(msp, now)
        _notice_zone(msp, state)
    slide(msp, state.window_on, now)
    notice_silence(msp, now)


def _state_of(msp: Msp, now: datetime) -> RollupState:
    today = msp.today(now)
    state, _ = RollupState.objects.get_or_create(
        msp=msp,
        defaults={"time_zone": msp.time_zone, "window_on": today, "closed_before": oldest_open_day(today)},
    )
    return state


def _notice_zone(msp: Msp, state: RollupState) -> None:
    """Mark all open days when the MSP's days begin at other moments than they were counted by."""
    if state.time_zone == msp.time_zone:
        return
    with connection.cursor() as cursor:
        cursor.execute(_MARK_OPEN_DAYS, {"msp": msp.pk, "oldest": state.closed_before})
    state.time_zone = msp.time_zone
    state.save(update_fields=["time_zone"])


def slide(msp: Msp, old: date, now: datetime) -> int:
    """Move the windows on to today: only tenants with figures on a day that enters or leaves need a recount."""
    new = msp.today(now)
    if new == old:
        return 0
    with scope.entered("worker", msp=msp.pk), connection.cursor() as cursor:
        cursor.execute(_MOVING, {"msp": msp.pk, **_moving_days(*sorted((old, new)))})
        tenants = [pk for (pk,) in cursor.fetchall()]
    for chunk in _chunks(tenants):
        with scope.entered("worker", msp=msp.pk):
            if not locks.begin_rollup(msp.pk):
                return 0  # the day stays as it is, so the next tick begins anew
            recount_customers(msp, recount_tenants(msp, chunk, now))
    with scope.entered("worker", msp=msp.pk):
        RollupState.objects.filter(pk=msp.pk).update(window_on=new)
    return len(tenants)


def _moving_days(old: date, new: date) -> dict[str, date]:
    """Return the days that leave or enter a window when today moves from the old day to the new."""
    return {
        "from": old + DAY,
        "to": new,
        "backup_from": window(old, BACKUP_WINDOW)[0],
        "backup_to": window(new, BACKUP_WINDOW)[0] - DAY,
        "usage_from": window(old, USAGE_WINDOW)[0],
        "usage_to": window(new, USAGE_WINDOW)[0] - DAY,
    }


def notice_silence(msp: Msp, now: datetime) -> int:
    """Let sources that have been silent too long be unknown, and count their tenants and customers anew."""
    fallen = 0
    while True:
        with scope.entered("worker", msp=msp.pk):
            if not locks.begin_rollup(msp.pk):
                return fallen
            with connection.cursor() as cursor:
                cursor.execute(
                    "UPDATE health_datasource SET is_silent = true WHERE id IN (SELECT id FROM health_datasource"
                    " WHERE msp_id = %s AND NOT is_silent AND silent_from <= %s ORDER BY id LIMIT %s FOR NO KEY UPDATE)"
                    " RETURNING tenant_id",
                    [msp.pk, now, CHUNK],
                )
                tenants = [pk for (pk,) in cursor.fetchall()]
            recount_customers(msp, recount_tenants(msp, set(tenants), now))
        fallen += len(tenants)
        if len(tenants) < CHUNK:
            return fallen


def close_days(msp: Msp, now: datetime | None = None) -> bool:
    """Close the days that are older than runs are kept; False while one of them waits to be recounted."""
    now = now or timezone.now()
    oldest = oldest_open_day(msp.today(now))
    with scope.entered("worker", msp=msp.pk):
        locks.begin_closing(msp.pk)
        state = _state_of(msp, now)
        if oldest <= state.closed_before:
            return True
        with connection.cursor() as cursor:
            cursor.execute("SELECT FROM health_dirtyday WHERE msp_id = %s AND day < %s LIMIT 1", [msp.pk, oldest])
            if cursor.fetchone() is not None:
                return False
        RollupState.objects.filter(pk=msp.pk).update(closed_before=oldest)
        return True


_PURGE_RUNS = """
DELETE FROM health_run WHERE id IN (SELECT r.id FROM unnest(%s::bigint[]) t (id)
    JOIN health_run r ON r.msp_id = %s AND r.tenant_id = t.id AND r.moment < %s LIMIT %s)
"""
_PURGE_USAGE = """
DELETE FROM health_usagerecord WHERE id IN (SELECT u.id FROM unnest(%s::bigint[]) t (id)
    JOIN health_usagerecord u ON u.msp_id = %s AND u.tenant_id = t.id AND u.day < %s LIMIT %s)
"""

_PURGE_REFUSED = """
DELETE FROM health_refusedrecord WHERE id IN
    (SELECT id FROM health_refusedrecord WHERE msp_id = %s AND received_at < %s LIMIT %s)
"""


def purge_refused(msp: Msp, now: datetime) -> int:
    """Delete refused records that are older than they are kept."""
    return _delete(msp, _PURGE_REFUSED, [msp.pk, now - RETENTION])


def purge(msp: Msp) -> int:
    """Delete runs and usage of closed days, batch by batch; the daily totals stay for ever."""
    with scope.entered("worker", msp=msp.pk), connection.cursor() as cursor:
        cursor.execute("SELECT closed_before FROM health_rollupstate WHERE msp_id = %s", [msp.pk])
        row = cursor.fetchone()
        cursor.execute("SELECT id FROM tenants_tenant WHERE msp_id = %s ORDER BY id", [msp.pk])
        tenants = [pk for (pk,) in cursor.fetchall()]
    if row is None:
        return 0
    last: date = row[0] - SPARE_DAYS
    deleted = 0
    for chunk in _chunks(tenants):
        deleted += _delete(msp, _PURGE_RUNS, [chunk, msp.pk, start_of(last, msp.zone)])
        deleted += _delete(msp, _PURGE_USAGE, [chunk, msp.pk, last])
    return deleted


def forget_tenant(msp: Msp, tenant_id: int) -> None:
    """Delete runs, usage, sources and marks of a purged tenant; its daily totals and alerts stay."""
    far = [[tenant_id], msp.pk]
    _delete(msp, _PURGE_RUNS, [*far, timezone.now() + timedelta(days=3650)])
    _delete(msp, _PURGE_USAGE, [*far, date.max])
    with scope.entered("worker", msp=msp.pk), connection.cursor() as cursor:
        of_tenant = [msp.pk, tenant_id]
        cursor.execute("DELETE FROM health_dirtyday WHERE msp_id = %s AND tenant_id = %s", of_tenant)
        cursor.execute(
            "UPDATE health_alert SET data_source_id = NULL, message = '' WHERE msp_id = %s AND tenant_id = %s",
            of_tenant,
        )
        cursor.execute("DELETE FROM health_datasource WHERE msp_id = %s AND tenant_id = %s", of_tenant)
        cursor.execute("DELETE FROM health_refusedrecord WHERE msp_id = %s AND tenant_id = %s", of_tenant)
        recount_customers(msp, recount_tenants(msp, [tenant_id], timezone.now()))


def _delete(msp: Msp, sql: str, values: list[Any]) -> int:
    """Delete in batches, each a transaction of its own, until nothing is left."""
    deleted = 0
    while True:
        with scope.entered("worker", msp=msp.pk), connection.cursor() as cursor:
            cursor.execute(sql, [*values, 5 * CHUNK])
            gone: int = cursor.rowcount
        deleted += gone
        if gone < 5 * CHUNK:
            return deleted


def _chunks(ids: Iterable[int]) -> Iterable[list[int]]:
    rest = iter(ids)
    while chunk := list(islice(rest, CHUNK)):
        yield chunk
