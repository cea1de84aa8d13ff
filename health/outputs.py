"""What restic, borg and borgmatic print, read line by line: plain text, JSON documents among other lines, or nothing."""

import json
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, TypeVar

from health.records import MOST, fit_message, plain

_LONGEST_DAYS = 366
_LONGEST_LINE = 500
_SKIPPED = re.compile(
    r"does not exist, skipping$|^error: |^Warning: (?!at least one)|: \[Errno \d+\]|^[^:]+: (dir_)?open: "
)
_UNITS = {"B": 1}
_UNITS |= {unit: 1000**power for power, unit in enumerate(("kB", "MB", "GB", "TB", "PB"), start=1)}
_UNITS |= {unit: 1024**power for power, unit in enumerate(("KiB", "MiB", "GiB", "TiB", "PiB"), start=1)}
_FIGURE = r"(\d{1,9}(?:\.\d{1,9})?)"
_PROCESSED = re.compile(rf"^processed (\d{{1,18}}) files, {_FIGURE} ([KMGTP]?i?B) in ")
_FINGERPRINT = re.compile(r"^Archive fingerprint: [0-9a-f]{64}")
_THIS_ARCHIVE = re.compile(rf"^This archive:\s+{_FIGURE} ([kMGTP]?B)\s+{_FIGURE} [kMGTP]?B\s+{_FIGURE} ([kMGTP]?B)")
_RESTIC_MAINTENANCE = re.compile(
    r"^(check all packs|no errors were found|Applying Policy: |to repack: |this removes: |Stats in .{1,40} mode:)"
)
_BORG_MAINTENANCE = re.compile(
    r"^(Starting repository check|Starting archive consistency check|Archive consistency check complete"
    r"|Keeping archive|Pruning archive|Would prune|Deleted data:|compaction freed about)"
)
# borgmatic ends with 1 when it failed, where borg tells of warnings.
_BORGMATIC_ERROR = re.compile(r"^(?:.{1,200}: )?Error (?:running|parsing) ")

Document = dict[str, Any]
Number = TypeVar("Number", int, float)


@dataclass
class Report:
    """What one run's output says; `kind` is empty unless the text itself says what the command was."""

    kind: str = ""
    size_bytes: int | None = None
    sent_bytes: int | None = None
    seconds: float | None = None
    unread: set[str] = field(default_factory=set)
    lines: list[str] = field(default_factory=list)
    has_summary: bool = False
    is_empty: bool = False
    is_failure: bool = False
    is_over: bool = False

    @property
    def message(self) -> str:
        """The last things the tool said to people."""
        return fit_message(" / ".join(line[:_LONGEST_LINE] for line in self.lines[-6:]))


def parts_of(text: str) -> Iterator[Document | str]:
    """Yield the JSON objects of an output and, as text, the lines that are none.

    A document is one line, or lines from one that is "{" or "[" alone to one that closes it, as json.dump indents
    them. No line is read more than twice, whatever it holds.
    """
    block: list[str] = []
    for line in text.split("\n"):
        opens = line.rstrip() in ("{", "[")
        if block and not opens:
            block.append(line)
            if line.rstrip() == ("}" if block[0][0] == "{" else "]"):
                yield from _objects("\n".join(block)) or _texts(block)
                block = []
        else:
            yield from _texts(block)
            block = [line] if opens else []
            if not opens:
                yield from _objects(line) or _texts([line])
    yield from _texts(block)


def _texts(lines: list[str]) -> list[str]:
    return [shown for line in lines if (shown := plain(line).strip())]


def _objects(text: str) -> list[Document]:
    """Return the object that the text is, or those of the list that it is; none when it is no JSON."""
    if not text.startswith(("{", "[")):
        return []
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return []
    return [one for one in (found if isinstance(found, list) else [found]) if isinstance(one, dict)]


def read_restic(text: str) -> Report:
    """Read what restic printed, with --json or without."""
    report = Report()
    for part in parts_of(text):
        if isinstance(part, str):
            _read_restic_line(part, report)
        elif part.get("message_type") == "summary":
            _read_restic_summary(part, report)
        elif part.get("message_type") in ("error", "exit_error"):
            said = _restic_error(part)
            if part["message_type"] == "error":
                # The same file is told of while restic scans and while it reads.
                report.unread.add(str(part.get("item") or said))
            if said not in report.lines[-6:]:
                report.lines.append(said)
        elif "total_file_count" in part or "keep" in part:
            report.kind = "maintenance"
    return report


def _restic_error(part: Document) -> str:
    """Return an error in words: the file, and why it could not be read."""
    error = part.get("error")
    inner, code = (error.get("message"), error.get("Err")) if isinstance(error, dict) else (error, None)
    if type(code) is int and 0 < code < 200:
        inner = f"{error.get('Op') or 'read'}: {os.strerror(code)}" if isinstance(error, dict) else inner
    words = (part.get("item"), part.get("message") or inner or code)
    return plain(": ".join(str(word) for word in words if word))


def _read_restic_summary(part: Document, report: Report) -> None:
    report.seconds = _seconds(part.get("total_duration") or part.get("seconds_elapsed"))
    if "num_errors" in part:
        report.kind = "maintenance"
        return
    report.has_summary = True
    report.kind = "restore" if "files_restored" in part else ""
    report.size_bytes = _count(part, "total_bytes_processed", "bytes_restored", "total_bytes")
    report.sent_bytes = _count(part, "data_added_packed", "data_added")
    report.is_empty = part.get("total_files_processed") == 0


def _read_restic_line(line: str, report: Report) -> None:
    if found := _PROCESSED.match(line):
        report.has_summary, report.is_empty = True, int(found[1]) == 0
        report.size_bytes = _size(found[2], found[3])
    elif line.startswith("restoring <Snapshot "):
        report.has_summary, report.kind = True, "restore"
    elif _RESTIC_MAINTENANCE.match(line):
        report.kind = "maintenance"
        report.lines.append(line)
    else:
        _read_line(line, report)


def read_borg(text: str) -> Report:
    """Read what borg or borgmatic printed, with --json, --log-json, --stats or nothing of them."""
    report = Report()
    for part in parts_of(text):
        if isinstance(part, str):
            _read_borg_line(part, report)
        elif isinstance(part.get("archive"), dict):
            _read_borg_archive(part["archive"], report)
        elif part.get("type") == "log_message":
            said = plain(str(part.get("message", "")))
            if part.get("levelname") in ("WARNING", "ERROR", "CRITICAL"):
                report.unread.add(said)
                report.lines.append(said)
            else:
                _read_borg_line(said, report)
    return report


def _read_borg_archive(archive: Document, report: Report) -> None:
    """Read the summary of an archive; borgmatic gives one for each repository that the same files went to."""
    stats = archive.get("stats")
    if isinstance(stats, dict):
        report.size_bytes = max(_known(report.size_bytes, _count(stats, "original_size")), default=None)
        report.sent_bytes = (
            sum(sent) if (sent := _known(report.sent_bytes, _count(stats, "deduplicated_size"))) else None
        )
        report.is_empty = stats.get("nfiles") == 0
    report.seconds = sum(took) if (took := _known(report.seconds, _seconds(archive.get("duration")))) else None
    report.has_summary = True


def _read_borg_line(line: str, report: Report) -> None:
    report.is_over = report.is_over or line.startswith("Need some help? ")  # borgmatic's last word
    if report.is_over:
        return
    report.is_failure = report.is_failure or bool(_BORGMATIC_ERROR.match(line))
    if _FINGERPRINT.match(line):
        report.has_summary = True
    elif line.startswith("Command line: "):  # of `borg info`, which shows an archive but makes none
        report.has_summary = False
    elif found := _THIS_ARCHIVE.match(line):
        report.size_bytes = _size(found[1], found[2])
        report.sent_bytes = _size(found[4], found[5])
    elif _BORG_MAINTENANCE.match(line):
        report.kind = "maintenance"
        report.lines.append(line)
    else:
        _read_line(line, report)


def _read_line(line: str, report: Report) -> None:
    """Keep a line that is meant for people; one that tells of something left out counts as an error."""
    if _SKIPPED.search(line):
        report.unread.add(line)
    report.lines.append(line)


def _size(figure: str, unit: str) -> int | None:
    """Return a size that a tool rounded for people."""
    size = round(float(figure) * _UNITS[unit]) if unit in _UNITS else MOST + 1
    return size if size <= MOST else None


def _count(part: Document, *names: str) -> int | None:
    """Return the first of the figures that is a count of bytes."""
    for name in names:
        value = part.get(name)
        if type(value) is int and 0 <= value <= MOST:
            return value
    return None


def _known(*values: Number | None) -> list[Number]:
    return [value for value in values if value is not None]


def _seconds(value: object) -> float | None:
    """Return a plausible duration; tools print what their clock says."""
    return (
        float(value)
        if isinstance(value, int | float) and 0 <= value < timedelta(days=_LONGEST_DAYS).total_seconds()
        else None
    )
