"""A create form counts once: a second submit is sent to what the first one made.

The form carries a signed key. The key and what the form creates are committed together; a second submit that comes
while the first still works waits for it at the unique key.
"""

import uuid
from typing import cast

from django.core.signing import BadSignature, Signer

from msc.access.models import User
from msc.pages.models import Submission

FIELD = "submit_key"
_signer = Signer(salt="msc.pages.submission")


def new_key(user: User) -> str:
    """Return a fresh key that only this person can use."""
    return _signer.sign(f"{user.pk}.{uuid.uuid4().hex}")


def read_key(text: str, user: User) -> uuid.UUID | None:
    """Return the key that a form carries, or None when it is not one made for the person."""
    try:
        owner, _, key = _signer.unsign(text).partition(".")
        return uuid.UUID(key) if owner == str(user.pk) else None
    except (BadSignature, ValueError):
        return None


def claim(key: uuid.UUID, user: User) -> str | None:
    """Take the key, or return where the result of its first submit stands."""
    mine = Submission(key=key, user=user, msp_id=cast("int", user.msp_id))  # whoever may create belongs to an MSP
    Submission.objects.bulk_create([mine], ignore_conflicts=True)
    first = Submission.objects.get(key=key)
    return first.result_url or None


def result_of(text: str, user: User) -> str:
    """Return where the result of the key that a form carries stands, or "" while there is none."""
    key = read_key(text, user)
    first = Submission.objects.filter(key=key, user=user).first() if key else None
    return first.result_url if first else ""


def finish(key: uuid.UUID, result_url: str) -> None:
    """Note where the result of the claimed key stands."""
    Submission.objects.filter(key=key).update(result_url=result_url)
