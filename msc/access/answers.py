"""Answers to requests that are refused: a page for people, a problem document (RFC 9457) for programs."""

from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import Any

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template.loader import render_to_string

API_PATH = "/api/"
#: The one address below it that is a page.
API_PAGE = "/api/v1/docs/"
PROBLEM = "application/problem+json"
#: Where the web server leaves the status of a request whose body it did not keep.
REFUSED = "msc.refused"

_DETAILS = {
    400: "The request cannot be read: send UTF-8 without control characters, in the address and in the body.",
    403: "This address may not be used.",
    404: "There is no such address.",
    409: "Something else changed the same data at the same time: send the request again.",
    413: "The request is larger than this address takes.",
    414: "The address is too long: send fewer or shorter parameters.",
    500: "The portal failed. The fault has been noted; try again in a moment.",
    503: "The portal is away for a moment: send the request again.",
}


def is_for_program(request: HttpRequest) -> bool:
    """Tell whether an address belongs to the API and is not a page."""
    return request.path_info.startswith(API_PATH) and request.path_info != API_PAGE


def problem(status: int, detail: str, errors: Iterable[Mapping[str, Any]] = ()) -> dict[str, Any]:
    """Return the members of a problem document; `errors` names fields and reasons."""
    document: dict[str, Any] = {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status}
    listed = list(errors)
    return document | {"detail": detail} | ({"errors": listed} if listed else {})


def refusal(request: HttpRequest, status: int) -> HttpResponse:
    """Return the answer of a status, in the form that fits who asked."""
    if is_for_program(request):
        response: HttpResponse = JsonResponse(problem(status, _DETAILS[status]), status=status, content_type=PROBLEM)
    else:
        status = 400 if status == 414 else status
        # A page of 5xx asks a lost database for no person, and an address outside the transaction has none.
        knows_person = status < 500 and not request.path_info.startswith(settings.UNSCOPED_PATHS)
        page = render_to_string(f"{status}.html", request=request if knows_person else None)
        response = HttpResponse(page, status=status)
    if status == 503:
        response["Retry-After"] = "5"
    return response


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer a request that Django refuses to read."""
    return refusal(request, 413 if isinstance(exception, RequestDataTooBig) else 400)


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:  # noqa: ARG001 - Django names it
    """Answer a request for what the person may not have."""
    return refusal(request, 403)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:  # noqa: ARG001 - Django names it
    """Answer a request for what is not there."""
    return refusal(request, 404)


def largest_body(path: str) -> int:
    """Return how many bytes a request to an address may carry."""
    return next((size for prefix, size in settings.MSC_LARGEST_BODIES if path.startswith(prefix)), 0)
