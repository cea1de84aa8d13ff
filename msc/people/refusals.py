"""Refused requests leave an event: who asked for a page or an act that they may not have."""

from collections.abc import Callable

from django.http import HttpRequest
from django.http.response import HttpResponseBase

from msc.access.models import User
from msc.events import log

FORBIDDEN = 403


class RefusalRecord:
    """Record each answer of 403 to a signed-in person; by route, so that no id or search is kept.

    A form with an old CSRF token is no such refusal: the person may well do what it asks for.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        person = getattr(request, "user", None)
        was_refused = response.status_code == FORBIDDEN and not getattr(request, "csrf_refused", False)
        if was_refused and isinstance(person, User):
            route = request.resolver_match.route if request.resolver_match else ""
            log.record(by=person, action="access.refused", label=f"{request.method} /{route}")
        return response
