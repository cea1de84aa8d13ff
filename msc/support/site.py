"""The one Django admin of the portal, under the path and the database role of support staff."""

from typing import Any

from allauth.account.authentication import get_authentication_records
from django.conf import settings
from django.contrib.admin import AdminSite
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, URLResolver, reverse
from django.utils.http import urlencode

#: Models in the order of the work; a model that is not named comes last.
ORDER = ("Msp", "User", "Customer", "Tenant", "ServicePlan", "Run", "ApiCredential", "OutboxMessage", "Event")
#: Pages of stock admin that support staff have elsewhere or have no use for; each would be one more way to ask.
LEFT_OUT = {"autocomplete", "view_on_site", "password_change", "password_change_done"}


class SupportSite(AdminSite):
    """Lets in support staff who proved themselves twice; sign-in itself is the portal's."""

    site_header = "Managed Services Center · Support"
    site_title = "Support"
    index_title = "Support"
    index_template = "support/index.html"
    site_url = None
    empty_value_display = "-"

    def has_permission(self, request: HttpRequest) -> bool:
        """Let in active support staff whose session has a second factor."""
        return bool(request.user.is_authenticated and request.user.is_staff and has_second_factor(request))

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Send strangers to the portal's sign-in and refuse everybody else."""
        if request.user.is_authenticated:
            raise PermissionDenied
        back = {"next": request.GET.get("next") or settings.SUPPORT_PATH}
        return redirect(f"{reverse('account_login')}?{urlencode(back)}")

    def logout(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:  # type: ignore[override]
        """Send to the portal's sign-out, which records it."""
        return redirect("account_logout")

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> list[Any]:
        """Return the models in the order of the work, under one heading; apps are the portal's inner matter."""
        apps = super().get_app_list(request, app_label)
        if app_label is not None or not apps:
            return apps
        models = sorted((model for app in apps for model in app["models"]), key=self._place)
        return [
            {**apps[0], "name": "Support", "app_label": "support", "app_url": settings.SUPPORT_PATH, "models": models}
        ]

    @staticmethod
    def _place(model: dict[str, Any]) -> int:
        name = model["object_name"]
        return ORDER.index(name) if name in ORDER else len(ORDER)

    def get_urls(self) -> list[URLResolver | URLPattern]:
        """Return the pages that support staff use."""
        return [found for found in super().get_urls() if getattr(found, "name", None) not in LEFT_OUT]


def has_second_factor(request: HttpRequest) -> bool:
    """Tell whether the session was opened by a passkey, or by two different proofs such as password and code."""
    records = get_authentication_records(request, request.user)
    proofs = {str(record.get("type") or record.get("method")) for record in records if isinstance(record, dict)}
    return "webauthn" in proofs or len(proofs) > 1
