"""How a session or a sign-in finds its person beneath row-level security."""

from typing import Any

from allauth.account.auth_backends import AuthenticationBackend
from django.http import HttpRequest

from msc.access import scope
from msc.access.models import MspState, User
from msc.pages.preferences import with_saved_lists


class PortalBackend(AuthenticationBackend):  # type: ignore[misc]
    """Sign people in by e-mail and password; a closed MSP's people stay outside."""

    def get_user(self, user_id: int) -> User | None:
        """Return the person of a session and narrow the transaction to their MSP; None ends the session."""
        scope.reveal_person(user_id)
        user: User | None = with_saved_lists(User.objects.select_related("msp")).filter(pk=user_id).first()
        if user is None or not may_enter(user):
            return None
        scope.narrow_to_msp(user.msp_id)
        return user

    def authenticate(self, request: HttpRequest, **credentials: Any) -> User | None:
        """Return the person whose address and password these are; the address reveals them to this transaction."""
        scope.reveal_email(credentials.get("email") or "")
        user: User | None = super().authenticate(request, **credentials)
        return user

    def user_can_authenticate(self, user: User) -> bool:
        """Let in who may enter; their MSP is seen once they are revealed by id."""
        scope.reveal_person(user.pk)
        return may_enter(user)


def may_enter(user: User) -> bool:
    """Tell whether the person is active and their MSP, if they have one, works in the portal."""
    return user.is_active and (user.msp is None or user.msp.state == MspState.ACTIVE)
