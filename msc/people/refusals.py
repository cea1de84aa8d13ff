"""Refused requests leave an event: who asked for a page or an act that they may not have."""

from collections.abc import Callable

from django.http import HttpRequest
from django.http.response import HttpResponseBase

from msc.access.models import User
from msc.events import log

FORBIDDEN = 403


class RefusalRecord:
    """Write down each answer of 403 to somebody who is signed in; by route, so that no id or search is kept."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        person = getattr(request, "user", None)
        if response.status_code == FORBIDDEN and isinstance(person, User):
            route = request.resolver_match.route if request.resolver_match else ""
            log.record(by=person, action="access.refused", label=f"{request.method} /{route}")
        return response
