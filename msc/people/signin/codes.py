"""One-time codes: what is kept of an emailed one until it is typed, and that each code works once."""

import secrets

from allauth.core.internal.cryptokit import normalize_user_code
from allauth.mfa import app_settings as mfa
from django.conf import settings
from django.core.cache import cache
from django.utils.crypto import salted_hmac

_SALT_LENGTH = 16
#: An emailed code, and a code of an app with the tolerance for its clock, are valid no longer than this.
_LONGEST_VALID = max(settings.ACCOUNT_LOGIN_BY_CODE_TIMEOUT, mfa.TOTP_PERIOD * (2 * mfa.TOTP_TOLERANCE + 1))

TOO_MANY_WRONG = "Too many codes were wrong. Wait at least 15 minutes, then try again with a new code."


def kept(code: str) -> str:
    """Return the digest of a new code under the portal's key, behind a salt of its own."""
    return _digest(code, salt=secrets.token_hex(_SALT_LENGTH // 2))


def as_kept(typed: str, expected: str) -> str:
    """Return what was typed as it would be kept if it were the expected code."""
    return _digest(typed, salt=expected[:_SALT_LENGTH])


def is_used(code: str, *, of: str) -> bool:
    """Tell whether the code was used already, in this session or another one."""
    return _used_key(code, of) in cache


def use(code: str, *, of: str) -> bool:
    """Note that the code is used now; False when another request was quicker."""
    return cache.add(_used_key(code, of), 1, _LONGEST_VALID)


def _used_key(code: str, of: str) -> str:
    return "code-used:" + salted_hmac(f"{__name__}:{of}", normalize_user_code(code), algorithm="sha256").hexdigest()


def _digest(code: str, *, salt: str) -> str:
    return salt + salted_hmac(f"{__name__}:{salt}", normalize_user_code(code), algorithm="sha256").hexdigest()
