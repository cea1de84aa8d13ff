"""A list as a CSV file: keys first, then short read-only transactions, each with scope and rights anew."""

import csv
from array import array
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import tzinfo
from io import StringIO
from typing import Any, Protocol

from django.db import connection
from django.db.models import QuerySet
from django.http import StreamingHttpResponse
from django.utils import timezone

from msc.access import scope
from msc.access.models import MspState, User
from msc.events import log
from msc.pages.columns import Column, Names
from msc.pages.reading import Statement
from msc.pages.tables import Reading

CHUNK = 1_000
KEYS_AT_ONCE = 20_000
BOM = "\ufeff"


class Source(Protocol):
    """What an export reads: the list's rows for a person, as the list page declares them."""

    @property
    def list_name(self) -> str:
        """The name of the list."""
        ...

    def keys(self, user: User) -> QuerySet[Any]:
        """Return the rows of the asked search, filter and sort."""
        ...

    def rows(self, user: User) -> QuerySet[Any]:
        """Return the rows the person may see now, prepared for the columns, without filter and order."""
        ...

    def may_export(self, user: User) -> bool:
        """Whether the person still holds the rights."""
        ...


class RightsLost(Exception):
    """The person may no longer see what the export reads, so that the connection is cut."""


@dataclass
class Export:
    """One export on its way: how many rows were promised and how many have been sent."""

    source: Source
    user: User
    columns: Sequence[Column]
    names: Names
    zone: tzinfo
    promised: int = 0
    sent: int = 0
    _statements: dict[tuple[int | None, str], Statement] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.reading = Reading(self.columns)

    def lines(self) -> Iterator[str]:
        """Yield the file in pieces; an error passes through, so that the connection is cut and not ended."""
        finished = False
        try:
            yield BOM + written([[column.heading for column in self.columns]])
            keys = self.read_keys()
            self.promised = len(keys)
            for start in range(0, len(keys), CHUNK):
                yield self.read_rows(keys[start : start + CHUNK])
            finished = True
        finally:
            self.record(finished=finished)

    def read_keys(self) -> "array[int]":
        """Read the keys of all rows, in order, 8 bytes each."""
        with scope.entered("portal", msp=self.user.msp_id, person=self.user.pk):
            queryset = self.source.keys(self.user).values_list("pk", flat=True)
            return array("q", queryset.iterator(chunk_size=KEYS_AT_ONCE))

    def read_rows(self, keys: "array[int]") -> str:
        """Read and write the rows of some keys under the rights that the person has now."""
        with scope.entered("portal", msp=self.user.msp_id, person=self.user.pk), timezone.override(self.zone):
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION READ ONLY")
            user = self.entitled()
            values = self.statement(user).columns(keys)
            piece = written(self.reading.texts(values, self.names)) if values else ""
        self.sent += len(values[0]) if values else 0
        return piece

    def statement(self, user: User) -> Statement:
        """Return the compiled statement; it is compiled anew when the person's rights have changed."""
        rights = (user.msp_id, user.role)
        if rights not in self._statements:
            self._statements = {rights: Statement(self.source.rows(user), self.reading.fields)}
        return self._statements[rights]

    def entitled(self) -> User:
        """Return the person as they are now, or cut the export when they may no longer."""
        user: User | None = User.objects.select_related("msp").filter(pk=self.user.pk).first()
        if user is None or not user.msp or user.msp.state != MspState.ACTIVE or not self.source.may_export(user):
            raise RightsLost
        return user

    def record(self, *, finished: bool) -> None:
        """Record how the export ended."""
        action = "export.finished" if finished else "export.failed"
        with scope.entered("portal", msp=self.user.msp_id, person=self.user.pk):
            detail = {"list": self.source.list_name, "promised": self.promised, "sent": self.sent}
            log.record(by=self.user, action=action, on=None, label=self.source.list_name, detail=detail)


def written(lines: Iterable[Sequence[str]]) -> str:
    """Return lines as CSV."""
    file = StringIO()
    csv.writer(file).writerows(lines)
    return file.getvalue()


def response(export: Export) -> StreamingHttpResponse:
    """Return the file as a download that no proxy holds back."""
    name = f"{export.source.list_name}-{timezone.localdate():%Y-%m-%d}.csv"
    return StreamingHttpResponse(
        export.lines(),
        content_type="text/csv; charset=utf-8",
        headers={
            "Content-Disposition": f'attachment; filename="{name}"',
            "Cache-Control": "no-store, private",
            "Content-Encoding": "identity",  # compressing would take as long as COPY of all rows; a proxy may do it
            "X-Accel-Buffering": "no",
        },
    )
