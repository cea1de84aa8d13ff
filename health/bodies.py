"""The body of an ingest call: records as JSON or NDJSON, whatever its content type says, or the text of a backup tool.

Everything is read once, from front to back, and counted while it is read: no body costs more than its length.
"""

import json
import re
from collections.abc import Iterable, Iterator

from django.core.exceptions import RequestDataTooBig
from rest_framework.exceptions import APIException, ParseError, UnsupportedMediaType
from rest_framework.request import Request

MOST_RECORDS = 25_000
#: Characters of one record, and the shorter lengths that are tried first: most records need no more than the first.
LONGEST_RECORD = 262_144
_LENGTHS = (4_096, 32_768, LONGEST_RECORD)
#: Bytes that are kept of the beginning and of the end of a tool's text.
HEAD, TAIL = 64 * 2**10, 192 * 2**10
_CHUNK = 64 * 2**10
Numbered = tuple[int, object]

_SPACE = re.compile(r"[ \t\r\n]*")
_ENVELOPE = re.compile(r'[ \t\r\n]*\{[ \t\r\n]*"records"[ \t\r\n]*:[ \t\r\n]*\[')
_LINE = re.compile(r"[^ \t\r\n][^\n]*")
#: What need not be kept of a tool's text: what restic and borg print while they work, and borg for each file (a quote
#: inside a JSON text has a backslash before it), what a carriage return has overwritten on a line, and empty lines.
#: Each with a part that a block has if there is any of it, since finding that part is ten times as quick.
_NOISE = tuple(
    (part, re.compile(pattern, re.MULTILINE))
    for part, pattern in (
        (b'status"', rb'^\{"message_type" ?: ?"(?:verbose_)?status".*\n?'),
        (b'"type": "', rb'^\{.*"type": "(?:archive_progress|progress_percent|progress_message|file_status)".*\n?'),
        (b"\r", rb"(?<!\r)\r+(?=\n)"),
        (b"\r", rb"^.*\r(?=[^\r\n])"),
        (b"\n\n", rb"(?<=\n)\n+"),
    )
)


class TooLarge(APIException):
    """The call sends more than one call may."""

    status_code = 413
    default_code = "too_large"
    default_detail = f"Send at most 12 MB and {MOST_RECORDS} records in one call."


def excerpt_of(request: Request) -> str:
    """Return a tool's text without its progress lines; of a long one the first 64 KB and the last 192 KB."""
    refuse_encoded(request)
    chunks = iter(lambda: request.read(_CHUNK), b"")
    return excerpt(chunks).decode("utf-8-sig", "replace")


def excerpt(chunks: Iterable[bytes]) -> bytes:
    """Return the first and the last bytes of a tool's text without its progress lines."""
    head, tail = bytearray(), bytearray()
    for block in map(_without_noise, _blocks(chunks)):
        fits = 0 if tail else len(block)
        if not tail and len(head) + len(block) > HEAD:
            fits = block.rfind(b"\n", 0, HEAD - len(head)) + 1
        head += block[:fits]
        tail += block[fits:]
        if len(tail) > 2 * TAIL:
            del tail[:-TAIL]
    return bytes(head + tail[-TAIL:])


def _without_noise(block: bytes) -> bytes:
    for part, noise in _NOISE:
        if part in block:
            block = noise.sub(b"", block)
    return block


def _blocks(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Yield blocks of whole lines; a very long line comes in pieces."""
    rest = b""
    for chunk in chunks:
        block = rest + chunk
        end = block.rfind(b"\n") + 1
        if len(block) - end > _CHUNK:
            end = len(block)
        yield block[:end]
        rest = block[end:]
    yield rest


def refuse_encoded(request: Request) -> None:
    """Refuse a compressed body."""
    encoding = request.META.get("HTTP_CONTENT_ENCODING", "").strip().lower()
    if encoding not in ("", "identity"):
        raise UnsupportedMediaType(encoding, "Send the body as it is, without a Content-Encoding.")


def records_of(request: Request) -> Iterator[Numbered]:
    """Yield the records of the call with their numbers: lines of NDJSON, or places in the array, from 1.

    A body that is not JSON, or holds too many records, ends the reading with an exception.
    """
    refuse_encoded(request)
    return _counted(_records(_text_of(request), request.content_type or ""))


def _text_of(request: Request) -> str:
    try:
        return bytes(request.body).decode("utf-8-sig")
    except RequestDataTooBig as error:
        raise TooLarge from error
    except UnicodeDecodeError as error:
        raise ParseError("The body is not UTF-8.") from error


def _counted(records: Iterable[Numbered]) -> Iterator[Numbered]:
    for count, numbered in enumerate(records):
        if count == MOST_RECORDS:
            raise TooLarge
        yield numbered


def _records(text: str, content_type: str) -> Iterator[Numbered]:
    if any(name in content_type for name in ("ndjson", "jsonl", "json-seq")):
        return _lines(text)
    begin = _after_space(text, 0)
    if text.startswith("[", begin):
        return _array(text, begin + 1, "]")
    if envelope := _ENVELOPE.match(text):
        return _array(text, envelope.end(), "]}")
    if not text.startswith("{", begin):
        raise ParseError('Send a JSON array, {"records": [...]}, or one record a line.')
    return _object(text, begin)


def _object(text: str, begin: int) -> Iterator[Numbered]:
    """Yield the one record of the body, or those of several lines: NDJSON under another name."""
    try:
        found, end = _decode(text, begin)
    except ValueError as error:
        if "\n" not in text[begin:].rstrip():
            raise ParseError(f"The body is not JSON: {error}.") from error
    else:
        if isinstance(found, dict) and found.keys() == {"records"}:
            raise ParseError('"records" is not an array.')
        if _after_space(text, end) == len(text):
            return iter([(1, found)])
    return _lines(text)


def _array(text: str, at: int, closing: str) -> Iterator[Numbered]:
    """Yield the items of an array that ends, as does the text, with the closing characters."""
    number = 0
    at = _after_space(text, at)
    while not (number == 0 and text.startswith("]", at)):
        number += 1
        try:
            found, at = _decode(text, at)
        except ValueError as error:
            raise ParseError(f"The body is not JSON: record {number}: {error}.") from error
        yield number, found
        at = _after_space(text, at)
        if not text.startswith(",", at):
            break
        at = _after_space(text, at + 1)
    for character in closing:
        if not text.startswith(character, at):
            raise ParseError(f'The body is not JSON: "{character}" is missing after record {number}.')
        at = _after_space(text, at + 1)
    if at < len(text):
        raise ParseError("The body is not JSON: something follows its end.")


def _lines(text: str) -> Iterator[Numbered]:
    number, counted_to = 1, 0
    for found in _LINE.finditer(text):
        number += text.count("\n", counted_to, found.start())
        counted_to = found.start()
        try:
            record, end = _decode(text[found.start() : found.end()].rstrip(), 0)
            yield number, record if end == len(found[0].rstrip()) else None
        except ValueError:
            yield number, None  # refused as no object, with its line; the others are kept


def _after_space(text: str, at: int) -> int:
    found = _SPACE.match(text, at)
    return found.end() if found else at


def _decode(text: str, at: int) -> tuple[object, int]:
    """Return the JSON value at the place and where it ends; raise ValueError when there is none that is short enough."""
    for longest in _LENGTHS:
        try:
            found, length = _DECODER.raw_decode(text[at : at + longest])
        except RecursionError:
            raise ValueError("it is nested too deeply") from None
        except ValueError:
            if at + longest >= len(text):
                raise
        else:
            return found, at + length
    raise ValueError(f"it is not a JSON value of at most {LONGEST_RECORD:,} characters")


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is no JSON")


_DECODER = json.JSONDecoder(parse_constant=_refuse)
