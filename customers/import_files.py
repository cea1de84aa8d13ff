"""From the bytes of a CSV file to lines of named cells; what cannot be read is refused in words."""

import csv
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from msc.access.names import name_key
from msc.errors import DomainError
from msc.pages.columns import bare

MOST_BYTES = 5 * 1024 * 1024
MOST_LINES = 50_000
MOST_COLUMNS = 200
LONGEST_CELL = 10_000
DELIMITERS = ",;\t"

#: What an import reads, by the headers of the export; further columns are left aside.
COLUMNS = {
    "name": "Name",
    "hide_name": "Hide Name",
    "account_name": "Account Name",
    "address": "Address",
    "phone": "Phone Number",
    "tenant_admin": "Tenant Admin",
}
REQUIRED = ("name", "address", "phone")
_BY_HEADER = {name_key(label): name for name, label in COLUMNS.items()} | {"customer name": "name"}
#: The first line that Excel writes and reads to name the delimiter.
_SEPARATOR = re.compile(rf"sep=([{DELIMITERS}])\r?\n", re.IGNORECASE)
Cells = Mapping[str, str]


@dataclass(frozen=True)
class Line:
    """One customer of the file: where it stands, its cells, and what is wrong with its form."""

    number: int
    cells: Cells
    problem: str = ""


@dataclass(frozen=True)
class Table:
    """A file as it was read: its lines and the headers that an import leaves aside."""

    lines: Sequence[Line]
    ignored: Sequence[str]
    columns: frozenset[str]


def decoded(raw: bytes) -> str:
    """Return the text of a file in UTF-8, with or without byte order mark."""
    if len(raw) > MOST_BYTES:
        raise _refusal("The file is larger than 5 MB. Split it and import the parts.")
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")) or b"\x00" in raw:
        raise _refusal("The file is not UTF-8 text. Save it as “CSV UTF-8” and choose it again.")
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise _refusal("The file is not UTF-8 text. Save it as “CSV UTF-8” and choose it again.") from None
    if not text.strip():
        raise _refusal("The file is empty.")
    return text


def read(text: str) -> Table:
    """Return the lines of the file by its header, which may stand in any order and hold further columns."""
    rows = ((number, row) for number, row in _rows(text) if any(cell.strip() for cell in row))
    _, header = next(rows, (1, []))
    places, ignored = _places(header)
    lines: list[Line] = []
    for number, row in rows:
        if len(lines) == MOST_LINES:
            raise _refusal("The file has more than 50,000 lines. Split it and import the parts.")
        lines.append(_line(number, row, places, width=len(header)))
    if not lines:
        raise _refusal("The file has a header and no customers below it.")
    return Table(lines, ignored, frozenset(places))


def _rows(text: str) -> Iterator[tuple[int, list[str]]]:
    """Return each row with the number of the line on which it begins."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text), strict=True)
    begins = 1
    if _SEPARATOR.match(text):
        next(reader)
        begins = 2
    try:
        for row in reader:
            yield begins, row
            begins = reader.line_num + 1
    except csv.Error:
        raise _refusal(
            f"The file cannot be read from line {begins} on: a quotation mark is not closed, or a cell is too long."
        ) from None


def _delimiter(text: str) -> str:
    if named := _SEPARATOR.match(text):
        return named[1]
    first = text.lstrip().partition("\n")[0]
    return max(DELIMITERS, key=first.count)


def _places(header: Sequence[str]) -> tuple[dict[str, int], list[str]]:
    if len(header) > MOST_COLUMNS:
        raise _refusal("The file has more than 200 columns.")
    places: dict[str, int] = {}
    ignored = []
    for place, cell in enumerate(header):
        name = _BY_HEADER.get(name_key(cell))
        if name is None:
            ignored.append(cell.strip()[:60])
        elif name in places:
            raise _refusal(f"The column {COLUMNS[name]} stands in the file twice.")
        else:
            places[name] = place
    missing = [COLUMNS[name] for name in REQUIRED if name not in places]
    if missing:
        raise _refusal(f"The first line must name the columns. Missing: {', '.join(missing)}.")
    return places, [cell for cell in ignored if cell]


def _line(number: int, row: Sequence[str], places: Mapping[str, int], *, width: int) -> Line:
    cells = {name: bare(row[place]) if place < len(row) else "" for name, place in places.items()}
    if len(row) > width:
        return Line(number, cells, "The line has more cells than the header.")
    if any(len(cell) > LONGEST_CELL for cell in cells.values()):
        return Line(number, {name: cell[:200] for name, cell in cells.items()}, "A cell is too long.")
    return Line(number, cells)


def _refusal(message: str) -> DomainError:
    return DomainError(message, field="file")
