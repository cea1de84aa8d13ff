"""Ninety days of runs and usage for a tenant's story: the same records for the same day, whenever they are made."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, NamedTuple

from msc.demo.stories import Course, TenantStory
from serviceplans.catalogue import Product, Workload

DAYS = 90
SILENT_DAYS = 10
FAILING_DAYS = 4
GIGABYTE = 10**9
CU_PER_TB_DAY = Decimal("0.85")
CU_PER_USER_DAY = Decimal("0.012")


class Source(NamedTuple):
    """A data source and its size."""

    name: str
    workload: Workload
    gigabytes: int


_HYBRID_SOURCES = (
    Source("srv-file-01", Workload.FILE_SERVER, 800),
    Source("vm-erp-02", Workload.VMWARE, 450),
    Source("sql-prod-01", Workload.MS_SQL, 260),
    Source("nas-archive", Workload.NAS, 1900),
)
_SAAS_SOURCES = (Source("Mailboxes", Workload.M365, 300), Source("Shared files", Workload.M365, 520))


@dataclass(frozen=True)
class Teller:
    """Tells the records of one tenant: its id, its customer's number and its story."""

    tenant: int
    number: int
    organization: str
    story: TenantStory

    def runs(self, since: date, now: datetime) -> Iterator[dict[str, Any]]:
        """Return the runs from a day on that ended by now."""
        for day in _days(since, now):
            for position, source in enumerate(self._sources()):
                yield from self._night(day, position, source, now)

    def usage(self, since: date, now: datetime) -> Iterator[dict[str, Any]]:
        """Return a usage record per day up to yesterday."""
        if self.story.course is Course.NO_DATA:
            return
        for day in _days(since, now - timedelta(days=1)):
            amount, unit, cu = self._used(day)
            yield {
                "tenant": self.tenant,
                "day": day.isoformat(),
                "workload": Workload.VMWARE.value if self.story.product == Product.HYBRID else Workload.M365.value,
                "measure": "Storage" if self.story.product == Product.HYBRID else "Active users",
                "usage_amount": str(amount),
                "unit": unit,
                "cu_consumed": str(cu),
            }

    def cu_between(self, first: date, last: date) -> Decimal:
        """Return the CU of the days from first to last, for a quota of which a share is used."""
        days = [first + timedelta(days=number) for number in range((last - first).days + 1)]
        return sum((self._used(day)[2] for day in days), Decimal(0))

    def _sources(self) -> tuple[Source, ...]:
        if self.story.course is Course.NO_DATA:
            return ()
        if self.story.product == Product.SAAS:
            return _SAAS_SOURCES
        return _HYBRID_SOURCES[: 2 + self.number % 3]

    def _used(self, day: date) -> tuple[int, str, Decimal]:
        if self.story.product == Product.SAAS:
            users = self.story.users + _roll(f"{self.number} users {day}", 3)
            return users, "users", (users * CU_PER_USER_DAY).quantize(Decimal("0.000001"))
        gigabytes = 900 + self.number * 37 + _roll(f"{self.number} size {day}", 40)
        return gigabytes * GIGABYTE, "bytes", (gigabytes * CU_PER_TB_DAY / 1000).quantize(Decimal("0.000001"))

    def _night(self, day: date, position: int, source: Source, now: datetime) -> Iterator[dict[str, Any]]:
        age = (now.date() - day).days
        if self.story.course is Course.SILENT and position == 0 and age < SILENT_DAYS:
            return
        seed = f"{self.number} {source.name} {day}"
        began = datetime.combine(day, time(1 + position), tzinfo=UTC) + timedelta(minutes=_roll(seed, 50))
        ended = began + timedelta(minutes=12 + _roll(f"long {seed}", 70))
        if ended > now:
            return
        yield self._run("backup", self._status(age, position, seed), source, began, ended)
        restored = ended + timedelta(hours=3)
        if _roll(f"restore {seed}", 40) == 0 and restored < now:
            yield self._run("restore", "successful", source, restored - timedelta(minutes=9), restored)

    def _status(self, age: int, position: int, seed: str) -> str:
        course = self.story.course
        if course is Course.FAILING and position == 1 and age < FAILING_DAYS:
            return "failed"
        if course is Course.FAILED_ONCE and position == 0 and age < 1:
            return "failed"
        if course is Course.WITH_ERRORS and position == 0 and _roll(f"errors {seed}", 3) == 0:
            return "completed_with_errors"
        return "failed" if age > FAILING_DAYS and _roll(f"luck {seed}", 45) == 0 else "successful"

    def _run(self, kind: str, status: str, source: Source, began: datetime, ended: datetime) -> dict[str, Any]:
        return {
            "tenant": self.tenant,
            "organization": self.organization,
            "data_source": source.name,
            "workload": source.workload.value,
            "job_id": f"{kind[0].upper()}-{began:%Y%m%d}-{self.tenant}-{source.name}",
            "kind": kind,
            "status": status,
            "started_at": began.isoformat(),
            "ended_at": ended.isoformat(),
            "bytes": source.gigabytes * GIGABYTE // (1 if kind == "backup" else 50),
            "errors": 7 if status == "completed_with_errors" else 0,
            "message": "The server refused the connection." if status == "failed" else "",
            "policy": {"name": "Daily, 90 days", "interval_hours": 24, "retention_days": 90},
        }


def _days(since: date, now: datetime) -> list[date]:
    """Return the days from `since` to today, ninety at most."""
    today = now.date()
    first = max(since, today - timedelta(days=DAYS - 1))
    return [first + timedelta(days=number) for number in range((today - first).days + 1)]


def _roll(seed: str, sides: int) -> int:
    """Return a number below `sides` that depends on the seed alone."""
    return int.from_bytes(hashlib.sha256(seed.encode()).digest()[:4], "big") % sides
