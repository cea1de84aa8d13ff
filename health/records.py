"""What backup software may send: one record of a run or of usage, checked in plain Python, field by field.

Serializers would need 20 times as long for 10,000 records. `health.schemas` describes the same fields for the
OpenAPI document; a test holds the two together.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any, NamedTuple

from health.statuses import KIND_WORDS, PRODUCT_OF, STATUS_WORDS, RunStatus, UsageUnit
from msc.access.names import clean_text
from serviceplans.catalogue import Workload

FUTURE = timedelta(minutes=5)
LONGEST_NAME = 200
LONGEST_MESSAGE = 1_000
MOST = 2**63 - 1
_EARLIEST, _LATEST = 1990, 2200
_UNFIT = re.compile("[\x00-\x1f\x7f\ud800-\udfff\ufffe\uffff]")
#: What moves the cursor or colors a terminal.
_ESCAPES = re.compile("\x1b(?:\\[[0-?]*[ -/]*[@-~]|\\][^\x07\x1b]*(?:\x07|\x1b\\\\)?|[ -/]*[0-~])")
_WORKLOADS = {word.casefold(): w.value for w in Workload for word in (w.value, w.label)}


class Refused(Exception):
    """A record that is not kept: the field and the reason, for whoever sent it."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(f"{field}: {reason}")
        self.field = field
        self.reason = reason


class Policy(NamedTuple):
    """The backup policy of a data source as the backup software names it."""

    name: str
    interval_hours: int | None
    retention_days: int | None


class RunRecord(NamedTuple):
    """A run as it was sent; `moment` is its end, or its start as long as it runs."""

    tenant: int
    organization: str
    data_source: str
    workload: str
    job_id: str
    kind: int
    status: int
    started_at: datetime | None
    ended_at: datetime | None
    moment: datetime
    changed_at: datetime
    size_bytes: int | None
    sent_bytes: int | None
    errors: int | None
    message: str
    policy: Policy | None

    @property
    def source_key(self) -> tuple[int, str, str, str]:
        """What identifies the data source."""
        return self.tenant, self.organization, self.data_source, self.workload


class UsageEntry(NamedTuple):
    """What a tenant used of a workload on a day, as it was sent."""

    tenant: int
    day: date
    workload: str
    measure: str
    amount: Decimal
    unit: str
    cu: Decimal
    measured_at: datetime | None


@dataclass(frozen=True)
class Refusal:
    """A refused record in the answer; `line` counts from 1, lines of NDJSON or records of a JSON array."""

    line: int
    field: str
    reason: str


_RUN_FIELDS = frozenset(
    [
        "tenant",
        "organization",
        "data_source",
        "workload",
        "job_id",
        "kind",
        "status",
        "started_at",
        "ended_at",
        "updated_at",
        "bytes",
        "bytes_transferred",
        "errors",
        "message",
        "policy",
    ]
)
_USAGE_FIELDS = frozenset(
    ["tenant", "day", "workload", "measure", "usage_amount", "unit", "cu_consumed", "measured_at"]
)
_POLICY_FIELDS = frozenset(("name", "interval_hours", "retention_days"))


def run_of(raw: object, now: datetime) -> RunRecord:
    """Return the run that a record describes; raise Refused with the first thing that is wrong."""
    record = _object(raw, _RUN_FIELDS)
    status = _word(record, "status", STATUS_WORDS)
    latest = now + FUTURE
    started_at = _moment(record, "started_at", latest)
    ended_at = _moment(record, "ended_at", latest)
    moment = _moment_of(status, started_at, ended_at)
    return RunRecord(
        tenant=_number(record, "tenant", needed=True) or 0,
        organization=_text(record, "organization"),
        data_source=_text(record, "data_source"),
        workload=_workload(record),
        job_id=_text(record, "job_id"),
        kind=_word(record, "kind", KIND_WORDS),
        status=status,
        started_at=started_at,
        ended_at=ended_at,
        moment=moment,
        changed_at=_moment(record, "updated_at", latest) or moment,
        size_bytes=_number(record, "bytes"),
        sent_bytes=_number(record, "bytes_transferred"),
        errors=_number(record, "errors", most=2**31 - 1),
        message=_message(record),
        policy=_policy(record.get("policy")),
    )


def usage_of(raw: object, now: datetime) -> UsageEntry:
    """Return the usage that a record describes; raise Refused with the first thing that is wrong."""
    record = _object(raw, _USAGE_FIELDS)
    unit = _word(record, "unit", {u.value: u.value for u in UsageUnit} | {u.label: u.value for u in UsageUnit})
    return UsageEntry(
        tenant=_number(record, "tenant", needed=True) or 0,
        day=_day(record),
        workload=_workload(record),
        measure=_text(record, "measure", longest=80),
        amount=_decimal(record, "usage_amount", Decimal("0.0001"), Decimal(10) ** 20),
        unit=unit,
        cu=_decimal(record, "cu_consumed", Decimal("0.000001"), Decimal(10) ** 12),
        measured_at=_moment(record, "measured_at", now + FUTURE),
    )


def refuse_other_product(workload: str, product: str) -> None:
    """Refuse a workload that the tenant's product does not have."""
    if PRODUCT_OF[workload] != product:
        raise Refused("workload", f"{Workload(workload).label} is not a workload of this tenant's product.")


def _object(raw: object, known: frozenset[str]) -> Mapping[str, Any]:
    if type(raw) is not dict:
        raise Refused("record", "Send a JSON object.")
    if unknown := raw.keys() - known:
        raise Refused(_UNFIT.sub("?", str(min(unknown))[:80]), "There is no such field.")
    return raw


def _text(record: Mapping[str, Any], field: str, longest: int = LONGEST_NAME) -> str:
    value = record.get(field)
    if type(value) is not str or not (value := value.strip()):
        raise Refused(field, "Send a text that is not empty.")
    if len(value) > longest:
        raise Refused(field, f"Send at most {longest} characters.")
    if not value.isprintable() and _UNFIT.search(value):
        raise Refused(field, "Send a text without control characters.")
    if not value.isascii() and not clean_text(value):
        raise Refused(field, "Send a text with visible characters.")
    return value


def _message(record: Mapping[str, Any]) -> str:
    """Return what the tool said; too long a text is cut and control characters become spaces: it is for reading."""
    value = record.get("message")
    if value is None:
        return ""
    if type(value) is not str:
        raise Refused("message", "Send a text.")
    return fit_message(value)


def plain(text: str) -> str:
    """Return the text without the escape sequences of a terminal."""
    return _ESCAPES.sub("", text) if "\x1b" in text else text


def fit_message(text: str) -> str:
    """Return the text without control characters and not longer than a run's message may be."""
    text = plain(text[: 4 * LONGEST_MESSAGE])
    if len(text) <= LONGEST_MESSAGE and text.isprintable():
        return text.strip()
    return " ".join(_UNFIT.sub(" ", text).split())[:LONGEST_MESSAGE]


def _number(
    record: Mapping[str, Any], field: str, *, needed: bool = False, least: int = 0, most: int = MOST
) -> int | None:
    value = record.get(field)
    if value is None and not needed:
        return None
    if type(value) is not int or not least <= value <= most:
        raise Refused(field, f"Send a whole number from {least} to {most}.")
    return value


def _decimal(record: Mapping[str, Any], field: str, step: Decimal, most: Decimal) -> Decimal:
    value = record.get(field)
    try:
        number = Decimal(str(value)) if type(value) in (int, float, str) and len(str(value)) <= 40 else None
    except (InvalidOperation, ValueError):
        number = None
    if number is None or not number.is_finite() or not 0 <= number < most:
        raise Refused(field, "Send a number that is not negative.")
    # Little is not nothing: a zero is a known zero.
    return max(number.quantize(step), step) if number else Decimal(0)


def _word(record: Mapping[str, Any], field: str, words: Mapping[str, Any]) -> Any:
    """Return what the word stands for; the type is that of the mapping's values."""
    value = record.get(field)
    if type(value) is not str or value not in words:
        raise Refused(field, f"Send one of {', '.join(words)}.")
    return words[value]


def _workload(record: Mapping[str, Any]) -> str:
    value = record.get("workload")
    found = _WORKLOADS.get(value.casefold()) if type(value) is str else None
    if found is None:
        raise Refused("workload", f"Send one of {', '.join(Workload.values)}.")
    return found


def _moment(record: Mapping[str, Any], field: str, latest: datetime) -> datetime | None:
    value = record.get(field)
    return None if value is None else moment_of(value, field, latest)


def moment_of(value: object, field: str, latest: datetime) -> datetime:
    """Return the moment of a text such as 2026-11-24T07:10:00+01:00; raise Refused when it is none or to come."""
    try:
        moment = datetime.fromisoformat(value) if type(value) is str and len(value) <= 40 else None
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None or not _EARLIEST < moment.year < _LATEST:
        raise Refused(field, "Send date, time and offset, such as 2026-11-24T07:10:00+01:00.")
    if moment > latest:
        raise Refused(field, "This time is in the future.")
    return moment.astimezone(UTC)


def _moment_of(status: int, started_at: datetime | None, ended_at: datetime | None) -> datetime:
    if status == RunStatus.RUNNING:
        if ended_at is not None:
            raise Refused("ended_at", "A running job has not ended.")
        if started_at is None:
            raise Refused("started_at", "Say when the running job started.")
        return started_at
    if ended_at is None:
        raise Refused("ended_at", "Say when the job ended.")
    if started_at is not None and started_at > ended_at:
        raise Refused("ended_at", "The job ended before it started.")
    return ended_at


def _day(record: Mapping[str, Any]) -> date:
    value = record.get("day")
    try:
        return date.fromisoformat(value if type(value) is str and len(value) == 10 else "")
    except ValueError:
        raise Refused("day", "Send a day such as 2026-11-24.") from None


def _policy(raw: object) -> Policy | None:
    if raw is None:
        return None
    try:
        record = _object(raw, _POLICY_FIELDS)
        hours = _number(record, "interval_hours", least=1, most=100_000)
        days = _number(record, "retention_days", least=1, most=100_000)
        # A policy may have no name, but not nothing at all.
        name = "" if not record.get("name") and (hours or days) else _text(record, "name", longest=120)
        return Policy(name, hours, days)
    except Refused as refused:
        raise Refused(f"policy.{refused.field}", refused.reason) from None


Reader = Callable[[object, datetime], Any]
