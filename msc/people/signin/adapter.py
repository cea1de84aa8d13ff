"""What the portal decides where allauth asks: who gets in, what is counted, mailed and recorded."""

import time
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.internal.flows.login import get_authentication_records
from allauth.core import ratelimit
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.mfa.internal.flows.trust import is_trusted_browser
from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme

from msc.access import scope
from msc.access.middleware import origin_of
from msc.access.models import User
from msc.events import log
from msc.people.backends import may_enter
from msc.people.signin import codes, limits, mails, sessions

#: A failed attempt on an account that many failed on lately takes longer; nobody is locked out by it.
SLOW_SECONDS = 1.0
_METHODS = {
    "socialaccount": "single sign-on",
    "totp": "authenticator app",
    "webauthn": "passkey",
    "recovery_codes": "recovery code",
}
#: Everybody has a profile and the pages of sign-in.
_COMMON_PATHS = ("/profile/", "/account/")


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    """Nobody signs up; people are invited, and their e-mails leave by the outbox."""

    error_messages = {
        **DefaultAccountAdapter.error_messages,
        "email_password_mismatch": "This e-mail address and password do not belong together. Check both.",
        "incorrect_code": "This code is not right. Enter the six digits of the newest e-mail.",
        "incorrect_password": "This is not your password.",
        "enter_current_password": "This is not your current password.",
        "too_many_login_attempts": "Too many codes were wrong. Sign in again to get a new one.",
        "rate_limited": "Too many requests. Wait a few minutes and try again.",
        "invalid_password_reset": "This link has been used or has expired. Ask for a new one.",
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Keep public sign-up closed."""
        return False

    def is_safe_url(self, url: str | None) -> bool:
        """Accept only a path of this portal as the place to go afterwards."""
        return bool(url) and str(url).startswith("/") and url_has_allowed_host_and_scheme(url, allowed_hosts=None)

    def get_client_ip(self, request: HttpRequest) -> str:
        """Return the network address; a request over a socket has none."""
        return origin_of(request).address or "0.0.0.0"  # noqa: S104 - no address is bound

    # -- What is counted -----------------------------------------------------------------------------------------

    def _get_login_attempts_cache_key(self, request: HttpRequest, **credentials: Any) -> str:
        """Count failures per account *and* network: nobody can lock an owner out from elsewhere."""
        return limits.account_in_network(request, credentials.get("email", ""))

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        """Refuse a network or an account in a network that failed too often."""
        try:
            super().pre_authenticate(request, **credentials)
        except ValidationError:
            self._record_lock(request, credentials.get("email", ""))
            raise

    def _record_lock(self, request: HttpRequest, email: str) -> None:
        key = self._get_login_attempts_cache_key(request, email=email)
        if ratelimit.consume(request, action="lock_recorded", key=key):
            scope.reveal_email(email)
            log.record_refusal(origin_of(request), reason="too many attempts", person=_revealed(email))

    def authentication_failed(self, request: HttpRequest, **credentials: Any) -> None:
        """Record the refusal and answer later when the account is under attack, unless from a trusted browser."""
        email = credentials.get("email", "")
        person = _revealed(email)
        log.record_refusal(origin_of(request), reason="wrong address or password", person=person)
        within = ratelimit.consume(request, action="account_failed", key=email.lower())
        if not within and not (person and is_trusted_browser(request, person)):
            time.sleep(SLOW_SECONDS)

    # -- Who gets in ---------------------------------------------------------------------------------------------

    def get_login_stages(self) -> list[str]:
        """Put our stages, which never trust a browser of support staff, in the place of allauth's."""
        ours = {
            "allauth.account.stages.LoginByCodeStage": "msc.people.signin.stages.CodeStage",
            "allauth.mfa.stages.AuthenticateStage": "msc.people.signin.stages.FactorStage",
            "allauth.mfa.stages.TrustStage": "msc.people.signin.stages.TrustStage",
        }
        return [ours.get(stage, stage) for stage in super().get_login_stages()]

    def pre_login(self, request: HttpRequest, user: User, **more: Any) -> HttpResponse | None:
        """Refuse people who were switched off, and people of a closed MSP, before the first step."""
        return self._refused(request, user)

    def login(self, request: HttpRequest, user: User) -> None:
        """Open the session in the scope of the person's MSP, unless they were switched off between two steps."""
        if refused := self._refused(request, user):
            raise ImmediateHttpResponse(refused)
        scope.narrow_to_msp(user.msp_id)
        super().login(request, user)
        user.origin = origin_of(request)
        sessions.begin(request)

    def _refused(self, request: HttpRequest, user: User) -> HttpResponse | None:
        scope.reveal_person(user.pk)
        if may_enter(user):
            return None
        log.record_refusal(origin_of(request), reason="switched off", person=user)
        sessions.forget_pending(request)
        refused: HttpResponse = self.respond_user_inactive(request, user)
        return refused

    def post_login(self, request: HttpRequest, user: User, *, redirect_url: str | None, **more: Any) -> HttpResponse:
        """Record the sign-in and lead everybody to where they work."""
        log.record_sign_in(user, method=_methods(request, user))
        response: HttpResponse = super().post_login(
            request, user, redirect_url=self._lawful(user, redirect_url), **more
        )
        return response

    def _lawful(self, user: User, url: str | None) -> str | None:
        """Return the address unless it belongs to the other kind of people."""
        if not url or url.startswith(_COMMON_PATHS) or url.startswith(settings.SUPPORT_PATH) == user.is_staff:
            return url or self.get_login_redirect_url(self.request)
        return self.get_login_redirect_url(self.request)

    def get_login_redirect_url(self, request: HttpRequest) -> str:
        """Lead support staff to their site and everybody else to the portal."""
        person = request.user
        return settings.SUPPORT_PATH if isinstance(person, User) and person.is_staff else settings.LOGIN_REDIRECT_URL

    def logout(self, request: HttpRequest) -> None:
        """Record the sign-out before the session ends."""
        if isinstance(request.user, User):
            log.record(by=request.user, action="session.closed", on=request.user, label=request.user.email)
        super().logout(request)

    def set_password(self, user: User, password: str) -> None:
        """Save the new password alone, other fields may have changed since, and end all other sessions."""
        user.set_password(password)
        user.save(update_fields=["password"])
        mine = self.request.user == user
        sessions.end_sessions(user, keep=self.request.session.session_key if mine else None)

    # -- What is mailed ------------------------------------------------------------------------------------------

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Queue the e-mail in the outbox, and record that a code or a link was sent."""
        person = context.get("user") or _revealed(email)
        if not isinstance(person, User):
            return
        person.origin = origin_of(self.request)
        mail = mails.MAILS[template_prefix]
        if mail is mails.CODE:
            self._send_code(person, self.request.code_in_clear)
        else:
            log.record(by=log.Stranger(person.origin, person.email, person.msp_id), **_asked_for_reset(person))
            mails.send(mail, person, {"link": context["password_reset_url"]})

    def generate_login_code(self) -> str:
        """Return what the session keeps of a new code; the code itself lives as long as this request and its e-mail."""
        self.request.code_in_clear = super().generate_login_code()
        return codes.kept(self.request.code_in_clear)

    def _send_code(self, person: User, code: str) -> None:
        if not ratelimit.consume(self.request, action="code_sent", key=str(person.pk)):
            raise ImmediateHttpResponse(too_many(self.request))
        log.record(by=log.Stranger(person.origin, person.email, person.msp_id), action="session.code_sent", on=person)
        mails.send(mails.CODE, person, {"code": code})

    def get_reset_password_from_key_url(self, key: str) -> str:
        """Build the link from the portal's own origin, never from the request's host."""
        person, _, token = key.partition("-")
        path = reverse("account_reset_password_from_key", kwargs={"uidb36": person, "key": token})
        return str(settings.MSC_ORIGIN) + path

    def send_notification_mail(
        self,
        template_prefix: str,
        user: User,
        context: dict[str, Any] | None = None,
        email: str | None = None,
    ) -> None:
        """Record a change of the person's sign-in and tell them by e-mail.

        allauth calls some of these after the commit, where nothing can be written: those views call it themselves.
        """
        if not connection.in_atomic_block:
            return
        notice = mails.NOTICES[template_prefix]
        user.origin = origin_of(self.request)
        detail = {"factor": notice.detail} if notice.detail else {}
        log.record(by=user, action=notice.action, on=user, label=user.email, detail=detail)
        mails.tell(notice, user)


def too_many(request: HttpRequest) -> HttpResponse:
    """Answer that the sender has to wait."""
    response = render(request, "429.html", status=429)
    response["Retry-After"] = "900"
    return response


def _revealed(email: str) -> User | None:
    """Return the person with this address, whom this transaction was shown at the first step."""
    person: User | None = User.objects.filter(email=email.strip().lower()).first()
    return person


def _asked_for_reset(person: User) -> dict[str, Any]:
    return {"action": "session.password_reset_asked", "on": person, "label": person.email}


def _methods(request: HttpRequest, person: User) -> str:
    """Return in words by what the person signed in, such as "password, code"."""
    records = get_authentication_records(request, person)
    return ", ".join(dict.fromkeys(_METHODS.get(_method(record), _method(record)) for record in records))


def _method(record: dict[str, Any]) -> str:
    return str(record.get("type") or record["method"])
