"""The body of an ingest call: a JSON array, {"records": [...]}, one JSON object, or NDJSON, whatever its content type says."""

import json
from collections.abc import Iterator

from django.core.exceptions import RequestDataTooBig
from rest_framework.exceptions import APIException, ParseError
from rest_framework.request import Request

MOST_RECORDS = 25_000
Numbered = tuple[int, object]


class TooLarge(APIException):
    """The call sends more than one call may."""

    status_code = 413
    default_code = "too_large"
    default_detail = f"Send at most 12 MB and {MOST_RECORDS} records in one call."


def text_of(request: Request, errors: str = "strict") -> str:
    """Return the body as text; it must be UTF-8 unless errors are to be replaced."""
    try:
        return bytes(request.body).decode("utf-8-sig", errors)
    except RequestDataTooBig as error:
        raise TooLarge from error
    except UnicodeDecodeError as error:
        raise ParseError("The body is not UTF-8.") from error


def records_of(request: Request) -> list[Numbered]:
    """Return the records of the call with their numbers: lines of NDJSON, or places in the array, from 1."""
    text = text_of(request)
    is_lines = "ndjson" in (kind := request.content_type or "") or "jsonl" in kind or "json-seq" in kind
    records = _lines(text) if is_lines else _document(text)
    if len(records) > MOST_RECORDS:
        raise TooLarge
    return records


def _document(text: str) -> list[Numbered]:
    try:
        found = _parse(text)
    except ValueError as error:
        # Several objects one below the other: NDJSON under another name.
        if text.lstrip().startswith("{") and "\n" in text.strip():
            return _lines(text)
        raise ParseError("The body is not JSON.") from error
    if isinstance(found, dict):
        found = found["records"] if found.keys() == {"records"} else [found]
    if not isinstance(found, list):
        raise ParseError('Send a JSON array, {"records": [...]}, or one record a line.')
    return list(enumerate(found, start=1))


def _lines(text: str) -> list[Numbered]:
    return list(_readable(text))


def _readable(text: str) -> Iterator[Numbered]:
    for number, line in enumerate(text.split("\n"), start=1):
        if line := line.strip():
            try:
                yield number, _parse(line)
            except ValueError:
                yield number, None  # refused as no object, with its line; the others are kept


def _parse(text: str) -> object:
    try:
        return json.loads(text, parse_constant=_refuse)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is no JSON")
