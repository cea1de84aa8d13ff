"""What is kept of an e-mailed code until it is typed: a copy of the database does not let anybody in."""

import secrets

from allauth.core.internal.cryptokit import normalize_user_code
from django.utils.crypto import salted_hmac

_SALT_LENGTH = 16


def kept(code: str) -> str:
    """Return the digest of a new code under the portal's key, behind a salt of its own."""
    return _digest(code, salt=secrets.token_hex(_SALT_LENGTH // 2))


def as_kept(typed: str, expected: str) -> str:
    """Return what was typed as it would be kept if it were the expected code."""
    return _digest(typed, salt=expected[:_SALT_LENGTH])


def _digest(code: str, *, salt: str) -> str:
    return salt + salted_hmac(f"{__name__}:{salt}", normalize_user_code(code), algorithm="sha256").hexdigest()
