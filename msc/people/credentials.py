"""API credentials: made once, shown once, revoked at any time."""

from collections.abc import Collection
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone

from msc.access.actors import Actor
from msc.access.models import User
from msc.access.permits import require, require_in
from msc.errors import DomainError
from msc.events import log
from msc.people.models import ApiCredential, CredentialScope

USE_NOTED_EVERY = timedelta(minutes=1)


@transaction.atomic
def create_credential(
    *, by: User, name: str, scopes: Collection[str], expires_at: datetime | None = None
) -> tuple[ApiCredential, str]:
    """Make a credential of the actor's MSP; the secret it returns is shown once and kept nowhere."""
    require(by, "credential.manage")
    if by.msp is None:
        raise DomainError("Only an MSP has API credentials.")
    try:
        with transaction.atomic():
            credential, secret = ApiCredential.issue(
                msp=by.msp, name=name, scopes=scopes, created_by=by, expires_at=expires_at
            )
    except IntegrityError as error:
        raise DomainError("A credential with this name is in use. Choose another name.", field="name") from error
    log.record(
        by=by,
        action="credential.created",
        on=credential,
        label=credential.actor_label,
        changes={"Scopes": (None, [CredentialScope(scope).label for scope in credential.scopes])},
        detail={"Expires": expires_at or "never"},
    )
    return credential, secret


@transaction.atomic
def revoke_credential(*, by: Actor, credential: ApiCredential) -> None:
    """Shut the credential out from the very next call; nothing happens to one that is revoked already."""
    require_in(by, "credential.manage", credential.msp_id)
    live = ApiCredential.objects.filter(pk=credential.pk, revoked_at=None)
    if live.update(revoked_at=timezone.now()):
        log.record(by=by, action="credential.revoked", on=credential, label=credential.actor_label)


def note_use(credential: ApiCredential) -> None:
    """Remember when the credential was last used, at most once a minute."""
    now = timezone.now()
    stale = Q(last_used_at=None) | Q(last_used_at__lt=now - USE_NOTED_EVERY)
    ApiCredential.objects.filter(stale, pk=credential.pk).update(last_used_at=now)
