"""What a call costs: linear in its body, counted while it is read, refused before everything is built."""

import contextlib
import gzip
import io
import itertools
import json
import tracemalloc
from collections.abc import Iterator

import pytest

from health import bodies, tools
from msc.access.answers import largest_body
from tests.health.conftest import run, usage

STATUS = b'{"message_type":"status","percent_done":0.5,"current_files":["/srv/\\"type\\": \\"file_status\\""]}\n'
MB = 2**20


class Counting:
    """Counts the characters that the JSON decoder is given, which bounds the steps it takes."""

    def __init__(self, monkeypatch) -> None:
        self.characters = 0
        original = json.JSONDecoder.raw_decode

        def raw_decode(decoder, text, idx=0):
            self.characters += len(text) - idx
            return original(decoder, text, idx)

        monkeypatch.setattr(json.JSONDecoder, "raw_decode", raw_decode)


@pytest.fixture
def counting(monkeypatch):
    return Counting(monkeypatch)


REPEATED = [
    '{"a":[\n',
    '{"a":[0,0,0,0\n',
    "{\n",
    "[\n",
    '{"a":{"a":{"a":[[[[\n',
    '{"message_type":"summary"\n',
    "[{\n}\n",
    "{}\n",
    '{"a": 1}\n',
    '"\\',
    "{" * 1_000 + "\n",
]


@pytest.mark.parametrize("tool", ["restic", "borg"])
@pytest.mark.parametrize("line", REPEATED, ids=itertools.count())
def test_a_text_costs_what_it_is_long(counting, tool, line):
    for length in (100_000, 200_000):
        text = line * (length // len(line))
        counting.characters = 0
        tools.TOOLS[tool].read(text)
        assert counting.characters <= 2 * len(text)


@pytest.mark.parametrize("content_type", ["application/json", "application/x-ndjson"])
@pytest.mark.parametrize(
    "line", [*REPEATED, '{"a":[[]]},', "[],", '"' + "x" * 5_000 + '",', "1,"], ids=itertools.count()
)
@pytest.mark.parametrize("begin", ["", "[", '{"records": ['])
def test_the_cost_of_a_batch_grows_as_its_length(counting, content_type, line, begin):
    costs = []
    for length in (600_000, 1_200_000):
        counting.characters = 0
        with contextlib.suppress(bodies.TooLarge, bodies.ParseError):
            for _ in bodies._counted(bodies._records(begin + line * (length // len(line)), content_type)):
                pass
        costs.append(counting.characters)
    assert costs[1] <= 2.1 * costs[0] + bodies.LONGEST_RECORD


@pytest.mark.parametrize(
    "body",
    [
        b"[" + b"{}," * (4 * MB),
        b"{}\n" * (4 * MB),
        b'[{"a":[' + b"[]," * (4 * MB - 10),
        b'{"a":[' + b"{}," * (4 * MB - 10),
        b'{"records":[' + b"{}," * (4 * MB - 10),
        b"[" + b"1," * (6 * MB - 10),
        b"\n" * (12 * MB - 10),
    ],
    ids=["array", "lines", "nested", "object", "envelope", "numbers", "empty lines"],
)
@pytest.mark.django_db
def test_too_much_is_refused_before_it_is_built(program, body):
    # The request is made, and the code that answers it loaded, before memory is measured.
    program.post("runs", [])
    tracemalloc.start()
    try:
        answer = program.post("runs", body[: 12 * MB])
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert answer.status_code in (400, 413, 422)
    # Twice the body, as bytes and as text, in the test's own client and in the portal.
    assert peak < 5 * len(body[: 12 * MB])


def test_records_are_counted_to_the_last(rf):
    def numbers(text: str, content_type: str = "application/json") -> list[int]:
        return [number for number, _ in bodies._counted(bodies._records(text, content_type))]

    most = bodies.MOST_RECORDS
    assert len(numbers("[" + ",".join(["{}"] * most) + "]")) == most
    assert len(numbers("\n{}" * most)) == most
    assert numbers("\n{}\n\n{x\n  \n{}", "application/x-ndjson") == [2, 4, 6]
    for text in ("[" + ",".join(["{}"] * (most + 1)) + "]", "\n{}" * (most + 1)):
        with pytest.raises(bodies.TooLarge):
            numbers(text)


@pytest.mark.parametrize(
    ("text", "records"),
    [
        ("[]", []),
        (" [ ] \n", []),
        ('{"records" : [ ] }', []),
        ('[{"a": "]"}, {"b": ["}"]}]', [{"a": "]"}, {"b": ["}"]}]),
        ('{"a": 1}', [{"a": 1}]),
        ('{\n"a":\n1}\n', [{"a": 1}]),
        ('{"a": 1}\n{"b": 2}', [{"a": 1}, {"b": 2}]),
        (json.dumps([{"a": "x" * 5_000}, {"a": "y" * 100_000}]), [{"a": "x" * 5_000}, {"a": "y" * 100_000}]),
    ],
)
def test_each_shape_of_a_batch_is_read(text, records):
    assert [record for _, record in bodies._records(text, "application/json")] == records


@pytest.mark.parametrize("text", ["[1 2]", "[1,]", "[1", "[1]]", "[1],", '{"records": [1]', '{"records": [1]}}', "[,]"])
@pytest.mark.django_db
def test_what_is_no_json_is_said_to_be_none(program, text):
    answer = program.post("runs", text)
    assert (answer.status_code, "JSON" in str(answer.json())) == (400, True)


@pytest.mark.django_db
def test_an_array_that_breaks_in_its_middle_keeps_nothing(program, hybrid):
    body = json.dumps([run(hybrid), run(hybrid, "j2")])[:-1] + ", {broken"
    assert program.post("runs", body).status_code == 400
    assert program.get("runs").json()["results"] == []


def _chunks(*parts: bytes, size: int = 65_536) -> Iterator[bytes]:
    stream = io.BytesIO(b"".join(parts))
    return iter(lambda: stream.read(size), b"")


@pytest.mark.parametrize("size", [1, 7, 65_536])
def test_progress_is_dropped_and_the_rest_is_kept(size):
    progress = b'{"original_size": 0, "time": 1.5, "type": "archive_progress", "finished": false}\n'
    summary = b'{"message_type":"summary"}\n'
    shown = b"10 %\r20 %\rdone\r\n"
    text = bodies.excerpt(_chunks(STATUS * 3, b"Fatal: x\n", progress, shown, summary, b"last", size=size))
    assert text == b"Fatal: x\ndone\n" + summary + b"last"


def test_of_a_long_text_the_beginning_and_the_end_are_kept():
    lines = b"".join(b"line %d\n" % number for number in range(100_000))
    text = bodies.excerpt(_chunks(lines))
    assert text.startswith(b"line 0\nline 1\n")
    assert text.endswith(b"line 99998\nline 99999\n")
    assert bodies.HEAD + bodies.TAIL - 100 <= len(text) <= bodies.HEAD + bodies.TAIL
    assert len(bodies.excerpt(_chunks(b"x" * (3 * MB)))) <= bodies.HEAD + bodies.TAIL


@pytest.mark.parametrize(
    "piece", [bytes(65_535) + b"\n", bytes(65_536), b"\n" * 65_536, b"\r" * 65_536, b"{\r" * 32_768]
)
def test_a_text_of_any_length_takes_little_memory(piece):
    tracemalloc.start()
    try:
        bodies.excerpt(itertools.repeat(piece, 100))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 2 * MB


@pytest.mark.django_db
def test_a_backup_of_many_hours_arrives_with_its_summary(program, hybrid):
    summary = {"message_type": "summary", "total_files_processed": 5, "total_bytes_processed": 10**12}
    body = STATUS * (20 * MB // len(STATUS)) + json.dumps(summary).encode() + b"\n"
    path = f"runs/restic?tenant={hybrid.pk}&organization=Kiel&source=srv-1&exit=0"
    assert program.post(path, body, "text/plain").json()["created"] == 1
    (kept,) = program.get("runs").json()["results"]
    assert (kept["kind"], kept["status"], kept["bytes"]) == ("backup", "successful", 10**12)


@pytest.mark.django_db
def test_a_text_above_the_limit_of_its_address_is_refused_unread_with_a_reason(program, hybrid, settings):
    assert largest_body("/api/v1/runs/borg") == 64 * MB
    settings.MSC_LARGEST_BODIES = (("/api/v1/runs/", MB),)
    answer = program.post(f"runs/borg?tenant={hybrid.pk}&organization=a&source=b&exit=0", b"x" * (MB + 1), "text/plain")
    assert (answer.status_code, "larger" in answer.json()["detail"]) == (413, True)


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["runs", "usage", "runs/restic", "runs/borg"])
def test_a_compressed_body_is_refused_on_every_address(program, hybrid, path):
    records = {"runs": [run(hybrid)], "usage": [usage(hybrid)]}.get(path, [])
    query = f"?tenant={hybrid.pk}&organization=a&source=b&exit=0" if "/" in path else ""
    answer = program.client.post(
        f"/api/v1/{path}{query}",
        gzip.compress(json.dumps(records).encode()),
        content_type="application/json",
        headers={"content-encoding": "gzip"},
    )
    assert (answer.status_code, "Content-Encoding" in str(answer.json())) == (415, True)
    assert program.get("runs").json()["results"] == []
