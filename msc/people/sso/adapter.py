"""What the portal decides where allauth asks about identity providers."""

import time
from typing import Any

import requests
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.models import SocialApp, SocialLogin
from django.conf import settings
from django.db import transaction
from django.http import HttpRequest
from django.shortcuts import render
from django.utils import timezone

from msc.access.middleware import origin_of
from msc.access.models import User
from msc.events import log
from msc.people import addresses
from msc.people.models import Invitation, SingleSignOn
from msc.people.sso import providers
from msc.people.sso.network import OutsideSession


class ProviderAdapter(DefaultSocialAccountAdapter):  # type: ignore[misc]
    """Finds providers in the MSPs' settings and lets in nobody who was not invited."""

    def list_apps(
        self, request: HttpRequest, provider: str | None = None, client_id: str | None = None
    ) -> list[SocialApp]:
        """Return the one provider of the MSP whose slug is asked for."""
        slug = client_id if provider == "saml" else provider
        found = providers.find(slug) if slug else None
        if found is None or (provider == "saml" and found.protocol != SingleSignOn.Protocol.SAML):
            return []
        return [providers.app_of(found)]

    def is_open_for_signup(self, request: HttpRequest, sociallogin: SocialLogin) -> bool:
        """Create nobody."""
        return False

    def pre_social_login(self, request: HttpRequest, sociallogin: SocialLogin) -> None:
        """Refuse whoever is not an invited person of this MSP; an invitation is accepted by coming in."""
        person = sociallogin.user
        found = providers.find(sociallogin.provider.app.provider_id)
        if not sociallogin.is_existing or found is None or person.msp_id != found.msp_id:
            _record_refusal(request, found, "not invited, by single sign-on")
            raise ImmediateHttpResponse(render(request, "socialaccount/not_invited.html", status=403))
        person.origin = origin_of(request)
        _accept_invitation(person)

    def on_authentication_error(self, request: HttpRequest, provider: Any, **more: Any) -> None:
        """Record that the provider sent nobody, or nothing that holds."""
        _record_refusal(request, providers.find(provider.app.provider_id), "single sign-on failed")
        raise ImmediateHttpResponse(render(request, "socialaccount/failed.html", status=403))

    def get_requests_session(self) -> requests.Session:
        """Keep requests to a provider out of private networks; all those of one web request share its time."""
        if not hasattr(self.request, "providers_end_at"):
            self.request.providers_end_at = time.monotonic() + settings.MSC_SSO_SECONDS
        return OutsideSession(self.request.providers_end_at)


@transaction.atomic
def _accept_invitation(person: User) -> None:
    """Take the sign-in as the acceptance: the provider has proved the address."""
    accepted = Invitation.objects.for_msp(person.msp_id or 0).filter(person=person, accepted_at=None, revoked_at=None)
    if accepted.update(accepted_at=timezone.now()):
        addresses.confirm(person)
        log.record(by=person, action="person.joined", on=person, label=person.email)


def _record_refusal(request: HttpRequest, provider: SingleSignOn | None, reason: str) -> None:
    stranger = log.Stranger(origin_of(request), msp_id=provider.msp_id if provider else None)
    log.record(by=stranger, action="session.refused", detail={"reason": reason})
