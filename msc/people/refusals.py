"""Refused requests leave an event: who asked for a page or an act that they may not have."""

import re
from collections.abc import Callable

from django.apps import apps
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from msc.access.models import User
from msc.events import log

FORBIDDEN = 403
VERBS = {"GET": "open", "HEAD": "open"}
_NUMBER, _WORD = re.compile(r"<int:(\w+)>"), re.compile(r"<[^>]*>")


class RefusalRecord:
    """Record each answer of 403 to a signed-in person; what was searched or typed is not kept.

    A form with an old CSRF token is no such refusal: the person may well do what it asks for.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        person = getattr(request, "user", None)
        was_refused = response.status_code == FORBIDDEN and not getattr(request, "csrf_refused", False)
        if was_refused and isinstance(person, User):
            _record(request, person)
        return response


def _record(request: HttpRequest, person: User) -> None:
    route, values = "", {}
    if match := request.resolver_match:
        route, values = match.route, match.kwargs
    path = _WORD.sub("...", _NUMBER.sub(lambda found: str(values[found[1]]), route))
    words = f"{VERBS.get(request.method or '', 'submit')} /{path}"
    customer, name = values.get("customer", values.get("pk")), None
    if person.msp_id and route.startswith("customers/<"):
        # Customers belong to a higher app. Only one that the person may see is named.
        identities = apps.get_model("customers", "CustomerIdentity").objects
        name = identities.for_user(person).filter(pk=customer).values_list("name", flat=True).first()
    log.record(
        by=person,
        action="access.refused",
        label=words,
        private_label=f"{words} ({name})" if name else "",
        customer_id=customer if name else None,
    )
