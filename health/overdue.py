"""Running jobs whose end was never reported are closed as failed.

A job is overdue three times its usual length after its last report, and not before a day has passed. It then counts as
failed from that moment. Its own time stays as it is, so that any later report of the job replaces the closing.
"""

from datetime import datetime

from django.db import connection

from health import locks
from msc.access import scope
from msc.access.models import Msp

MOST = 1_000
NEVER_ENDED = "The job never ended: no end was reported in time."

# The usual length is the median of the last ten jobs of the same kind that reported start and end.
_CLOSE = """
WITH running AS (
    SELECT r.id, r.changed_at + greatest(interval '1 day', 3 * usual.length) AS due_at
    FROM health_run r CROSS JOIN LATERAL (
        SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY ended_at - started_at) AS length FROM (
            SELECT o.started_at, o.ended_at FROM health_run o
            WHERE o.msp_id = r.msp_id AND o.data_source_id = r.data_source_id AND o.kind = r.kind
                AND o.status IN (2, 3) AND o.started_at IS NOT NULL
            ORDER BY o.moment DESC, o.job_id DESC LIMIT 10) last_ten) usual
    WHERE r.msp_id = %(msp)s AND r.status = 0 AND r.changed_at <= %(now)s - interval '1 day'
), overdue AS (
    SELECT r.id, running.due_at FROM health_run r JOIN running USING (id)
    WHERE running.due_at <= %(now)s AND r.status = 0 ORDER BY r.id LIMIT %(most)s FOR NO KEY UPDATE OF r
)
UPDATE health_run r SET status = 4, ended_at = o.due_at, moment = o.due_at, message = %(message)s, reported_at = %(now)s
FROM overdue o WHERE r.id = o.id
RETURNING r.tenant_id, r.data_source_id, o.due_at
"""

_MARK = """
INSERT INTO health_dirtyday (msp_id, tenant_id, day, data_source_id)
SELECT %s, given.* FROM unnest(%s::bigint[], %s::date[], %s::bigint[]) given
"""


def close_overdue_jobs(msp: Msp, now: datetime) -> int:
    """Close the overdue jobs of the MSP and mark their days and data sources; return how many there were."""
    closed = 0
    while True:
        with scope.entered("worker", msp=msp.pk), connection.cursor() as cursor:
            locks.hold_days_open(msp.pk)
            cursor.execute(_CLOSE, {"msp": msp.pk, "now": now, "most": MOST, "message": NEVER_ENDED})
            rows = cursor.fetchall()
            marks = [(tenant, msp.day_of(due_at), source) for tenant, source, due_at in rows]
            if marks:
                cursor.execute(_MARK, [msp.pk, *map(list, zip(*marks, strict=True))])
        closed += len(rows)
        if len(rows) < MOST:
            return closed
