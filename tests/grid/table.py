"""The tables under `tables/`: what each address answers to whom, written by hand."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.grid.places import OWNERS

FOLDER = Path(__file__).with_name("tables")
UNSAFE = ("PUT", "PATCH", "DELETE")


@dataclass(frozen=True)
class Row:
    """One line: the statuses of an address and a method, by reader and owner."""

    name: str
    method: str
    statuses: dict[str, dict[str, int]]

    def cells(self) -> Iterator[tuple[str, str, int]]:
        """Return reader, owner and status; one cell where the owner makes no difference."""
        for reader, by_owner in self.statuses.items():
            for owner, status in by_owner.items():
                yield reader, owner, status


class Table:
    """One file: its rows, and what its addresses answer to methods that no row names."""

    def __init__(self, path: Path) -> None:
        lines = [line for line in path.read_text().splitlines() if line]
        comments = [line for line in lines if line.startswith("#")]
        self.readers = comments[-1].lstrip("#").split()
        rows = [self._row(line) for line in lines if not line.startswith("#")]
        self.rows = {(row.name, row.method): row for row in rows if row.name != "*"}
        if len(self.rows) + 1 != len(rows):
            raise ValueError(f"{path.name} says something twice.")
        self.other = next(row for row in rows if row.name == "*")
        self.names = list(dict.fromkeys(name for name, _ in self.rows))

    def _row(self, line: str) -> Row:
        name, method, *cells = line.split()
        statuses = {reader: _cell(cell) for reader, cell in zip(self.readers, cells, strict=True)}
        return Row(name, method, statuses)

    def row(self, name: str, method: str) -> Row:
        """Return what the table says of a method of an address."""
        if method not in UNSAFE:
            return self.rows[name, method]
        found = self.rows.get((name, "OTHER"), self.other)
        refused = self.rows[name, "GET"].statuses
        statuses = {
            reader: cells or {"own": self._as_refused(reader, refused[reader]["own"])}
            for reader, cells in found.statuses.items()
        }
        return Row(name, method, statuses)

    @staticmethod
    def _as_refused(reader: str, status: int) -> int:
        return status if status in (401, 403) or reader == "nobody" else 405


def _cell(text: str) -> dict[str, int]:
    if text == "GET":
        return {}
    statuses = [int(status) for status in text.split("/")]
    return dict(zip(OWNERS, statuses if len(statuses) > 1 else statuses * len(OWNERS), strict=True))


TABLES = {path.stem: Table(path) for path in sorted(FOLDER.glob("*.txt"))}
TABLE_OF = {name: table for table in TABLES.values() for name in table.names}
