"""The pages of sign-in: allauth's views, which answer 422 to a bad form and are kept by no cache."""

from typing import Any

from allauth.account import views as account
from allauth.mfa.base import views as mfa
from allauth.mfa.recovery_codes import views as recovery
from allauth.mfa.totp import views as totp
from allauth.mfa.webauthn import views as webauthn
from django.conf import settings
from django.contrib import messages
from django.forms import Form
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse_lazy
from django.utils.cache import add_never_cache_headers

from msc.people.signin import sessions
from msc.people.signin.adapter import AccountAdapter

LOCKED_SECONDS = 15 * 60
READ_AND_POSTED = ("GET", "HEAD", "POST", "OPTIONS")


class Private:
    """A page that no cache keeps and that answers 422 to a form with errors."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Take GET and POST alone (allauth reads a PUT as a POST), and forbid caches to keep the answer."""
        if request.method not in READ_AND_POSTED:
            return HttpResponseNotAllowed(READ_AND_POSTED)
        response: HttpResponseBase = super().dispatch(request, *args, **kwargs)  # type: ignore[misc]
        add_never_cache_headers(response)
        return response

    def form_invalid(self, form: Form) -> HttpResponse:
        """Show the form again with its errors; 429 when too many attempts failed."""
        response: HttpResponse = super().form_invalid(form)  # type: ignore[misc]
        if response.status_code != 200:
            return response
        response.status_code = 422
        if any(
            error.code == "too_many_login_attempts" for errors in form.errors.as_data().values() for error in errors
        ):
            response.status_code = 429
            response["Retry-After"] = str(LOCKED_SECONDS)
        return response


class SignIn(Private, account.LoginView):  # type: ignore[misc]
    """Address and password."""


class SignOut(Private, account.LogoutView):  # type: ignore[misc]
    """End the session by a POST; a GET asks first."""

    def post(self, *args: Any, **kwargs: Any) -> HttpResponse:
        """Sign out and tell the browser to forget what it kept of the portal."""
        response: HttpResponse = super().post(*args, **kwargs)
        if settings.IS_HTTPS:
            response["Clear-Site-Data"] = '"cache", "storage"'
        return response


class Code(Private, account.ConfirmLoginCodeView):  # type: ignore[misc]
    """The e-mailed code."""

    def _resend_form_valid(self, form: Form) -> HttpResponse:
        response: HttpResponse = super()._resend_form_valid(form)
        messages.success(self.request, "A new code is on its way; the earlier one no longer works.")
        return response


class Factor(Private, mfa.AuthenticateView):  # type: ignore[misc]
    """The person's own second factor."""


class Trust(Private, mfa.TrustView):  # type: ignore[misc]
    """Whether to trust this browser."""


class Passkey(Private, webauthn.LoginWebAuthnView):  # type: ignore[misc]
    """A passkey alone."""


class Refused(Private, account.AccountInactiveView):  # type: ignore[misc]
    """The person was switched off."""


class AskForReset(Private, account.PasswordResetView):  # type: ignore[misc]
    """Ask for a link to choose a new password."""


class ResetAsked(Private, account.PasswordResetDoneView):  # type: ignore[misc]
    """The link is on its way, if there is such an account."""


class ChooseNewPassword(Private, account.PasswordResetFromKeyView):  # type: ignore[misc]
    """The page that the link leads to."""

    def dispatch(self, request: HttpRequest, uidb36: str, key: str, **kwargs: Any) -> HttpResponseBase:
        """Show the person whom the link names and keep the link from leaving in a Referer."""
        sessions.reveal(uidb36)
        response = super().dispatch(request, uidb36, key, **kwargs)
        # "no-referrer" would take the form's origin too, and it would be refused as forged.
        response["Referrer-Policy"] = "strict-origin"
        return response


class PasswordChosen(Private, account.PasswordResetFromKeyDoneView):  # type: ignore[misc]
    """The new password holds."""


class PasswordAgain(Private, account.ReauthenticateView):  # type: ignore[misc]
    """The password once more."""


class FactorAgain(Private, mfa.ReauthenticateView):  # type: ignore[misc]
    """The second factor once more."""


class PasskeyAgain(Private, webauthn.ReauthenticateWebAuthnView):  # type: ignore[misc]
    """A passkey once more."""


class ChangePassword(Private, account.PasswordChangeView):  # type: ignore[misc]
    """A new password for somebody who is signed in."""

    success_url = reverse_lazy("profile")

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Send people who sign in by their organisation back: they have no password here."""
        if request.user.is_authenticated and not request.user.has_usable_password():
            messages.info(request, "You sign in through your organisation and have no password here.")
            return redirect("profile")
        return super().dispatch(request, *args, **kwargs)


class ActivateApp(Private, totp.ActivateTOTPView):  # type: ignore[misc]
    """Add an authenticator app."""

    def form_valid(self, form: Form) -> HttpResponse:
        """Record and tell what allauth would tell only after the commit."""
        response: HttpResponse = super().form_valid(form)
        messages.success(self.request, "The authenticator app is your second factor now.")
        AccountAdapter().send_notification_mail("mfa/email/totp_activated", self.request.user)
        return response


class DeactivateApp(Private, totp.DeactivateTOTPView):  # type: ignore[misc]
    """Remove the authenticator app."""

    success_url = reverse_lazy("profile")


class AddPasskey(Private, webauthn.AddWebAuthnView):  # type: ignore[misc]
    """Add a passkey."""


class RenamePasskey(Private, webauthn.EditWebAuthnView):  # type: ignore[misc]
    """Name a passkey anew."""

    success_url = reverse_lazy("profile")


class RemovePasskey(Private, webauthn.RemoveWebAuthnView):  # type: ignore[misc]
    """Remove a passkey."""

    success_url = reverse_lazy("profile")


class RecoveryCodes(Private, recovery.ViewRecoveryCodesView):  # type: ignore[misc]
    """Show the recovery codes, once."""


class NewRecoveryCodes(Private, recovery.GenerateRecoveryCodesView):  # type: ignore[misc]
    """Make new recovery codes in place of the old ones."""

    def form_valid(self, form: Form) -> HttpResponse:
        """Record and tell what allauth would tell only after the commit."""
        response: HttpResponse = super().form_valid(form)
        AccountAdapter().send_notification_mail("mfa/email/recovery_codes_generated", self.request.user)
        return response
