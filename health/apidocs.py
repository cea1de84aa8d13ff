"""The OpenAPI document, turned into what a page shows: one section per operation, its parameters and its fields."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

Schema = Mapping[str, Any]
METHODS = ("get", "post")


@dataclass(frozen=True)
class Field:
    """A parameter or a field of a record."""

    name: str
    kind: str
    required: bool
    words: str


@dataclass(frozen=True)
class Section:
    """One operation of the API."""

    slug: str
    method: str
    path: str
    title: str
    words: str
    parameters: list[Field]
    sends: list[Field]
    answers: list[Field]


def sections(schema: Schema) -> list[Section]:
    """Return the operations, those that send before those that read."""
    found = [
        _section(schema, path, method, operations[method])
        for path, operations in schema["paths"].items()
        for method in METHODS
        if method in operations
    ]
    return sorted(found, key=lambda section: (section.method != "POST", section.path))


def _section(schema: Schema, path: str, method: str, operation: Schema) -> Section:
    return Section(
        slug=operation["operationId"],
        method=method.upper(),
        path=path,
        title=operation.get("summary", path),
        words=" ".join(operation.get("description", "").split()),
        parameters=[
            Field(one["name"], _kind(schema, one["schema"]), one.get("required", False), one.get("description", ""))
            for one in operation.get("parameters", ())
        ],
        sends=list(_fields(schema, _body(operation.get("requestBody", {})))),
        answers=list(_fields(schema, _body(operation["responses"].get("200", {})))),
    )


def _body(holder: Schema) -> Schema:
    content: Mapping[str, Schema] = holder.get("content", {})
    kinds: list[Schema] = [kind["schema"] for kind in content.values() if "schema" in kind]
    return kinds[0] if kinds else {}


def _resolved(schema: Schema, part: Schema) -> Schema:
    """Follow references and take one of a list, down to an object."""
    while True:
        if "$ref" in part:
            part = schema["components"]["schemas"][part["$ref"].rsplit("/", 1)[1]]
        elif "allOf" in part and len(part["allOf"]) == 1:
            part = part["allOf"][0]
        elif part.get("type") == "array":
            part = part["items"]
        else:
            return part


def _fields(schema: Schema, part: Schema) -> Iterator[Field]:
    part = _resolved(schema, part)
    properties = part.get("properties", {})
    if "results" in properties:
        part = _resolved(schema, properties["results"])
        properties = part.get("properties", {})
    for name, one in properties.items():
        words = one.get("description") or _resolved(schema, one).get("description", "")
        yield Field(name, _kind(schema, one), name in part.get("required", ()), _first_line(words))


def _first_line(words: str) -> str:
    """Leave out the list of choices that the generator adds, which the kind already tells."""
    return f"\n{words}".split("\n* ", maxsplit=1)[0].strip().split("\n\n", maxsplit=1)[0]


def _kind(schema: Schema, part: Schema) -> str:
    if part.get("type") == "array":
        return f"list of {_kind(schema, part['items'])}"
    found = _resolved(schema, part)
    if "enum" in found:
        return "one of " + ", ".join(str(value) for value in found["enum"] if value not in ("", None))
    return str(found.get("format") or found.get("type") or "value").replace("date-time", "date and time")
