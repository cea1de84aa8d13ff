"""Second factors: what allauth asks of us about authenticator apps, passkeys and recovery codes."""

import base64
import hashlib
from typing import Any
from urllib.parse import urlsplit

from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from cryptography.fernet import Fernet, MultiFernet
from django.conf import settings

from msc.access.models import User

PRODUCT = "Managed Services Center"


def _box(purpose: str) -> MultiFernet:
    keys = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    digests = [hashlib.sha256(f"{purpose}:{key}".encode()).digest() for key in keys]
    return MultiFernet([Fernet(base64.urlsafe_b64encode(digest)) for digest in digests])


def sealed(text: str, *, purpose: str = "second factor") -> str:
    """Return the text encrypted with the portal's key, so that a copy of the database does not hold it."""
    return _box(purpose).encrypt(text.encode()).decode()


def unsealed(text: str, *, purpose: str = "second factor") -> str:
    """Return the text that was sealed for the purpose."""
    return _box(purpose).decrypt(text.encode()).decode()


def resealed(text: str, *, purpose: str = "second factor") -> str:
    """Return what was sealed by the portal's key or a former one, sealed by today's."""
    return _box(purpose).rotate(text.encode()).decode()


def of(person: User) -> list[Authenticator]:
    """Return the person's second factors and recovery codes, oldest first."""
    return list(Authenticator.objects.filter(user=person).order_by("pk"))


class FactorAdapter(DefaultMFAAdapter):  # type: ignore[misc]
    """Names, and keeps the seeds of authenticator apps and recovery codes encrypted."""

    error_messages = {
        **DefaultMFAAdapter.error_messages,
        "incorrect_code": "This code is not right. Enter the newest one that the app shows, or a recovery code.",
    }

    def encrypt(self, text: str) -> str:
        return sealed(text)

    def decrypt(self, encrypted_text: str) -> str:
        return unsealed(encrypted_text)

    def generate_authenticator_name(self, user: User, type: str) -> str:  # noqa: A002 - allauth's name
        """Return the name that a new passkey is offered."""
        number = Authenticator.objects.filter(user_id=user.pk, type=type).count() + 1
        return "Passkey" if number == 1 else f"Passkey {number}"

    def get_public_key_credential_rp_entity(self) -> dict[str, Any]:
        """Bind passkeys to the portal's own host, whatever host the request named."""
        return {"id": urlsplit(settings.MSC_ORIGIN).hostname, "name": PRODUCT}
