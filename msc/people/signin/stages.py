"""The steps between the password and the session; a browser of support staff is never trusted."""

from allauth.account.stages import LoginByCodeStage
from allauth.mfa import stages as mfa
from allauth.mfa.models import Authenticator
from allauth.mfa.utils import is_mfa_enabled
from allauth.mfa.webauthn.internal.flows import did_use_passwordless_login
from django.http import HttpRequest, HttpResponse

_FACTORS = [Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN]


class CodeStage(LoginByCodeStage):  # type: ignore[misc]
    """The e-mailed code, unless the person has a second factor of their own or trusts this browser."""

    def handle(self) -> tuple[HttpResponse | None, bool]:
        """Skip the code for people whose next step is their own second factor."""
        if is_mfa_enabled(self.login.user, _FACTORS):
            return None, True
        answer: tuple[HttpResponse | None, bool] = super().handle()
        return answer

    def _is_trusted(self) -> bool:
        return not self.login.user.is_staff and super()._is_trusted()


class FactorStage(mfa.AuthenticateStage):  # type: ignore[misc]
    """The person's own second factor."""

    def handle(self) -> tuple[HttpResponse | None, bool]:
        """Keep nothing of an identity provider's answer in the session that waits for the factor."""
        self.login.signal_kwargs = None
        answer: tuple[HttpResponse | None, bool] = super().handle()
        return answer

    def _should_handle(self, request: HttpRequest) -> bool:
        person = self.login.user
        if person.is_staff and is_mfa_enabled(person, _FACTORS):
            return not did_use_passwordless_login(request, person)
        return bool(super()._should_handle(request))


class TrustStage(mfa.TrustStage):  # type: ignore[misc]
    """The question whether to trust this browser for 30 days."""

    def handle(self) -> tuple[HttpResponse | None, bool]:
        """Ask everybody but support staff."""
        if self.login.user.is_staff:
            return None, True
        answer: tuple[HttpResponse | None, bool] = super().handle()
        return answer
