"""How a program signs in at the API: `Authorization: Bearer msc_...`, an API credential of one MSP."""

from datetime import datetime, timedelta
from typing import cast

from django.conf import settings
from django.utils import timezone
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed, PermissionDenied, Throttled
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.views import APIView

from health.throttle import calls_this_minute
from msc.access import scope
from msc.access.middleware import origin_of
from msc.access.models import Msp, MspState
from msc.people.models import ApiCredential
from msc.people.tokens import digest_of

LAST_USED_STEP = timedelta(minutes=1)
_LONGEST_SECRET = 200


class Bearer(BaseAuthentication):
    """Let in a live credential of an active MSP and narrow the transaction to that MSP."""

    def authenticate(self, request: Request) -> tuple[ApiCredential, Msp] | None:
        """Return the credential as the asking user and its MSP; a wrong secret and a revoked one sound the same."""
        kind, _, secret = request.META.get("HTTP_AUTHORIZATION", "").partition(" ")
        secret = secret.strip()
        if kind.lower() != "bearer" or not secret:
            return None
        now = timezone.now()
        credential = _credential_of(secret) if len(secret) <= _LONGEST_SECRET else None
        if credential is None or not credential.is_live(now):
            raise AuthenticationFailed("This credential is unknown, expired or revoked.")
        scope.narrow_to_msp(credential.msp_id)
        msp = Msp.objects.filter(pk=credential.msp_id, state=MspState.ACTIVE).first()
        if msp is None:
            raise AuthenticationFailed("This credential is unknown, expired or revoked.")
        _throttle(credential, now)
        _note_use(credential, now)
        credential.origin = origin_of(request._request)  # noqa: SLF001 - the request the middleware knows
        return credential, msp

    def authenticate_header(self, request: Request) -> str:
        """Say how to sign in, which makes the answer a 401."""
        return 'Bearer realm="api"'


class BearerScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]  # the library has no types here
    """Tells the OpenAPI document how a program signs in."""

    target_class = Bearer
    name = "credential"

    def get_security_definition(self, auto_schema: object) -> dict[str, str]:
        """Return the scheme."""
        return {"type": "http", "scheme": "bearer", "description": "The secret of an API credential, made in Settings."}


class HasScope(BasePermission):
    """Ask for the scope that the view names."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        """Refuse a credential without the scope; the answer names it."""
        credential = cast("ApiCredential | None", request.user)
        if credential is None:
            return False
        needed: str = getattr(view, "scope", "")
        if not credential.can(needed):
            raise PermissionDenied(f'This credential does not have the scope "{needed}".')
        return True


def _credential_of(secret: str) -> ApiCredential | None:
    digest = digest_of(secret)
    scope.reveal_credential(digest)
    return ApiCredential.objects.filter(digest=digest).first()


def _throttle(credential: ApiCredential, now: datetime) -> None:
    calls, wait = calls_this_minute(f"credential:{credential.pk}", now)
    if calls > settings.MSC_API_CALLS_PER_MINUTE:
        raise Throttled(wait)


def _note_use(credential: ApiCredential, now: datetime) -> None:
    """Keep when the credential was last used, to the minute; a call never waits for another one's note."""
    if credential.last_used_at is not None and now - credential.last_used_at < LAST_USED_STEP:
        return
    free = ApiCredential.objects.select_for_update(skip_locked=True).filter(pk=credential.pk)
    ApiCredential.objects.filter(pk__in=free.values("pk")).update(last_used_at=now)
