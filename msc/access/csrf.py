"""The answer to a form whose CSRF token does not fit: the true cause, and for a script the token that fits now."""

from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import get_token
from django.shortcuts import render

from msc.access.models import User

#: How Django's reasons begin; its other reasons name the origin of the request.
_CAUSES = {"CSRF token": "token", "CSRF cookie": "cookie"}


def refused(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Answer 403. A script of the portal gets the token and the person of today, to send the form once more."""
    request.csrf_refused = True  # type: ignore[attr-defined]  # RefusalRecord: nothing was asked for that the role lacks
    cause = next((cause for beginning, cause in _CAUSES.items() if reason.startswith(beginning)), "origin")
    response = render(request, "403_csrf.html", {"cause": cause}, status=403)
    if request.headers.get("HX-Request") == "true" and cause != "origin":
        person = getattr(request, "user", None)
        response["X-CSRF-Token"] = get_token(request)
        response["X-Person"] = str(person.pk) if isinstance(person, User) else ""
    return response
