"""What restic and borg print, read as it is: the output of one run becomes one record of the ingest API.

The output may be empty (restic prints nothing when a backup fails), plain text, JSON documents among other lines,
or all of it. The exit code decides how the run ended; what the output lacks comes as parameters of the call.
A command that is no backup never counts as one: an exit code of 0 without the summary of a backup or restore makes a
run of kind "other", and check, prune, forget and stats are "maintenance".
"""

import hashlib
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from health.outputs import Report, read_borg, read_restic
from health.records import Refused, moment_of


def restic_status(code: int) -> str:
    """Return how restic ended: 3 says that some source files could not be read."""
    return {0: "successful", 3: "completed_with_errors", 130: "cancelled"}.get(code, "failed")


def borg_status(code: int) -> str:
    """Return how borg ended: 1, or 100 to 127 in newer versions, says that there were warnings."""
    if code == 0:
        return "successful"
    return "completed_with_errors" if code == 1 or 100 <= code <= 127 else "failed"


@dataclass(frozen=True)
class Call:
    """The parameters of the call beside the output."""

    exit: int | None
    kind: str
    job: str
    started_at: datetime | None
    ended_at: datetime | None
    is_silent: bool
    is_running: bool


@dataclass(frozen=True)
class Tool:
    """How a tool's output and exit code are read."""

    name: str
    read: Callable[[str], Report]
    status: Callable[[int], str]


TOOLS: dict[str, Tool] = {
    tool.name: tool for tool in (Tool("restic", read_restic, restic_status), Tool("borg", read_borg, borg_status))
}
NO_SUMMARY = "The output holds no summary of a backup, so the run does not count as one."
NOTE = (
    f'{NO_SUMMARY} It is stored with kind "other". Send summary=none for a backup command that prints nothing, such as '
    "borg create without --stats, or kind=maintenance for check, prune, forget and the like."
)


def call_of(parameters: Mapping[str, str], now: datetime) -> Call:
    """Return the call's own parameters; raise Refused when one is not what it should be."""
    code = parameters.get("exit", "")
    if code and not (code.isascii() and code.isdigit() and int(code[:4]) <= 255):
        raise Refused("exit", "Send the tool's exit code, a number from 0 to 255.")
    if parameters.get("summary", "none") != "none":
        raise Refused("summary", "Send none, or leave it out.")
    if parameters.get("status", "running") != "running":
        raise Refused("status", "Send running when the command starts; later its exit code says how it ended.")
    moments = {name: _parameter_moment(parameters, name, now) for name in ("started", "ended")}
    return Call(
        exit=int(code) if code else None,
        kind=parameters.get("kind") or "backup",
        job=parameters.get("job", ""),
        started_at=moments["started"],
        ended_at=moments["ended"],
        is_silent="summary" in parameters,
        is_running="status" in parameters,
    )


def _parameter_moment(parameters: Mapping[str, str], name: str, now: datetime) -> datetime | None:
    """Return the moment of a parameter: date, time and offset, or seconds since 1970 as `date +%s` prints."""
    value = parameters.get(name, "").strip()
    if not value:
        return None
    if value.isascii() and value.isdigit() and len(value) <= 11:
        value = datetime.fromtimestamp(int(value), UTC).isoformat()
    # A + in a query means a space: "2026-11-24T07:10:00 01:00" lost its sign on the way.
    return moment_of(re.sub(r" (?=\d\d:\d\d$)", "+", value), name, now + timedelta(minutes=5))


def record_of(tool: Tool, text: str, call: Call, parameters: Mapping[str, str], now: datetime) -> dict[str, Any]:
    """Return the record of the ingest API that one output of the tool stands for."""
    if call.is_running:
        return _running(tool, call, parameters, now)
    report = tool.read(text)
    if call.exit is None and not report.has_summary:
        raise Refused("exit", "The output does not say how the run ended: send the tool's exit code.")
    status = tool.status(call.exit or 0)
    if call.exit and report.is_failure:
        status = "completed_with_errors" if report.has_summary else "failed"
    kind = _kind_of(report, call, status)
    if kind == "other":
        report.lines.append(NO_SUMMARY)
    elif status == "successful" and (report.unread or report.is_empty):
        status = "completed_with_errors"
        if report.is_empty and not report.lines:
            report.lines.append("The tool found no file to back up.")
    counts = kind in ("backup", "restore")
    return _source_of(parameters) | {
        "job_id": call.job or _job_of(tool, text, call, kind, parameters),
        "kind": kind,
        "status": status,
        "started_at": call.started_at.isoformat() if call.started_at else None,
        "ended_at": _end_of(call, report, now).isoformat(),
        "bytes": report.size_bytes if counts else None,
        "bytes_transferred": report.sent_bytes if counts else None,
        "errors": len(report.unread) or None,
        "message": "" if status == "successful" and kind != "other" else report.message,
    }


def _running(tool: Tool, call: Call, parameters: Mapping[str, str], now: datetime) -> dict[str, Any]:
    """Return the record of a run that has just started."""
    started_at = call.started_at or now
    return _source_of(parameters) | {
        "job_id": call.job or _job_of(tool, "", call, call.kind, parameters),
        "kind": call.kind,
        "status": "running",
        "started_at": started_at.isoformat(),
    }


def _source_of(parameters: Mapping[str, str]) -> dict[str, Any]:
    """Return what the call says of the data source."""
    return {
        "tenant": _number(parameters.get("tenant", "")),
        "organization": parameters.get("organization"),
        "data_source": parameters.get("source"),
        "workload": parameters.get("workload") or "file_server",
        "policy": _policy_of(parameters),
    }


def _kind_of(report: Report, call: Call, status: str) -> str:
    """Return what the run was: the text knows better than the default, and no success goes without a summary."""
    if call.kind not in ("backup", "restore"):
        return call.kind
    if report.has_summary:
        return report.kind if report.kind == "restore" else call.kind
    if call.is_silent or (status in ("failed", "cancelled") and not report.kind):
        return call.kind
    return report.kind or "other"


def _job_of(tool: Tool, text: str, call: Call, kind: str, parameters: Mapping[str, str]) -> str:
    """Return an id that the same report has whenever it is sent again: its start says which run it was, else its text."""
    source = [parameters.get(name, "") for name in ("tenant", "organization", "source", "workload")]
    moment = [call.started_at.isoformat()] if call.started_at else [parameters.get("ended", ""), text]
    told = json.dumps([tool.name, *source, kind, *moment])
    return f"{tool.name}-{hashlib.sha256(told.encode()).hexdigest()[:32]}"


def _end_of(call: Call, report: Report, now: datetime) -> datetime:
    """Return when the run ended: as the caller says, or by its start and duration, but not in the future."""
    if call.ended_at is not None:
        return call.ended_at
    if call.started_at is None:
        return now
    if report.seconds is None:
        return max(now, call.started_at)
    return max(min(call.started_at + timedelta(seconds=report.seconds), now), call.started_at)


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None


def _policy_of(parameters: Mapping[str, str]) -> dict[str, Any] | None:
    figures = {name: parameters[name] for name in ("interval_hours", "retention_days") if parameters.get(name)}
    if not figures and not parameters.get("policy"):
        return None
    return {
        "name": parameters.get("policy", ""),
        **{name: _number(value) or value for name, value in figures.items()},
    }
