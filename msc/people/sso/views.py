"""The pages of sign-in through an identity provider, under the MSP's own address."""

from collections.abc import Callable
from functools import wraps
from typing import Any
from urllib.parse import urlsplit

import requests
from allauth.core import ratelimit
from allauth.socialaccount.adapter import get_adapter
from allauth.socialaccount.helpers import render_authentication_error
from allauth.socialaccount.models import SocialToken
from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from allauth.socialaccount.providers.oauth2.views import OAuth2CallbackView
from allauth.socialaccount.providers.openid_connect.views import OpenIDConnectOAuth2Adapter
from allauth.socialaccount.providers.saml import views as saml
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.cache import add_never_cache_headers
from django.utils.decorators import method_decorator
from django.views import View
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST, require_safe
from onelogin.saml2.errors import OneLogin_Saml2_Error

from msc.people.models import SingleSignOn
from msc.people.signin.adapter import too_many
from msc.people.sso import providers

#: A real one has some 10 KB.
LARGEST_ASSERTION = 200_000


#: What the libraries raise over a provider that is away or wrongly set up, and over an answer that is none.
BROKEN = (requests.RequestException, OneLogin_Saml2_Error, SyntaxError, LookupError, ValueError)


def _found(slug: str, protocol: str = "") -> SingleSignOn:
    provider = providers.find(slug)
    if provider is None or (protocol and provider.protocol != protocol):
        raise Http404
    return provider


class PortalOpenIDConnect(OpenIDConnectOAuth2Adapter):  # type: ignore[misc]
    """OpenID Connect with the portal's own address, and with the signature of every token checked."""

    def get_callback_url(self, request: HttpRequest, app: object) -> str:
        """Return the address that the provider sends people back to."""
        path = reverse("openid_connect_callback", kwargs={"provider_id": self.provider_id})
        return str(settings.MSC_ORIGIN) + path

    def complete_login(self, request: HttpRequest, app: Any, token: SocialToken, **kwargs: Any) -> Any:
        """Read who it is from the signed token; one without it is refused."""
        if not kwargs["response"].get("id_token"):
            raise OAuth2Error("the provider sent no id_token")
        app.settings["fetch_userinfo"] = False
        self.did_fetch_access_token = False  # so that the signature is checked although the line is trusted
        return super().complete_login(request, app, token, **kwargs)


@method_decorator(never_cache, name="dispatch")
class SingleSignOnPage(View):
    """The card with the button, and the start of the journey; both at the MSP's own address."""

    def get(self, request: HttpRequest, slug: str) -> HttpResponse:
        """Show the button."""
        return render(request, "socialaccount/sign_in.html", {"provider": _found(slug)})

    def post(self, request: HttpRequest, slug: str) -> HttpResponse:
        """Lead to the provider; by a page of ours, since a form may not be sent on to another site."""
        found = _found(slug)
        if not ratelimit.consume(request, action="single_sign_on"):
            return too_many(request)
        request.META["HTTP_HOST"] = urlsplit(settings.MSC_ORIGIN).netloc
        provider = get_adapter(request).get_provider(request, provider=slug, client_id=slug)
        if found.protocol == SingleSignOn.Protocol.OIDC:
            provider.get_oauth2_adapter = lambda asked: PortalOpenIDConnect(asked, slug)
        try:
            journey = provider.redirect_from_request(request)
        except BROKEN:
            answer: HttpResponse = render_authentication_error(request, provider)
            return answer
        url = journey["Location"]
        response = render(request, "socialaccount/leaving.html", {"provider": found, "url": url})
        response["Refresh"] = f"0; url={url}"
        return response


@require_safe
def callback(request: HttpRequest, provider_id: str) -> HttpResponseBase:
    """Take back whoever the OpenID Connect provider sends."""
    _found(provider_id, SingleSignOn.Protocol.OIDC)
    view = OAuth2CallbackView.adapter_view(PortalOpenIDConnect(request, provider_id))
    response: HttpResponseBase = view(request)
    add_never_cache_headers(response)
    return response


def at_our_origin(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """Make a SAML view see the portal's own host: it is part of what the provider signs."""

    @wraps(view)
    def seen(request: HttpRequest, organization_slug: str) -> HttpResponseBase:
        request.META["HTTP_HOST"] = urlsplit(settings.MSC_ORIGIN).netloc
        response = view(request, organization_slug=organization_slug)
        add_never_cache_headers(response)
        return response

    return seen


metadata = require_safe(at_our_origin(saml.metadata))


@require_safe
@at_our_origin
def finish(request: HttpRequest, organization_slug: str) -> HttpResponseBase:
    """Read the answer that the provider's page has posted; what is not XML, or refers to nothing, is refused."""
    try:
        response: HttpResponseBase = saml.finish_acs(request, organization_slug)
    except BROKEN:
        provider = get_adapter(request).get_provider(request, provider="saml", client_id=organization_slug)
        response = render_authentication_error(request, provider)
    return response


@csrf_exempt
@require_POST
@at_our_origin
def assertion(request: HttpRequest, organization_slug: str) -> HttpResponseBase:
    """Take a SAML provider's answer, which its page posts; no stranger may fill the table of sessions by it."""
    _found(organization_slug, SingleSignOn.Protocol.SAML)
    if len(request.POST.get("SAMLResponse", "")) > LARGEST_ASSERTION:
        return render(request, "400.html", status=400)
    if not ratelimit.consume(request, action="assertion"):
        return too_many(request)
    response: HttpResponseBase = saml.acs(request, organization_slug)
    return response
