"""The view under every page of the portal: who asks, and whether they may."""

from typing import Any, ClassVar

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured, PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import resolve_url
from django.utils import timezone
from django.utils.cache import add_never_cache_headers, patch_vary_headers
from django.utils.http import urlencode
from django.views import View

from msc.access.models import User
from msc.access.requests import PortalRequest


class PortalView(View):
    """A page for signed-in people who hold the permission that it `needs`."""

    needs: ClassVar[str] = ""
    request: PortalRequest

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Send strangers to sign-in, refuse those without the right, and let no cache keep the answer."""
        if not self.needs:
            raise ImproperlyConfigured(f"{type(self).__name__} names no permission that it needs.")
        if not request.user.is_authenticated:
            return to_sign_in(request)
        if not self.may():
            raise PermissionDenied
        with timezone.override(self.user.zone):
            response = super().dispatch(request, *args, **kwargs)
        patch_vary_headers(response, ["HX-Request"])
        if not response.has_header("Cache-Control"):
            add_never_cache_headers(response)
        return response

    def may(self) -> bool:
        """Whether the person holds the permission."""
        return self.request.user.can(self.needs)

    @property
    def user(self) -> User:
        """The person who asks."""
        return self.request.user

    @property
    def wants_fragment(self) -> bool:
        """Whether a script asks for a part of a page, and not the browser for a whole one."""
        return bool(self.request.htmx) and not self.request.htmx.history_restore_request


def to_sign_in(request: HttpRequest) -> HttpResponse:
    """Return the way to the sign-in page and back; a script goes there as a whole, but keeps a form that it sent."""
    whole = request.headers.get("HX-Request") != "true"
    if not whole and request.method == "POST":
        return HttpResponse(status=401)
    back = request.get_full_path() if whole and request.method == "GET" else ""
    query = "?" + urlencode({"next": back}) if back else ""
    address = resolve_url(settings.LOGIN_URL) + query
    if whole:
        return HttpResponse(status=302, headers={"Location": address})
    return HttpResponse(status=401, headers={"HX-Redirect": address})
