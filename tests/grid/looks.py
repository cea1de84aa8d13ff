"""What can be asked of an address besides its page: a list's windows, files, fragments and the choices of its filters."""

from collections.abc import Iterator
from dataclasses import dataclass

from msc.pages.filters import ScopedModelMultiChoice
from msc.pages.list import ListPage
from tests.grid.engine import Answer, Stage
from tests.grid.forms import form
from tests.grid.places import PATHS, QUERIES, patterns, url
from tests.grid.table import TABLE_OF

LISTS: dict[str, type[ListPage]] = {
    pattern.name: pattern.view
    for pattern in patterns()
    if isinstance(pattern.view, type) and issubclass(pattern.view, ListPage)
}


@dataclass(frozen=True)
class Look:
    """One request of the grid, with a query of its own."""

    name: str
    reader: str
    owner: str
    method: str = "GET"
    query: str = ""

    def __str__(self) -> str:
        return f"{self.method} {self.name}{self.query} of {self.owner} as {self.reader}"

    def take(self, stage: Stage) -> Answer:
        """Send it."""
        owned = stage.world.owned[self.owner]
        address = url(self.name, owned) + self.query
        if self.method != "POST":
            return stage.ask(self.reader, self.method, address)
        data = stage.form(self.reader, form(self.name, stage.world, owned))
        more = {"content_type": "application/json"} if data and self.name.startswith("health:api") else {}
        return stage.ask(self.reader, "POST", address, data, **more)

    @property
    def status(self) -> int:
        """What the table says of it."""
        return TABLE_OF[self.name].row(self.name, self.method).statuses[self.reader][self.owner]


def queries(name: str) -> list[str]:
    """Return what else a list is asked: every window, file and choice."""
    view = LISTS.get(name)
    if view is None:
        return []
    choices = [each for each, found in view.filters.base_filters.items() if isinstance(found, ScopedModelMultiChoice)]
    windows = ["?export=all", "?panel=filters", "?panel=export", "?panel=columns", "?size=250&q=cnry"]
    return windows + [f"?choices={each}&term=" for each in choices]


def looks_at(name: str, readers: tuple[str, ...] = ()) -> Iterator[Look]:
    """Return every look of an address by reader and owner; of a list also its windows where it answers."""
    table = TABLE_OF[name]
    for method in ("GET", "POST"):
        row = table.row(name, method)
        for reader, owner, status in row.cells():
            varies = name in PATHS or name in QUERIES or len(set(row.statuses[reader].values())) > 1
            if (owner != "own" and not varies) or (readers and reader not in readers):
                continue
            yield Look(name, reader, owner, method)
            if method == "GET" and status == 200:
                yield from (Look(name, reader, owner, query=query) for query in queries(name))
