"""What restic and borg print, read as it is: the output of one run becomes one record of the ingest API.

The output may be empty (restic prints nothing when a backup fails), plain text, JSON documents among other lines,
or all of it. The exit code decides how the run ended; what the output lacks comes as parameters of the call.
"""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from health.records import Refused, fit_message, moment_of

_LONGEST_DAYS = 366
_SKIPPED = re.compile(r"does not exist, skipping$|^error: |^Warning: |: \[Errno \d+\]|^[^:]+: (dir_)?open: ")
_UNITS = {"B": 0, "kB": 3, "MB": 6, "GB": 9, "TB": 12, "PB": 15}
_BINARY_UNITS = {"B": 0, "KiB": 1, "MiB": 2, "GiB": 3, "TiB": 4, "PiB": 5}
_PROCESSED = re.compile(r"^processed (\d+) files, ([\d.]+) ([KMGTP]?i?B) in ")
_SNAPSHOT = re.compile(r"^snapshot ([0-9a-f]{8,64}) saved")
_FINGERPRINT = re.compile(r"^Archive fingerprint: ([0-9a-f]{64})")
_THIS_ARCHIVE = re.compile(r"^This archive:\s+([\d.]+) ([kMGTP]?B)\s+[\d.]+ [kMGTP]?B\s+([\d.]+) ([kMGTP]?B)")


@dataclass
class Report:
    """What one run's output says."""

    job_id: str = ""
    size_bytes: int | None = None
    sent_bytes: int | None = None
    seconds: float | None = None
    errors: int = 0
    lines: list[str] = field(default_factory=list)
    has_summary: bool = False
    is_empty: bool = False

    @property
    def message(self) -> str:
        """The last things the tool said to people."""
        return fit_message(" / ".join(self.lines[-6:]))


@dataclass(frozen=True)
class Call:
    """The parameters of the call beside the output."""

    exit: int | None
    job: str
    started_at: datetime | None
    ended_at: datetime | None


def parts_of(text: str) -> Iterator[dict[str, Any] | str]:
    """Yield the JSON objects of an output and, as text, the lines that are none."""
    decoder = json.JSONDecoder()
    at, end = 0, len(text)
    while at < end:
        if text[at] == "{":
            try:
                found, at = decoder.raw_decode(text, at)
            except (ValueError, RecursionError):
                pass
            else:
                yield found
                continue
        stop = text.find("\n", at)
        stop = end if stop < 0 else stop
        if line := text[at:stop].strip():
            yield line
        at = stop + 1


def read_restic(text: str) -> Report:
    """Read what `restic backup` or `restic restore` printed, with --json or without."""
    report = Report()
    for part in parts_of(text):
        if isinstance(part, str):
            _read_restic_line(part, report)
        elif part.get("message_type") == "summary":
            _read_restic_summary(part, report)
        elif part.get("message_type") in ("error", "exit_error"):
            report.errors += part["message_type"] == "error"
            report.lines.append(_restic_error(part))
    return report


def _restic_error(part: dict[str, Any]) -> str:
    error = part.get("error")
    inner = error.get("message") or error.get("Err") if isinstance(error, dict) else error
    return " ".join(str(word) for word in (part.get("item"), part.get("message") or inner) if word)


def _read_restic_summary(part: dict[str, Any], report: Report) -> None:
    report.has_summary = True
    report.job_id = str(part.get("snapshot_id") or "")
    report.size_bytes = _count(part, "total_bytes_processed", "bytes_restored", "total_bytes")
    report.sent_bytes = _count(part, "data_added_packed", "data_added")
    report.is_empty = part.get("total_files_processed") == 0
    report.seconds = _seconds(part.get("total_duration") or part.get("seconds_elapsed"))


def _read_restic_line(line: str, report: Report) -> None:
    if found := _SNAPSHOT.match(line):
        report.job_id, report.has_summary = found[1], True
    elif found := _PROCESSED.match(line):
        report.has_summary, report.is_empty = True, found[1] == "0"
        report.size_bytes = round(float(found[2]) * 1024 ** _BINARY_UNITS[found[3]])
    elif line.startswith("restoring <Snapshot "):
        report.has_summary = True
    else:
        _read_line(line, report)


def read_borg(text: str) -> Report:
    """Read what `borg create` or `borg extract` printed, with --json, --log-json, --stats or nothing of them."""
    report = Report()
    for part in parts_of(text):
        if isinstance(part, str):
            _read_borg_line(part, report)
        elif isinstance(part.get("archive"), dict):
            _read_borg_archive(part["archive"], report)
        elif part.get("type") == "log_message":
            report.errors += part.get("levelname") in ("WARNING", "ERROR", "CRITICAL")
            report.lines.append(str(part.get("message", "")))
    return report


def _read_borg_archive(archive: dict[str, Any], report: Report) -> None:
    report.has_summary = True
    report.job_id = str(archive.get("id") or "")
    stats = archive.get("stats")
    if isinstance(stats, dict):
        report.size_bytes = _count(stats, "original_size")
        report.sent_bytes = _count(stats, "deduplicated_size")
        report.is_empty = stats.get("nfiles") == 0
    report.seconds = _seconds(archive.get("duration"))


def _read_borg_line(line: str, report: Report) -> None:
    if found := _FINGERPRINT.match(line):
        report.job_id, report.has_summary = found[1], True
    elif found := _THIS_ARCHIVE.match(line):
        report.size_bytes = round(float(found[1]) * 10 ** _UNITS[found[2]])
        report.sent_bytes = round(float(found[3]) * 10 ** _UNITS[found[4]])
    else:
        _read_line(line, report)


def _read_line(line: str, report: Report) -> None:
    """Keep a line that is meant for people; one that tells of something left out counts as an error."""
    report.errors += bool(_SKIPPED.search(line))
    report.lines.append(line)


def _count(part: dict[str, Any], *names: str) -> int | None:
    """Return the first of the figures that is a count of bytes."""
    for name in names:
        value = part.get(name)
        if type(value) is int and 0 <= value < 2**63:
            return value
    return None


def _seconds(value: object) -> float | None:
    """Return a plausible duration; tools print what their clock says."""
    return (
        float(value)
        if isinstance(value, int | float) and 0 <= value < timedelta(days=_LONGEST_DAYS).total_seconds()
        else None
    )


def restic_status(code: int) -> str:
    """Return how restic ended: 3 says that some source files could not be read."""
    return {0: "successful", 3: "completed_with_errors", 130: "cancelled"}.get(code, "failed")


def borg_status(code: int) -> str:
    """Return how borg ended: 1, or 100 to 127 in newer versions, says that there were warnings."""
    if code == 0:
        return "successful"
    return "completed_with_errors" if code == 1 or 100 <= code <= 127 else "failed"


@dataclass(frozen=True)
class Tool:
    """How a tool's output and exit code are read."""

    read: Callable[[str], Report]
    status: Callable[[int], str]


TOOLS: dict[str, Tool] = {"restic": Tool(read_restic, restic_status), "borg": Tool(read_borg, borg_status)}


def call_of(parameters: dict[str, str], now: datetime) -> Call:
    """Return the call's own parameters; raise Refused when one is not what it should be."""
    code = parameters.get("exit", "")
    if code and not (code.isascii() and code.isdigit() and int(code[:4]) <= 255):
        raise Refused("exit", "Send the tool's exit code, a number from 0 to 255.")
    moments = {name: _parameter_moment(parameters, name, now) for name in ("started", "ended")}
    return Call(int(code) if code else None, parameters.get("job", ""), moments["started"], moments["ended"])


def _parameter_moment(parameters: dict[str, str], name: str, now: datetime) -> datetime | None:
    """Return the moment of a parameter: date, time and offset, or seconds since 1970 as `date +%s` prints."""
    value = parameters.get(name, "").strip()
    if not value:
        return None
    if value.isascii() and value.isdigit() and len(value) <= 11:
        value = datetime.fromtimestamp(int(value), UTC).isoformat()
    # A + in a query means a space: "2026-11-24T07:10:00 01:00" lost its sign on the way.
    return moment_of(re.sub(r" (?=\d\d:\d\d$)", "+", value), name, now + timedelta(minutes=5))


def record_of(tool: Tool, text: str, call: Call, parameters: dict[str, str], now: datetime) -> dict[str, Any]:
    """Return the record of the ingest API that one output of the tool stands for."""
    report = tool.read(text)
    if call.exit is None and not report.has_summary:
        raise Refused("exit", "The output does not say how the run ended: send the tool's exit code.")
    status = tool.status(call.exit or 0)
    if status == "successful" and (report.errors or report.is_empty):
        status = "completed_with_errors"
        if report.is_empty and not report.lines:
            report.lines.append("The tool found no file to back up.")
    job = call.job or report.job_id
    if not job:
        raise Refused("job", "The output names no snapshot or archive: send an id of the run, such as $INVOCATION_ID.")
    ended_at = call.ended_at or _end_by_duration(call, report) or now
    return {
        "tenant": _number(parameters.get("tenant", "")),
        "organization": parameters.get("organization"),
        "data_source": parameters.get("source"),
        "workload": parameters.get("workload") or "file_server",
        "job_id": job,
        "kind": parameters.get("kind") or "backup",
        "status": status,
        "started_at": call.started_at.isoformat() if call.started_at else None,
        "ended_at": ended_at.isoformat(),
        "bytes": report.size_bytes,
        "bytes_transferred": report.sent_bytes,
        "errors": report.errors or None,
        "message": "" if status == "successful" else report.message,
        "policy": _policy_of(parameters),
    }


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None


def _end_by_duration(call: Call, report: Report) -> datetime | None:
    if call.started_at is None or report.seconds is None:
        return None
    return call.started_at + timedelta(seconds=report.seconds)


def _policy_of(parameters: dict[str, str]) -> dict[str, Any] | None:
    if not parameters.get("policy"):
        return None
    figures = {name: parameters[name] for name in ("interval_hours", "retention_days") if parameters.get(name)}
    return {
        "name": parameters["policy"],
        **{name: _number(value) or value for name, value in figures.items()},
    }
