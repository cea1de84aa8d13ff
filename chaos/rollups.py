"""Kill the workers that count while backup tools report runs, and compare the sums with a recount of all runs.

`python -m chaos.rollups` takes about a minute; `--kills 3` is a quick look.
"""

import argparse
import http.client
import json
import random
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from chaos.portal import Portal, running, seconds_until
from chaos.report import Line, write

CHANCE = random.Random(13)
STATUSES = ("running", "successful", "completed_with_errors", "failed", "cancelled")
RUNS_IN_A_CALL = 200
JOBS = 4_000
LATEST_SECONDS = 120.0

# Days of products whose sums are not those of their runs, counted by the calendar of their MSP.
_WRONG_DAYS = """
SELECT count(*) FROM (
    SELECT r.tenant_id, (r.moment AT TIME ZONE m.time_zone)::date AS day,
        count(*) FILTER (WHERE r.kind = 1 AND r.status = 2), count(*) FILTER (WHERE r.kind = 1 AND r.status = 3),
        count(*) FILTER (WHERE r.kind = 1 AND r.status = 4), count(*) FILTER (WHERE r.kind = 1 AND r.status = 1)
    FROM health_run r JOIN access_msp m ON m.id = r.msp_id WHERE r.status > 0 GROUP BY 1, 2
) counted (tenant_id, day, successful, with_errors, failed, cancelled)
FULL JOIN health_tenantday kept USING (tenant_id, day)
WHERE (kept.successful, kept.with_errors, kept.failed, kept.cancelled)
    IS DISTINCT FROM (counted.successful, counted.with_errors, counted.failed, counted.cancelled)
"""


class Tool:
    """A backup tool that reports runs of some jobs again and again, in no order, and remembers what was taken."""

    def __init__(self, port: int, secret: str, tenants: list[int]) -> None:
        self.taken: set[tuple[int, str]] = set()
        self.failed = 0
        self._port, self._secret, self._tenants = port, secret, tenants

    def report(self) -> None:
        """Send one call of runs."""
        runs = list(self._runs())
        link = http.client.HTTPConnection("127.0.0.1", self._port, timeout=60)
        headers = {"Host": "localhost", "Authorization": f"Bearer {self._secret}", "Content-Type": "application/json"}
        link.request("POST", "/api/v1/runs", json.dumps(runs), headers)
        if link.getresponse().status == 200:
            self.taken |= {(int(run["tenant"]), str(run["job_id"])) for run in runs}
        else:
            self.failed += 1
        link.close()

    def _runs(self) -> Iterator[dict[str, Any]]:
        now = datetime.now(UTC)
        for job in CHANCE.sample(range(JOBS), RUNS_IN_A_CALL):
            status, ended = CHANCE.choice(STATUSES), now - timedelta(minutes=CHANCE.randrange(40 * 24 * 60))
            yield {
                "tenant": self._tenants[job % len(self._tenants)],
                "organization": "Kiel",
                "data_source": f"srv-{job % 40}",
                "workload": "file_server",
                "job_id": f"job-{job}",
                "kind": "backup",
                "status": status,
                "started_at": (ended - timedelta(minutes=20)).isoformat(),
                "ended_at": None if status == "running" else ended.isoformat(),
            }


def trial(portal: Portal, kills: int) -> Line:
    """Report while one of the worker's processes, or every fifth time all of them, are killed, and compare."""
    portal.collect_static_files()
    tool = Tool(portal.start_web(), **portal.told("-m", "chaos.tool"))
    for kill in range(kills):
        for _ in range(4):
            tool.report()
            time.sleep(CHANCE.uniform(0.05, 0.3))
        if kill % 5 == 4:
            portal.kill("worker")
            portal.start_worker()
        else:
            portal.kill_a_child("worker", kill)
    seconds = seconds_until(lambda: portal.ask("SELECT count(*) FROM health_dirtyday") == [(0,)])
    kept = {(int(str(tenant)), str(job)) for tenant, job in portal.ask("SELECT tenant_id, job_id FROM health_run")}
    wrong, lost = int(str(portal.ask(_WRONG_DAYS)[0][0])), len(tool.taken - kept)
    days = portal.ask("SELECT count(*) FROM health_tenantday")[0][0]
    return Line(
        fault="Rollup worker killed with -9",
        figures=(
            f"{kills} times, {4 * kills * RUNS_IN_A_CALL:,} reports of {len(tool.taken):,} runs",
            f"failed calls {tool.failed} (0)",
            f"lost {lost} (0)",
            f"doubled {len(kept - tool.taken)} (0)",
            f"wrong days {wrong} of {days} (0)",
            f"all counted {seconds:.0f} s after it ({LATEST_SECONDS:.0f} s)",
        ),
        passed=not (tool.failed or lost or kept - tool.taken or wrong) and seconds <= LATEST_SECONDS,
    )


def main() -> int:
    """Try it and print the line about it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--report", type=Path, help="write the line into this document, between its marks")
    chosen = parser.parse_args()
    with running() as portal:
        line = trial(portal, chosen.kills)
    print(line, flush=True)
    if chosen.report:
        write(chosen.report, "rollups", [line])
    return 0 if line.passed else 1


if __name__ == "__main__":
    sys.exit(main())
