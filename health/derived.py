"""Usage that no program reports: derived from the sizes of the last good backups and from users, by the plan's rates.

A tenant that reports usage of its own for a day gets none for it. The last days are derived anew every hour, so that
a late run corrects them.
"""

from datetime import date, datetime

from django.db import connection
from django.utils import timezone

from health import locks
from health.days import DAY, bounds_of, days_of
from msc.access import scope
from msc.access.models import Msp

DAYS_BACK = 7
STORED, USERS = "Stored data", "Active users"

_HEAD = """
INSERT INTO health_usagerecord AS known (msp_id, tenant_id, day, workload, measure, amount, unit, cu, measured_at,
    is_derived, reported_at)
"""
_NOT_REPORTED = """NOT EXISTS (SELECT FROM health_usagerecord u WHERE u.msp_id = %(msp)s AND u.tenant_id = t.id
    AND u.day = %(day)s AND NOT u.is_derived)"""
_TAIL = """
ON CONFLICT (msp_id, tenant_id, day, workload, measure) DO UPDATE SET amount = excluded.amount, cu = excluded.cu,
    measured_at = excluded.measured_at, reported_at = excluded.reported_at
WHERE known.is_derived AND (known.amount, known.cu) IS DISTINCT FROM (excluded.amount, excluded.cu)
RETURNING tenant_id
"""
# One TB-month is 365/12 TB-days. Stored data is billed while a tenant is suspended or awaits its deletion.
_SIZES = f"""
{_HEAD}
SELECT %(msp)s, t.id, %(day)s, s.workload, '{STORED}', sum(r.size_bytes), 'bytes',
    round(sum(r.size_bytes) / 1e12 * p.cu_per_tb_month * 12 / 365, 6), %(now)s, true, %(now)s
FROM serviceplans_planproduct p
JOIN tenants_tenant t ON t.service_plan_id = p.plan_id AND t.product = p.product AND t.deleted_at IS NULL
JOIN health_datasource s ON s.msp_id = %(msp)s AND s.tenant_id = t.id
CROSS JOIN LATERAL (SELECT r.size_bytes FROM health_run r WHERE r.msp_id = %(msp)s AND r.data_source_id = s.id
    AND r.kind = 1 AND r.status IN (2, 3) AND r.size_bytes IS NOT NULL AND r.moment < %(end)s
    ORDER BY r.moment DESC, r.job_id DESC LIMIT 1) r
WHERE p.msp_id = %(msp)s AND p.cu_per_tb_month IS NOT NULL AND {_NOT_REPORTED}
GROUP BY t.id, s.workload, p.cu_per_tb_month ORDER BY t.id, s.workload
{_TAIL}
"""  # noqa: S608 - made of constants
_PEOPLE = f"""
{_HEAD}
SELECT %(msp)s, t.id, %(day)s, w.workload, '{USERS}', w.user_count, 'users',
    round(w.user_count * p.cu_per_user_month * 12 / 365, 6), %(now)s, true, %(now)s
FROM serviceplans_planproduct p
JOIN tenants_tenant t ON t.service_plan_id = p.plan_id AND t.product = p.product AND t.deleted_at IS NULL
JOIN tenants_tenantworkload w ON w.tenant_id = t.id AND w.user_count > 0
WHERE p.msp_id = %(msp)s AND p.cu_per_user_month IS NOT NULL AND {_NOT_REPORTED}
    AND EXISTS (SELECT FROM health_datasource s WHERE s.msp_id = %(msp)s AND s.tenant_id = t.id
        AND s.workload = w.workload AND s.heard_at < %(end)s)
ORDER BY t.id, w.workload
{_TAIL}
"""  # noqa: S608 - made of constants


def derive_usage(msp: Msp, now: datetime | None = None) -> int:
    """Derive the usage of the days up to yesterday and mark them; return how many records are new or changed."""
    now = now or timezone.now()
    yesterday = msp.today(now) - DAY
    written = sum(_derive(msp, day, _SIZES, now) for day in days_of(yesterday - (DAYS_BACK - 1) * DAY, yesterday))
    # How many users there were on earlier days is not known any more.
    return written + _derive(msp, yesterday, _PEOPLE, now)


def _derive(msp: Msp, day: date, sql: str, now: datetime) -> int:
    with scope.entered("worker", msp=msp.pk), connection.cursor() as cursor:
        locks.hold_days_open(msp.pk)
        cursor.execute(sql, {"msp": msp.pk, "day": day, "now": now, "end": bounds_of(day, msp.zone)[1]})
        tenants = [pk for (pk,) in cursor.fetchall()]
        if tenants:
            cursor.execute(
                "INSERT INTO health_dirtyday (msp_id, tenant_id, day)"
                " SELECT DISTINCT %s::bigint, id, %s::date FROM unnest(%s::bigint[]) tenant (id)",
                [msp.pk, day, tenants],
            )
        return len(tenants)
