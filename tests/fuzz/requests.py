"""Hostile requests, made from a seed: every slot that a request has, filled with what no page asked for."""

import base64
import json
import random
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, quote_from_bytes

from msc.pages.list import ListPage
from tests.grid.engine import Stage
from tests.grid.forms import form
from tests.grid.places import OWNERS, patterns, url
from tests.grid.table import TABLE_OF

#: What stands in a slot: text, or bytes that are no text at all.
VALUES: tuple[str | bytes, ...] = (
    "", " ", "\x00", "a\x00b", "\x1b[31m", "\r\nX-Injected: 1", "\ufeff", "\u202e", "\u200b", "\uffff", "e\u0301", "ß", "İ", "K",
    b"\xed\xa0\x80", b"\xff\xfe", b"\xc0\xaf", b"\xf4\x90\x80\x80", "😀" * 60, "株式会社", "١٢٣", "²", "1_000", "0x10", "1e400",
    "-1", "0", "1.5", "+1", " 1", "1 ", "007", str(2**15), str(2**31), str(2**31 - 1), str(2**63), str(2**63 - 1), str(2**64),
    "9" * 30, "9" * 400, "9" * 5_000, "NaN", "Infinity", "-0", "1e-400", "1,5", "true", "None", "null", "undefined", "on",
    "[]", "{}", "[[[[", "{\"a\":", "(", ")", "*", "\\", "%", "_", "'", '"', "' OR 1=1 --", "'; DROP TABLE x; --", "$1", ":x", "%s",
    "{{7*7}}", "{% debug %}", "${7*7}", "<script>alert(1)</script>", "javascript:alert(1)", "//evil.example", "https://evil.example/",
    "/\\evil.example", "../../etc/passwd", "=1+1", "@SUM(A1)", "__class__", "pk__in", "password__startswith", "-pk", "?", "-", "--name",
    "2026-02-30", "0000-00-00", "9999-12-31", "0001-01-01", "10000-01-01", "2147483648-01-01", "2026-01-01T99:99:99Z", "24:00",
    "x" * 300, "x" * 8_000, "a b " * 2_000, "é" * 2_700, "a@b", "a@" + "b" * 300 + ".example", "+" + "9" * 40, "Europe/Nowhere",
    "msp_admin", "support", "deleted", "csv", "all", "filters", "columns", "export",
)  # fmt: skip
QUERY_NAMES = (
    "q", "sort", "page", "size", "panel", "export", "choices", "term", "column", "count", "next", "token", "tenant_type", "service_plan",
    "cursor", "page_size", "tenant", "organization", "source", "kind", "job", "started", "ended", "exit", "interval_hours",
    "retention_days", "o", "p", "e", "all", "_popup", "_to_field", "_changelist_filters", "id__exact", "pk", "created_at__gte", "state",
    "code", "error", "SAMLResponse", "RelayState", "format", "lang", "csrfmiddlewaretoken", "month", "from", "to", "x" * 300, "", "a[b]",
)  # fmt: skip
FIELD_NAMES = (
    "order",
    "shown",
    "width",
    "add",
    "remove",
    "action",
    "_selected_action",
    "index",
    "post",
    "version",
    "code",
    "login",
    "token",
)
HEADERS = (
    "HX-Request", "HX-Target", "HX-Current-URL", "HX-History-Restore-Request", "Accept", "Accept-Language", "Accept-Encoding", "User-Agent",
    "Referer", "Origin", "X-Forwarded-For", "X-Forwarded-Host", "X-HTTP-Method-Override", "If-None-Match", "If-Modified-Since", "Range",
    "Cookie", "Authorization", "X-Request-ID", "Content-Language", "Script-Name", "Content-Encoding", "Transfer-Encoding",
)  # fmt: skip
CONTENT_TYPES = (
    "application/x-www-form-urlencoded", "multipart/form-data", "multipart/form-data; boundary=x", "application/json", "text/plain", "",
    "multipart/form-data; boundary=" + "x" * 300, "application/x-www-form-urlencoded; charset=utf-16", "application/json; charset=nonsense",
    "application/x-ndjson", "application/xml", "é/é",
)  # fmt: skip
CHARSETS = (
    "utf-8", "utf8", "UTF-8", "us-ascii", "latin-1", "iso-8859-1", "windows-1252", "utf-16", "utf-32", "utf-7", "idna", "punycode",
    "hex", "zlib", "bz2", "rot13", "base64", "uu", "undefined", "unicode_escape", "raw_unicode_escape", "mbcs", "", "nonsense", "x" * 300,
)  # fmt: skip
PREFIXES = (
    "/support",
    "/evil",
    "/static",
    "/metrics",
    "/x",
    "/",
    "//",
    "/api",
    "/api/v1",
    "support",
    "/support/",
    "é",
    "x" * 300,
)
#: What stands where a tool prints a number.
NUMBERS = (
    "0", "1", "1.5", "1.2.3", ".", "..", "-1", "+1", "1e400", "9" * 400, "9" * 5_000, "NaN", "inf", "1_000", "٣", "1,5", "0x10", "007",
    str(2**63), str(2**64), "1" + "." * 50, "", " ", "null", "true", "[]", "{}", '"1"',
)  # fmt: skip
TOOL_TEXTS = (
    "processed {0} files, {1} GiB in 0:01\nsnapshot 0123abcd saved", "processed 5 files, {0} {1} in 0:01", "restoring <Snapshot {0}>",
    '{{"message_type":"summary","total_bytes_processed":{0},"total_duration":{1},"snapshot_id":"0123abcd"}}',
    '{{"message_type":"summary","total_files_processed":{0},"data_added":{1},"seconds_elapsed":{0}}}',
    '{{"message_type":"error","error":{{"message":{0}}},"item":{1}}}', '{{"message_type":"exit_error","code":{0},"message":{1}}}',
    "This archive:   {0} GB   1 GB   {1} GB", "This archive:   {0} {1}   1 GB   1 GB", "Archive fingerprint: {0}\nNumber of files: {1}",
    '{{"archive":{{"id":{0},"duration":{1},"stats":{{"original_size":{0},"deduplicated_size":{1},"nfiles":{0}}}}}}}',
    '[{{"archive":{{"id":"a","duration":{0},"stats":{{"original_size":{1}}}}}}}]', '{{"type":"log_message","levelname":{0},"message":{1}}}',
)  # fmt: skip
#: What stands inside a cursor before it is encoded.
PLACES = (
    "p={0}", "r=1&p={0}", "r={0}", "o={0}", "o={0}&p=1", "p={0}&p=1", "p={0}&x=1", "{0}", "p=1&r=1&o={0}", "p=1;r={0}", "&p={0}", "p=1&{0}",
)  # fmt: skip
API_LISTS = (
    "health:api-customers",
    "health:api-tenants",
    "health:api-plans",
    "health:api-runs",
    "health:api-usage",
    "health:api-alerts",
)
API_TOOLS = ("health:api-runs-restic", "health:api-runs-borg")
BODIES = (
    b"", b"\x00", b"--x", b"--x\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n\xff\r\n--x--", b"%", b"%ZZ=1", b"a=%FF", b"&" * 500,
    b"a=1&" * 3_000, b"--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"\x00../a\"\r\n\r\nx\r\n--x--\r\n", b"{", b"[" * 5_000,
    b'{"a": 1e999}', b"[NaN]", b"\xff\xfe[]", b'"text"', b"null", b"1", b'{"records": 7}', b'[{"tenant": {}}]', b"<a>", b"\n" * 1_000,
    b"--x\r\nContent-Disposition: form-data; name=\"a\"\r\nContent-Transfer-Encoding: base64\r\n\r\n!!!\r\n--x--\r\n",
)  # fmt: skip
JSON_VALUES = (
    None,
    True,
    0,
    -1,
    2**31,
    2**63,
    10**30,
    1.5,
    "",
    "x" * 8_000,
    "a\x00b",
    "\ud800",
    [],
    {},
    [[]],
    {"a": {}},
    "2026-02-30",
    "NaN",
)


@dataclass
class Hostile:
    """One request, and who sends it."""

    reader: str
    method: str
    path: str
    body: bytes = b""
    content_type: str = "application/x-www-form-urlencoded"
    query: str = ""
    headers: dict[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.method} {self.path[:200]}?{self.query[:300]} as {self.reader} {self.headers} {self.content_type} {self.body[:300]!r}"


class Source:
    """Hostile requests against a stage, always the same for a seed."""

    def __init__(self, stage: Stage, seed: int) -> None:
        self.dice = random.Random(seed)
        self.stage = stage
        self.names = sorted(TABLE_OF)
        self.filters = {
            pattern.name: list(pattern.view.filters.base_filters)
            for pattern in patterns()
            if isinstance(pattern.view, type) and issubclass(pattern.view, ListPage)
        }
        self.shapes: list[Callable[[str, str], Hostile]] = [
            self._query,
            self._query,
            self._form,
            self._form,
            self._path,
            self._body,
            self._header,
            self._charset,
            self._page,
            self._tool,
        ]

    def requests(self, number: int) -> Iterator[Hostile]:
        """Return this many of them."""
        for _ in range(number):
            name = self.dice.choice(self.names)
            reader = self._reader(name)
            yield self.dice.choice(self.shapes)(name, reader)

    def _reader(self, name: str) -> str:
        """Return anybody, but mostly somebody whom the address answers."""
        table = TABLE_OF[name]
        answered = [reader for reader, _, status in table.row(name, "GET").cells() if status < 300]
        return self.dice.choice(answered if answered and self.dice.random() < 0.7 else table.readers)

    def _url(self, name: str) -> str:
        return url(name, self.stage.world.owned[self.dice.choice(OWNERS)])

    def _value(self) -> str | bytes:
        return self.dice.choice(VALUES)

    def _encoded(self, pairs: list[tuple[str, str | bytes]]) -> str:
        return "&".join(f"{quote(name, safe='')}={_percent(value)}" for name, value in pairs)

    def _query(self, name: str, reader: str) -> Hostile:
        known = [*QUERY_NAMES, *self.filters.get(name, ()) * 4]
        pairs: list[tuple[str, str | bytes]] = []
        for _ in range(self.dice.choice((1, 1, 2, 3))):
            one = self.dice.choice(known)
            pairs += [(one, self._value()) for _ in range(self.dice.choice((1, 1, 1, 2)))]
        path, _, kept = self._url(name).partition("?")
        own = f"{kept}&" if kept and self.dice.random() < 0.5 else ""
        return Hostile(reader, "GET", path, query=own + self._encoded(pairs), headers=self._fragment())

    def _form(self, name: str, reader: str) -> Hostile:
        owner = self.dice.choice(OWNERS)
        data = self.stage.form(reader, form(name, self.stage.world, self.stage.world.owned[owner]))
        path, _, query = url(name, self.stage.world.owned[owner]).partition("?")
        if name.startswith("health:"):
            return self._records(reader, path, query, data)
        pairs: list[tuple[str, str | bytes]] = []
        for key, value in data.items():
            values = value if isinstance(value, list) else [value]
            pairs += [(key, str(one)) for one in values]
        for _ in range(self.dice.choice((1, 1, 2, 4))):
            pairs = self._spoiled(pairs)
        panel = self.dice.choice(("", "", "panel=columns", "panel=widths"))
        body = self._encoded(pairs).encode()
        return Hostile(
            reader, "POST", path, body, query="&".join(filter(None, (query, panel))), headers=self._fragment()
        )

    def _spoiled(self, pairs: list[tuple[str, str | bytes]]) -> list[tuple[str, str | bytes]]:
        act = self.dice.choice(("replace", "replace", "replace", "drop", "repeat", "add"))
        if act == "add" or not pairs:
            return [*pairs, (self.dice.choice((*FIELD_NAMES, *QUERY_NAMES)), self._value())]
        place = self.dice.randrange(len(pairs))
        spoiled = {
            "replace": [(pairs[place][0], self._value())],
            "drop": [],
            "repeat": [pairs[place], (pairs[place][0], self._value())],
        }
        return [*pairs[:place], *spoiled[act], *pairs[place + 1 :]]

    def _records(self, reader: str, path: str, query: str, data: dict[str, Any]) -> Hostile:
        record = dict(data.get("records", [{"tenant": 1}])[0])
        for _ in range(self.dice.choice((1, 1, 2, 3))):
            key = self.dice.choice([*record, "policy", "bytes", "errors", "message", "x"])
            record[key] = self.dice.choice(JSON_VALUES)
        body = json.dumps(self.dice.choice(({"records": [record, record]}, [record], record))).encode()
        kind = self.dice.choice(("application/json", "application/json", "application/x-ndjson", "text/plain"))
        if self.dice.random() < 0.3:
            query = self._encoded([(self.dice.choice(QUERY_NAMES), self._value()) for _ in range(2)])
        return Hostile(reader, "POST", path, body, kind, query)

    def _path(self, name: str, reader: str) -> Hostile:
        path, _, query = self._url(name).partition("?")
        places = list(re.finditer(r"(?<=/)[^/]+", path))
        place = self.dice.choice([found for found in places if found[0].isdigit()] or places or [None])
        if place is not None:
            path = path[: place.start()] + _percent(self._value(), safe="") + path[place.end() :]
        elif self.dice.random() < 0.5:
            path += _percent(self._value())
        return Hostile(reader, self.dice.choice(("GET", "GET", "POST")), path or "/", query=query)

    def _body(self, name: str, reader: str) -> Hostile:
        path, _, query = self._url(name).partition("?")
        method = self.dice.choice(("POST", "POST", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "GET"))
        return Hostile(reader, method, path, self.dice.choice(BODIES), self.dice.choice(CONTENT_TYPES), query)

    def _charset(self, name: str, reader: str) -> Hostile:
        hostile = self._form(name, reader) if self.dice.random() < 0.7 else self._query(name, reader)
        kind = self.dice.choice(
            ("application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "application/json", "x/y")
        )
        hostile.content_type = f"{kind}; charset={self.dice.choice(CHARSETS)}"
        return hostile

    def _page(self, _name: str, _reader: str) -> Hostile:
        """Ask for a page of the API by a cursor and a size that no answer named."""
        pairs: list[tuple[str, str | bytes]] = []
        if self.dice.random() < 0.7:
            value = self.dice.choice((self._value(), self.dice.choice(NUMBERS)))
            text = value.decode("latin-1") if isinstance(value, bytes) else value
            place = self.dice.choice(PLACES).format(text).encode("utf-8", "surrogatepass")
            cursor = base64.b64encode(place)[: self.dice.choice((-1, -2, None, None, None))]
            pairs.append(("cursor", cursor))
        if not pairs or self.dice.random() < 0.5:
            pairs.append(("page_size", self.dice.choice((self._value(), self.dice.choice(NUMBERS), "0" * 9 + "9" * 9))))
        reader = self.dice.choice(("program", "program", "foreign"))
        return Hostile(reader, "GET", self._url(self.dice.choice(API_LISTS)), query=self._encoded(pairs))

    def _tool(self, _name: str, _reader: str) -> Hostile:
        """Send the output of a tool whose numbers are none."""
        name = self.dice.choice(API_TOOLS)
        path, _, query = self._url(name).partition("?")
        lines = [
            self.dice.choice(TOOL_TEXTS).format(self.dice.choice(NUMBERS), self.dice.choice(NUMBERS))
            for _ in range(self.dice.choice((1, 1, 3)))
        ]
        query = "&".join(part for part in query.split("&") if self.dice.random() < 0.9)
        reader = self.dice.choice(("program", "narrow"))
        return Hostile(reader, "POST", path, "\n".join(lines).encode(), self.dice.choice(CONTENT_TYPES), query)

    def _header(self, name: str, reader: str) -> Hostile:
        path, _, query = self._url(name).partition("?")
        value = self._value()
        text = value.decode("latin-1") if isinstance(value, bytes) else value.encode().decode("latin-1")
        text = re.sub(r"[\r\n\x00]", "", text)[:8_000]  # what no web server hands on
        header = self.dice.choice(HEADERS)
        if header == "Script-Name":
            text = self.dice.choice(PREFIXES).encode().decode("latin-1")
        if header == "Cookie":
            text = self.dice.choice(("msc-session", "messages", "msc-csrf", "msc-trusted", "x")) + "=" + text
        return Hostile(reader, self.dice.choice(("GET", "GET", "POST")), path, query=query, headers={header: text})

    def _fragment(self) -> dict[str, str]:
        return {"HX-Request": "true"} if self.dice.random() < 0.3 else {}


def _percent(value: str | bytes, safe: str = "") -> str:
    return quote_from_bytes(value, safe=safe) if isinstance(value, bytes) else quote(value, safe=safe)
