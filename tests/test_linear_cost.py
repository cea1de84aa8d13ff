"""The API's work grows with the size of a body and no faster, whatever stands in it: counted in calls and parsed text."""

import json
import sys

import pytest

from tests.health.conftest import issue

pytestmark = pytest.mark.django_db

SMALL, LARGE = 8_000, 32_000
#: Four times the body may cost little more than four times the steps; a square would be sixteen times.
MOST = 5
SHAPES = {
    "nested objects, a line each": b'{"a":[\n',
    "objects that never end": b'{"a":[0,0,0,0,0,0,0,0,0,0,0,0,0,0,0\n',
    "nested arrays": b"[",
    "nested objects": b'{"a":',
    "empty objects, a line each": b"{}\n",
    "objects, a line each": b'{"a": 1}\n',
    "objects beside each other": b'{"a": 1}',
    "strings that never end": b'{"a": "x\n',
    "closing brackets": b"]}",
    "backslashes": b'"\\\\',
    "numbers": b"9",
    "summaries": b'{"message_type":"summary"}\n',
    "lines of text": b"processed 1 files, 1 GiB in 0:01\n",
    "lines of blanks": b" \n",
    "one line": b"x ",
}
FINISHED = {
    "empty objects in an array": (b"[", b"{},", b"{}]"),
    "empty arrays in an array": (b"[", b"[],", b"[]]"),
    "repeated keys": (b"{", b'"a": 1, ', b'"a": 1}'),
    "different keys": (b"[{", b'"a": {}, ', b'"b": 1}]'),
}
PATHS = (
    "runs",
    "usage",
    "runs/restic?tenant=1&organization=a&source=b&job=q&exit=0",
    "runs/borg?tenant=1&organization=a&source=b&job=q&exit=0",
)


class Steps:
    """Counts calls of functions, and characters that the JSON parser has read, until the block ends."""

    def __enter__(self):
        self.count, self.original = 0, json.JSONDecoder.raw_decode
        steps = self

        def raw_decode(decoder, text, idx=0):
            end = len(text)
            try:
                found, end = steps.original(decoder, text, idx)
            except json.JSONDecodeError as error:
                end = error.pos
                raise
            finally:
                steps.count += max(0, end - idx)
            return found, end

        json.JSONDecoder.raw_decode = raw_decode
        sys.setprofile(self._called)
        return self

    def __exit__(self, *_):
        sys.setprofile(None)
        json.JSONDecoder.raw_decode = self.original

    def _called(self, _frame, event, _argument):
        self.count += event in {"call", "c_call"}


@pytest.fixture
def client_of_program(ada, client):
    client.defaults["HTTP_AUTHORIZATION"] = f"Bearer {issue(ada)[1]}"
    return client


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("shape", [*SHAPES, *FINISHED])
def test_the_work_grows_with_the_body(client_of_program, path, shape):
    def steps(size):
        first, part, last = FINISHED.get(shape) or (b"", SHAPES[shape], b"")
        body = first + part * (size // len(part)) + last
        with Steps() as steps:
            answer = client_of_program.generic("POST", f"/api/v1/{path}", body, "application/json")
        assert answer.status_code < 500
        return steps.count

    steps(SMALL)
    small, large = steps(SMALL), steps(LARGE)
    assert large <= MOST * small, f"{small} steps for {SMALL} bytes, {large} for {LARGE}"
