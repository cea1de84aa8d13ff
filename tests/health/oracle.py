"""What the rollups must find, counted the slow and obvious way in Python from everything that was ever sent."""

import statistics
from collections import Counter, defaultdict
from datetime import timedelta
from decimal import Decimal

from health.intake import _order
from health.overdue import NEVER_ENDED
from health.records import run_of

GOOD = (2, 3)
COUNTED = (1, 2)  # backups and restores; maintenance and other commands count nowhere


def newest(records, now):
    """Return the newest state of each job, told by the runs' own times."""
    jobs = {}
    for raw in records:
        run = run_of(raw, now)
        key = run.tenant, run.job_id
        if key not in jobs or _order(run, 0) > _order(jobs[key], 0):
            jobs[key] = run
    return list(jobs.values())


def closed(runs, now):
    """Return the runs with those closed as failed that are overdue."""
    return [_closed(run, runs, now) if run.status == 0 else run for run in runs]


def _closed(run, runs, now):
    same = [
        other
        for other in runs
        if (other.data_source, other.kind) == (run.data_source, run.kind) and other.status in GOOD and other.started_at
    ]
    same.sort(key=lambda other: (other.moment, other.job_id))
    lengths = [other.ended_at - other.started_at for other in same[-10:]]
    due_at = run.changed_at + max(timedelta(days=1), 3 * (statistics.median(lengths) if lengths else timedelta(0)))
    if due_at > now:
        return run
    return run._replace(status=4, ended_at=due_at, moment=due_at, message=NEVER_ENDED)


def days(runs, usage, zone):
    """Return per day: successful, with errors, failed, cancelled, restores, failed restores, CU."""
    found = defaultdict(lambda: [0, 0, 0, 0, 0, 0, None])
    place = {2: 0, 3: 1, 4: 2, 1: 3}
    for run in runs:
        if run.status == 0 or run.kind not in COUNTED:
            continue
        row = found[run.moment.astimezone(zone).date()]
        if run.kind == 1:
            row[place[run.status]] += 1
        else:
            row[4] += 1
            row[5] += run.status == 4
    for day, cu in usage.items():
        found[day][6] = (found[day][6] or Decimal(0)) + cu
    return dict(found)


def window(table, today, length, *columns):
    rows = [row for day, row in table.items() if today - timedelta(days=length) < day <= today]
    return [sum(row[column] or 0 for row in rows) for column in columns]


def latest(runs, wanted):
    chosen = sorted((run for run in runs if wanted(run)), key=lambda run: (run.moment, run.job_id))
    return chosen[-1] if chosen else None


def strip(runs, zone, today):
    by_day = defaultdict(Counter)
    for run in runs:
        if run.kind == 1:
            by_day[run.moment.astimezone(zone).date()][run.status] += 1
    letters = []
    for back in range(27, -1, -1):
        statuses = by_day.get(today - timedelta(days=back), {})
        if 4 in statuses:
            letters.append("P" if 2 in statuses or 3 in statuses else "F")
        else:
            letters.append(
                next((letter for status, letter in ((3, "E"), (2, "S"), (0, "R"), (1, "C")) if status in statuses), ".")
            )
    return "".join(letters)


def source(runs, now, zone, today):
    """Return the states of one source: what the columns of DataSource hold."""
    runs = [run for run in runs if run.kind in COUNTED]
    told = latest(runs, lambda run: run.kind == 1 and run.status >= 2)
    good = latest(runs, lambda run: run.kind == 1 and run.status in GOOD)
    restored = latest(runs, lambda run: run.kind == 2 and run.status in GOOD)
    restores = latest(runs, lambda run: run.kind == 2 and run.status >= 2)
    unrestored = restores if restores and restores.status == 4 else None
    telling = sorted(
        (run for run in runs if run.kind == 1 and run.status >= 2), key=lambda run: (run.moment, run.job_id)
    )
    failures = 0
    for run in reversed(telling[-3:]):
        if run.status != 4:
            break
        failures += 1
    heard = max([*(run.moment for run in runs), *(run.changed_at for run in runs if run.status == 0)], default=None)
    return {
        "last_status": told and told.status,
        "last_backup_at": told and told.moment,
        "last_backup_job": told.job_id if told else "",
        "last_message": told.message if told and told.status > 2 else "",
        "last_success_at": good and good.moment,
        "last_success_job": good.job_id if good else "",
        "last_restore_at": restored and restored.moment,
        "last_restore_job": restored.job_id if restored else "",
        "failed_restore_at": unrestored and unrestored.moment,
        "failed_restore_message": unrestored.message if unrestored else "",
        "failures_in_row": failures,
        "running": sum(run.status == 0 for run in runs),
        "heard_at": heard,
        "is_silent": heard is not None and heard + timedelta(days=7) <= now,
        "strip": strip(runs, zone, today),
    }


def health(sources):
    """Return the health of a customer without alerts from the states of its data sources."""
    levels = [0]
    for one in sources:
        if one["is_silent"]:
            levels.append(3)
        elif one["last_status"]:
            levels.append({2: 1, 3: 2, 4: 4}[one["last_status"]])
    return max(levels)
