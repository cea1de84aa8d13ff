"""The request as the portal's views see it."""

from typing import TYPE_CHECKING

from django.http import HttpRequest

if TYPE_CHECKING:
    from django_htmx.middleware import HtmxDetails

    from msc.access.models import User


class PortalRequest(HttpRequest):
    """A request of a person who is signed in; `PortalView` lets no other through."""

    user: "User"
    htmx: "HtmxDetails"
    request_id: str
