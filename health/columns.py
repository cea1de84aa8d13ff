"""How the states of a data source look in a cell and read in a file."""

from datetime import datetime

from django.utils import timezone
from django.utils.html import escape

from health.statuses import RunStatus
from health.strips import shifted, svg
from msc.pages.columns import EMPTY_HTML, Column, Names, Values
from msc.pages.kinds import Look, badge
from msc.pages.when import absolute, relative

LOOKS: dict[int, Look] = {
    RunStatus.SUCCESSFUL: Look("Successful", "circle-check", "good"),
    RunStatus.WITH_ERRORS: Look("Completed with errors", "alert-triangle", "warn"),
    RunStatus.FAILED: Look("Failed", "circle-x", "bad"),
}
UNKNOWN = Look("Not reporting", "help-circle", "warn")
NEVER = Look("No backup yet", "minus", "neutral")
RUNNING = Look("Running", "loader", "busy")


def _job_html(moment: datetime | None, job: str) -> str:
    if moment is None:
        return EMPTY_HTML
    safe = escape(job)
    return (
        f'<span class="cut" title="{absolute(moment)}, job {safe}">{relative(moment, timezone.now())} ({safe})</span>'
    )


def first_line(message: str) -> str:
    """Return what a list shows of an error message."""
    return message.partition("\n")[0]


class LastStatus(Column):
    """How the last backup ended and when, with its job; of a silent source nobody knows.

    `fields` are status, moment, job, whether it is silent, how many of its jobs run, and the error message.
    """

    kind = "badge"
    default_width = 230

    def html(self, values: Values, names: Names) -> str:
        """Show the state with icon and word, and below it the age and the job."""
        status, moment, job, is_silent, running, message = values
        told = LOOKS.get(status, NEVER)
        look = UNKNOWN if is_silent else told
        shown = badge(look)
        if running:
            shown += " " + badge(RUNNING)
        if moment is None:
            return shown
        last = f"last {told.word.lower()} " if is_silent else ""
        safe = escape(job)
        age = f"{last}{relative(moment, timezone.now())} ({safe})"
        whole = f"{absolute(moment)}, job {safe}"
        cell = f'<div>{shown}</div><div class="cut age" title="{whole}">{age}</div>'
        if message:
            cell += f'<div class="cut message" title="{escape(message)}">{escape(first_line(message))}</div>'
        return cell

    def text(self, values: Values, names: Names) -> str:
        """Write the state and, in brackets, the job."""
        status, _, job, is_silent, *_ = values
        word = UNKNOWN.word if is_silent else LOOKS.get(status, NEVER).word
        return f"{word} ({job})" if job else word


class JobAge(Column):
    """How long ago something completed, with the job's id: `fields` are the moment and the job."""

    kind = "long"
    descends_first = True
    default_width = 220

    def html(self, values: Values, names: Names) -> str:
        """Show age and job; the title has the moment."""
        return _job_html(values[0], values[1])

    def text(self, values: Values, names: Names) -> str:
        """Write the moment and the job."""
        moment, job = values[:2]
        return "" if moment is None else f"{timezone.localtime(moment):%Y-%m-%d %H:%M} ({job})"


class LastRestore(JobAge):
    """The last successful restore, and a later one that failed: `fields` end with when, its job and its message."""

    def html(self, values: Values, names: Names) -> str:
        """Show the failed restore above the successful one."""
        *_, failed_at, job, message = values
        if failed_at is None:
            return super().html(values, names)
        title = escape(f"{absolute(failed_at)}, job {job}. {message}")
        failed = f'<div class="line">{badge(LOOKS[RunStatus.FAILED])}</div>'
        age = f'<div class="line age cut" title="{title}">{relative(failed_at, timezone.now())} ({escape(job)})</div>'
        last = f"<div>Last successful: {super().html(values, names)}</div>" if values[0] else ""
        return f"{failed}{age}{last}"


class LastGood(JobAge):
    """The last successful run, told only when the last one failed: `fields` end with the last status."""

    def html(self, values: Values, names: Names) -> str:
        """Show nothing while the last run is the successful one."""
        return super().html(values, names) if values[2] == RunStatus.FAILED else EMPTY_HTML

    def text(self, values: Values, names: Names) -> str:
        """Write nothing while the last run is the successful one."""
        return super().text(values, names) if values[2] == RunStatus.FAILED else ""


class Policy(Column):
    """The backup policy with how often it runs: `fields` are the name and the hours between two backups."""

    kind = "long"
    default_width = 220

    def html(self, values: Values, names: Names) -> str:
        """Show the name and the interval."""
        text = self.text(values, names)
        return f'<span class="cut" title="{escape(text)}">{escape(text)}</span>' if text else EMPTY_HTML

    def text(self, values: Values, names: Names) -> str:
        """Write the name and the interval."""
        name, hours = values
        if hours is None:
            return name or ""
        every = f"every {hours // 24} d" if hours % 24 == 0 and hours > 24 else f"every {hours} h"
        return f"{name}, {every}" if name else every


class Strip(Column):
    """The last 28 days of a data source: `fields` are the letters and the day they end on."""

    kind = "strip"
    default_width = 220

    def html(self, values: Values, names: Names) -> str:
        """Show the picture; the dictionary `days` says which day it is for the MSP."""
        today = datetime.fromisoformat(names["days"]["today"]).date()
        return svg(shifted(values[0], values[1], today), today)

    def text(self, values: Values, names: Names) -> str:
        """Write the letters."""
        today = datetime.fromisoformat(names["days"]["today"]).date()
        return shifted(values[0], values[1], today)


class Bytes(Column):
    """A size in binary units."""

    kind = "number"
    align = "end"
    descends_first = True
    default_width = 120

    def html(self, values: Values, names: Names) -> str:
        """Show the size with a unit that fits it."""
        return EMPTY_HTML if values[0] is None else in_units(values[0])

    def text(self, values: Values, names: Names) -> str:
        """Write the number of bytes."""
        return "" if values[0] is None else str(values[0])


def in_units(size: int) -> str:
    """Return a size such as `1.2 TiB`."""
    value = float(size)
    for unit in ("B", "KiB", "MiB", "GiB"):
        if value < 1024:
            return f"{value:.0f} {unit}" if unit == "B" else f"{value:.1f} {unit}"
        value /= 1024
    return f"{value:.1f} TiB"
