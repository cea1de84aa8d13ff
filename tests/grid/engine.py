"""Asking as one of the cast, and putting the world back as it was after every request that wrote."""

import re
import zlib
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.cookies import SimpleCookie
from typing import Any

import psycopg
from django.conf import settings
from django.contrib.messages.storage.cookie import CookieStorage
from django.http import HttpRequest
from django.test import Client

from msc import stack
from msc.pages import submission
from tests.database import Rows
from tests.grid.marks import too_much
from tests.grid.world import World
from tests.stack import DATABASE, superuser_url

#: What a request may write although it is refused, each with its reason.
WRITTEN_BY_A_REFUSAL = {
    "msc_cache": "counters of the rate limits",
    "events_event": "the record of the refusal",
    "events_eventdetail": "what only the MSP may know of it",
    "health_refusedrecord": "what a program sent and the portal did not keep",
    "django_session": "allauth notes in the session where somebody was on the way to",
}


@dataclass
class Answer:
    """What a request got, and the tables it wrote to."""

    status: int
    body: bytes
    headers: Mapping[str, str]
    written: list[str]
    mails: list[tuple[str, bytes]]
    rows: dict[str, list[dict[str, Any]]] = field(default_factory=dict)

    @property
    def everything(self) -> bytes:
        """Body and headers, the messages cookie in clear."""
        lines = "\n".join(f"{name}: {value}" for name, value in self.headers.items())
        return self.body + b"\n" + lines.encode("utf-8", "backslashreplace")


class Stage:
    """The world, the people in it, and a superuser who sees what changed."""

    def __init__(self) -> None:
        self.world = World()
        self.superuser: psycopg.Connection = stack.connect(superuser_url(DATABASE))
        self.rows = Rows(self.superuser)
        self.place = self._log_position()
        self.restores = True  # whether what a request wrote is taken back at once
        self.keeps_rows = False  # whether an answer tells what stood in the tables that were written

    def close(self) -> None:
        self.superuser.close()

    def ask(self, reader: str, method: str, url: str, data: Mapping[str, Any] | None = None, **more: Any) -> Answer:
        """Send one request as the reader; what it wrote is told and taken back."""
        call = getattr(self._browser(reader), method.lower())
        return self._answer(call(url, **more) if data is None else call(url, data, **more))

    def send(
        self, reader: str, method: str, path: str, body: bytes, content_type: str, query: str, headers: dict[str, str]
    ) -> Answer:
        """Send one request as the reader, its parts as they are."""
        browser = self._browser(reader)
        if cookie := headers.pop("Cookie", ""):
            browser.cookies.load(cookie)
        # Some web servers take this header for the place where the application lies.
        moved = {"SCRIPT_NAME": headers["Script-Name"]} if "Script-Name" in headers else {}
        return self._answer(
            browser.generic(method, path, body, content_type, headers=headers, QUERY_STRING=query, **moved)
        )

    def _browser(self, reader: str) -> Client:
        """Return the reader's browser as it was when they had just signed in."""
        browser = self.world.browsers[reader]
        browser.cookies = SimpleCookie()
        if reader in self.world.cookies:
            browser.cookies[settings.SESSION_COOKIE_NAME] = self.world.cookies[reader]
        return browser

    def _answer(self, response: Any) -> Answer:
        body = b"".join(response.streaming_content) if response.streaming else response.content
        headers = {**response.headers, **{name: _clear(morsel.value) for name, morsel in response.cookies.items()}}
        return Answer(response.status_code, body, headers, *self._written())

    @contextmanager
    def unwatched(self) -> Iterator[None]:
        """Leave what requests write, until `settle` or the end of the block; no answer names the tables."""
        self.restores = False
        self.settled: set[str] = set()
        try:
            yield
        finally:
            self.settle()
            # Rows that were put back many times leave dead ones, which every later question would read.
            for table in sorted(self.settled):
                self.superuser.execute(f"VACUUM {table}")
            self.place, self.restores = self._log_position(), True

    def settle(self) -> None:
        """Put the world back as it was."""
        self.settled.update(self.rows.restore())

    def form(self, reader: str, data: Mapping[str, Any]) -> dict[str, Any]:
        """Return the data with a submit key of the reader."""
        person = self.world.people.get(reader)
        return {submission.FIELD: submission.new_key(person)} | dict(data) if person else dict(data)

    def _written(self) -> tuple[list[str], list[tuple[str, bytes]], dict[str, list[dict[str, Any]]]]:
        if not self.restores:
            return [], [], {}
        # The write-ahead log does not move while nothing is written: most requests cost one small query here.
        if self._log_position() == self.place:
            return [], [], {}
        written = self.rows.touched()
        mails = self._mails() if "mail_outboxbody" in written else []
        rows = {name: self._rows(name) for name in written} if self.keeps_rows else {}
        if written:
            self.rows.restore()
        self.place = self._log_position()
        return written, mails, rows

    def _rows(self, table: str) -> list[dict[str, Any]]:
        """Return the rows of a table in the order in which they were made."""
        found = self.superuser.execute(f"SELECT to_jsonb(t) FROM {table} t").fetchall()
        return sorted((row for (row,) in found), key=lambda row: (row.get("id", 0), str(row)))

    def _mails(self) -> list[tuple[str, bytes]]:
        found = self.superuser.execute(
            'SELECT m."to", m.msp_id, concat_ws(chr(10), b.subject, b.text, b.html) FROM mail_outboxbody b'
            " JOIN mail_outboxmessage m ON m.id = b.message_id WHERE m.key NOT LIKE 'grid-%'"
        )
        return [(self._reader_at(to, msp), text.encode()) for to, msp, text in found.fetchall()]

    def _log_position(self) -> str:
        row = self.superuser.execute("SELECT pg_current_wal_insert_lsn()::text").fetchone()
        return str(row and row[0])

    @contextmanager
    def changed(self) -> Iterator[psycopg.Connection]:
        """Let the superuser, whom no trigger stops, change the world until the block ends."""
        self.restores = False
        try:
            yield self.superuser
        finally:
            self.rows.restore()
            self.place, self.restores = self._log_position(), True

    def leaks(self, reader: str, answer: Answer, besides: Collection[str] = ()) -> list[str]:
        """Return what the answer, or an e-mail that it caused, shows to somebody who may not see it."""
        shown = [f"{reader}: {found}" for found in too_much(reader, answer.everything).difference(besides)]
        for addressee, text in answer.mails:
            shown += [f"e-mail to {addressee}: {found}" for found in too_much(addressee, text)]
        return shown

    def _reader_at(self, address: str, msp: int | None) -> str:
        """Return whose eyes an address has: one of the cast, or somebody else of an MSP or of none."""
        for name, person in self.world.people.items():
            if person.email == address:
                return name
        # Whoever an MSP writes to besides knows at most what all of its people know.
        return {self.world.northwind.pk: "rita", self.world.eastgate.pk: "eve", None: "nobody"}.get(msp, "tom")


def _clear(value: str) -> str:
    """Return a cookie with the messages in it readable."""
    storage = CookieStorage(HttpRequest())
    try:
        decoded = storage._decode(value)
    except (ValueError, zlib.error):
        decoded = None
    return value + " " + " ".join(str(one) for one in decoded or ())


_CHANGES_BY_ITSELF = re.compile(
    rb'name="(?:csrfmiddlewaretoken|submit_key)" value="[^"]*"|X-CSRFToken": "[^"]*"|nonce="[^"]*"|csrf[-_]?token[^>]{0,200}|\d\d:\d\d(?::\d\d)?'
    # The age of a moment.
    rb"|\bnow\b|\b\d+ (?:min|h|d) ago|\bin \d+ (?:min|h|d)\b"
)


def alike(body: bytes, *echoed: str) -> bytes:
    """Return a page without what differs from answer to answer, and without what it echoes of the question."""
    text = _CHANGES_BY_ITSELF.sub(b"", body)
    for echo in sorted(echoed, key=len, reverse=True):
        text = text.replace(echo.encode(), b"#")
    return text
