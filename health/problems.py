"""Every refusal of the API as a problem document (RFC 9457)."""

from collections.abc import Mapping, Sequence
from typing import Any

from rest_framework.exceptions import APIException
from rest_framework.response import Response
from rest_framework.views import exception_handler

from msc.access.answers import PROBLEM, problem


class Refusal(APIException):
    """Parameters that the API cannot take: 400, with each field and its reason."""

    status_code = 400
    default_detail = "A parameter is not what it should be."

    def __init__(self, reasons: Mapping[str, Sequence[str]]) -> None:
        super().__init__()
        self.errors = [{"field": field, "reason": reason} for field, those in reasons.items() for reason in those]


def answer_of(error: Exception, context: dict[str, Any]) -> Response | None:
    """Return the answer to an exception of a view, or None if it is a fault of the portal."""
    response = exception_handler(error, context)
    if response is not None:
        detail = response.data["detail"]
        response.data = problem(response.status_code, str(detail), getattr(error, "errors", ()))
        response.content_type = PROBLEM
    return response
