"""Secrets that are shown once and kept as a digest: invitation links and API credentials."""

import hashlib
import secrets

SECRET_BYTES = 32


def new_secret(prefix: str = "") -> str:
    """Return an unguessable secret of 256 bits that survives a URL and a copy by double click."""
    return prefix + secrets.token_hex(SECRET_BYTES)


def digest_of(secret: str) -> str:
    """Return what is kept of a secret: its SHA-256 in hex."""
    return hashlib.sha256(secret.encode()).hexdigest()
