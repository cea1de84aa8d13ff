"""The lines of a trial, printed and written into a document."""

import os
import platform
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from msc import server, stack


class Line(NamedTuple):
    """A fault, each figure with its limit in brackets, and whether all of them held."""

    fault: str
    figures: tuple[str, ...]
    passed: bool

    def __str__(self) -> str:
        return f"{'ok  ' if self.passed else 'FAIL'} {self.fault:32} {', '.join(self.figures)}"


def write(document: Path, part: str, lines: list[Line]) -> None:
    """Replace what stands between the marks of the part by a table of the lines, with date and machine."""
    rows = [f"| {line.fault} | {', '.join(line.figures)} | {'yes' if line.passed else '**no**'} |" for line in lines]
    table = "\n".join([_heading(), "", "| Fault | Figures (limit) | Held |", "|---|---|---|", *rows])
    marked = re.compile(rf"(<!-- {part} -->\n).*?(<!-- end of {part} -->)", re.DOTALL)
    document.write_text(marked.sub(lambda found: f"{found[1]}{table}\n{found[2]}", document.read_text()))


def _heading() -> str:
    postgresql = server.run(stack.postgresql_program(), "--version").stdout.strip()
    return (
        f"{datetime.now(UTC):%Y-%m-%d}, {os.cpu_count()} cores shared with other work, Python"
        f" {platform.python_version()}, {postgresql}."
    )
