"""The forms of sign-in: allauth's, in the portal's words, with refusals recorded."""

from collections.abc import Mapping
from typing import Any

from allauth.account import forms as account
from allauth.account.adapter import get_adapter
from allauth.core import context, ratelimit
from allauth.mfa.base.forms import AuthenticateForm, ReauthenticateForm
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.forms import ActivateTOTPForm
from allauth.mfa.webauthn.forms import AddWebAuthnForm, AuthenticateWebAuthnForm, LoginWebAuthnForm
from allauth.mfa.webauthn.internal.auth import parse_authentication_response
from django import forms
from django.core.exceptions import ValidationError
from django.http import HttpRequest

from msc.access import scope
from msc.access.middleware import origin_of
from msc.access.models import User
from msc.events import log
from msc.people.backends import may_enter
from msc.people.signin import codes, limits, mails, sessions
from msc.people.signin.factors import FactorAdapter

LOCKED = "Too many attempts failed. Wait 15 minutes, or reset the password."


def _plain(form: forms.Form, labels: Mapping[str, str]) -> None:
    """Give the fields our labels and drop allauth's placeholders and links: the template has its own."""
    for name, field in form.fields.items():
        field.widget.attrs.pop("placeholder", None)
        field.help_text = ""
        field.label = labels.get(name, field.label)


def _code_keys(field: forms.Field, *, digits: bool) -> None:
    field.widget.attrs.update(autocomplete="one-time-code", autofocus=True, spellcheck="false")
    if digits:
        field.widget.attrs.update(inputmode="numeric", maxlength="12")


def _too_many_wrong() -> ValidationError:
    return ValidationError(codes.TOO_MANY_WRONG, code="too_many_login_attempts")


def _refused(person: User | None, reason: str) -> None:
    log.record_refusal(origin_of(context.request), reason=reason, person=person)


class SignInForm(account.LoginForm):  # type: ignore[misc]
    """E-mail and password."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _plain(self, {"login": "E-mail", "password": "Password"})
        self.fields["login"].widget.attrs.update(autocomplete="username webauthn", autofocus=True)

    def clean(self) -> dict[str, Any] | None:
        """Put a wrong pair of address and password beside the password."""
        try:
            cleaned: dict[str, Any] | None = super().clean()
        except ValidationError as error:
            is_locked = getattr(error, "code", None) == "too_many_login_attempts"
            self.add_error("password", ValidationError(LOCKED, code="too_many_login_attempts") if is_locked else error)
            cleaned = self.cleaned_data
            del self.fields["login"].widget.attrs["autofocus"]
            self.fields["password"].widget.attrs["autofocus"] = True
        return cleaned


class CodeForm(account.ConfirmLoginCodeForm):  # type: ignore[misc]
    """The six digits of the e-mail."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _plain(self, {"code": "Code from the e-mail"})
        _code_keys(self.fields["code"], digits=True)
        self.person: User | None = context.request._login_stage.login.user  # noqa: SLF001 - set by allauth

    def clean_code(self) -> str:
        """Refuse a wrong code, and any code when too many were wrong lately; both are recorded."""
        key = f"{limits.network_of(context.request)}:{self.person and self.person.pk}"
        self.cleaned_data["code"] = codes.as_kept(self.cleaned_data["code"], self.expected_code)
        try:
            code: str = super().clean_code()
        except ValidationError:
            _refused(self.person, "wrong code")
            if not ratelimit.consume(context.request, action="code_refused", key=key):
                raise _too_many_wrong() from None
            raise
        if not ratelimit.consume(context.request, action="code_refused", key=key, dry_run=True):
            raise _too_many_wrong()
        if not codes.use(code, of="email"):
            raise get_adapter().validation_error("incorrect_code")
        return code


class OneTimeCode:
    """A field for the code of an authenticator app, each of which works once."""

    user: User
    cleaned_data: dict[str, Any]

    def clean_code(self) -> str:
        """Refuse a used code like a wrong one, and say how long to wait when too many were wrong."""
        of = f"app of {self.user.pk}"
        if codes.is_used(self.cleaned_data["code"], of=of):
            self.cleaned_data["code"] = ""
        try:
            code: str = super().clean_code()  # type: ignore[misc]
        except ValidationError as error:
            if error.code in {"too_many_login_attempts", "rate_limited"}:
                raise _too_many_wrong() from None
            raise
        if not codes.use(code, of=of):
            raise FactorAdapter().validation_error("incorrect_code")
        return code


class FactorForm(OneTimeCode, AuthenticateForm):  # type: ignore[misc]
    """The code of the authenticator app, or a recovery code."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _plain(self, {"code": "Code from the app, or a recovery code"})
        _code_keys(self.fields["code"], digits=False)

    def _emit_authentication_failed(self, authenticator: Authenticator) -> None:
        _refused(self.user, "wrong second factor")


class FactorPasskeyForm(AuthenticateWebAuthnForm):  # type: ignore[misc]
    """A passkey as second factor."""

    def clean_credential(self) -> Authenticator:
        """Record a passkey that does not fit."""
        try:
            return super().clean_credential()
        except ValidationError:
            _refused(self.user, "wrong passkey")
            raise


class PasskeyForm(LoginWebAuthnForm):  # type: ignore[misc]
    """A passkey instead of address, password and code; it carries the person's id."""

    def clean_credential(self) -> Authenticator:
        """Show the person whom the passkey names, so that it can be checked."""
        credential = self.cleaned_data["credential"]
        response = parse_authentication_response(credential)
        handle = response.response.user_handle or b""
        sessions.reveal(handle.decode("ascii", "replace"))
        try:
            return super().clean_credential()
        except ValidationError:
            _refused(None, "wrong passkey")
            raise


class FactorAgainForm(OneTimeCode, ReauthenticateForm):  # type: ignore[misc]
    """The second factor once more, before something about sign-in changes."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _plain(self, {"code": "Code from the app, or a recovery code"})
        _code_keys(self.fields["code"], digits=False)


class PasswordAgainForm(account.ReauthenticateForm):  # type: ignore[misc]
    """The password once more, before something about sign-in changes."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _plain(self, {"password": "Password"})
        self.fields["password"].widget.attrs.update(autofocus=True)


class ActivateAppForm(OneTimeCode, ActivateTOTPForm):  # type: ignore[misc]
    """The first code of an authenticator app."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _plain(self, {"code": "Code from the app"})
        _code_keys(self.fields["code"], digits=True)


class AddPasskeyForm(AddWebAuthnForm):  # type: ignore[misc]
    """A name for a new passkey; it always may sign in alone."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _plain(self, {"name": "Name of this passkey"})
        self.fields["name"].max_length = 60
        self.fields["name"].widget.attrs.update(maxlength="60", autofocus=True)
        self.fields["passwordless"].widget = forms.CheckboxInput(attrs={"checked": True, "hidden": True})


class AskForResetForm(account.ResetPasswordForm):  # type: ignore[misc]
    """The address whose password is forgotten."""

    users: list[User]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _plain(self, {"email": "E-mail"})
        self.fields["email"].widget.attrs.update(autofocus=True)

    def clean_email(self) -> str:
        """Find the person who may enter and has a password; the answer is the same when there is none."""
        scope.reveal_email(self.cleaned_data["email"])
        email: str = super().clean_email()
        self.users = [person for person in self.users if _may_reset(person)]
        return email

    def save(self, request: HttpRequest, **more: Any) -> str:
        """Queue the link, or do the same work for nobody, so that the time tells nothing."""
        # Whoever asks may be signed in, even at another MSP; the link and its event are the addressed person's.
        scope.narrow_to_msp(None)
        email: str = super().save(request, **more)
        if not self.users:
            mails.rehearse(mails.RESET, email)
        return email


def _may_reset(person: User) -> bool:
    scope.reveal_person(person.pk)
    return may_enter(person) and person.has_usable_password()


class ResetLinkForm(account.UserTokenForm):  # type: ignore[misc]
    """The two parts of a reset link."""


class ChoosePasswordForm(account.ResetPasswordKeyForm):  # type: ignore[misc]
    """A new password, twice."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _plain(self, {"password1": "New password", "password2": "New password again"})
        self.fields["password1"].widget.attrs.update(autofocus=True)


class ChangePasswordForm(account.ChangePasswordForm):  # type: ignore[misc]
    """The current password and a new one, twice."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _plain(
            self, {"oldpassword": "Current password", "password1": "New password", "password2": "New password again"}
        )
