"""What the OpenAPI document says beyond serializers: lists with their filters and pages, and every refusal."""

from collections.abc import Iterator
from typing import Any

from django_filters import Filter
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.plumbing import ResolvedComponent
from rest_framework.generics import GenericAPIView

from msc.access.answers import PROBLEM
from msc.pages.filters import MOST_CHOSEN, DayFilter, MultiChoice, ScopedModelMultiChoice, Search

Json = dict[str, Any]

_TEXT: Json = {"type": "string"}
_PROBLEM: Json = {
    "type": "object",
    "description": "Why a call was refused (RFC 9457).",
    "properties": {
        "type": {"type": "string", "enum": ["about:blank"]},
        "title": {"type": "string", "description": "The words of the status."},
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": "What is wrong and what to do."},
        "errors": {
            "type": "array",
            "description": "The parameters that are wrong, each with a reason.",
            "items": {
                "type": "object",
                "properties": {"field": _TEXT, "reason": _TEXT},
                "required": ["field", "reason"],
            },
        },
    },
    "required": ["type", "title", "status", "detail"],
}
_REFUSALS = {
    "400": "The call cannot be read, or a parameter is wrong.",
    "401": "The credential is missing, unknown, expired or revoked.",
    "403": "The credential lacks the scope.",
    "405": "The address does not have this method.",
    "413": "The body is larger than one call may carry.",
    "414": "The address is too long.",
    "429": "Too many calls in a minute: wait as long as Retry-After says.",
    "503": "The portal is away for a moment: send the call again.",
}
_HEADERS = {
    "401": {"WWW-Authenticate": ("How to sign in.", _TEXT)},
    "405": {"Allow": ("The methods of the address.", _TEXT)},
    "429": {"Retry-After": ("Seconds to wait.", {"type": "integer"})},
    "503": {"Retry-After": ("Seconds to wait.", {"type": "integer"})},
}


class Schema(AutoSchema):
    """Describes one operation."""

    def _is_list_view(self, serializer: Any = None) -> bool:
        return self.method == "GET" and isinstance(self.view, GenericAPIView)

    def _get_filter_parameters(self) -> list[Json]:
        filters = getattr(self.view, "filters", None)
        if filters is None or self.method != "GET":
            return []
        return [_parameter(name, one) for name, one in filters.base_filters.items()]

    def _get_response_bodies(self, direction: Any = "response") -> Json:
        bodies: Json = super()._get_response_bodies(direction)
        problem = ResolvedComponent(name="Problem", type=ResolvedComponent.SCHEMA, schema=_PROBLEM, object="problem")  # type: ignore[no-untyped-call]  # the library has no types here
        self.registry.register_on_missing(problem)
        refusals = {
            status: {
                "description": words,
                "content": {PROBLEM: {"schema": problem.ref}},
                **_headers(_HEADERS.get(status, {})),
            }
            for status, words in _REFUSALS.items()
            if status != "413" or self.method == "POST"
        }
        for status, body in bodies.items():
            body["description"] = body["description"] or _WORDS.get(status, "")
        return {**bodies, **refusals}


_WORDS = {"200": "The answer.", "422": "No record was kept; each is named with the reason."}


def _headers(named: dict[str, tuple[str, Json]]) -> Json:
    described = {name: {"description": words, "schema": schema} for name, (words, schema) in named.items()}
    return {"headers": described} if described else {}


def _parameter(name: str, one: Filter) -> Json:
    schema = _schema(one)
    several = {"explode": True, "style": "form"} if schema.get("type") == "array" else {}
    return {"name": name, "in": "query", "description": _words(one), "schema": schema, **several}


def _words(one: Filter) -> str:
    if isinstance(one, ScopedModelMultiChoice):
        return f"{one.label}: ids; any of them matches."
    if isinstance(one, MultiChoice):
        return f"{one.label}: any of the values matches."
    return f"{one.label}."


def _schema(one: Filter) -> Json:
    if isinstance(one, ScopedModelMultiChoice):
        ids = {"type": "integer", "minimum": 1, "maximum": 10**18 - 1}
        return {"type": "array", "items": ids, "maxItems": MOST_CHOSEN}
    if isinstance(one, MultiChoice):
        return {"type": "array", "items": {"type": "string", "enum": list(_values(one))}}
    if isinstance(one, DayFilter):
        # From 1970 to 2199.
        return {"type": "string", "format": "date", "pattern": r"^(19[7-9][0-9]|20[0-9]{2}|21[0-9]{2})-"}
    if isinstance(one, Search):
        return {"type": "string", "minLength": 1, "maxLength": one.extra["max_length"], "pattern": PLAIN_TEXT}
    return {"type": "string", "enum": list(_values(one))}


#: No control characters but tab, line feed and carriage return.
PLAIN_TEXT = r"^[\t\n\r\u0020-\u007e\u0080-\ud7ff\ue000-\ufffd]*$"


def _values(one: Filter) -> Iterator[str]:
    return (value for value, _ in one.extra["choices"])
