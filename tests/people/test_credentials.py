"""API credentials: shown once, kept as a digest, revoked for good."""

from datetime import timedelta

import pytest
from django.utils import timezone

from msc.access import scope
from msc.errors import DomainError
from msc.events.models import Event
from msc.people.credentials import create_credential, note_use, revoke_credential
from msc.people.models import ApiCredential
from msc.people.tokens import digest_of

pytestmark = pytest.mark.django_db


def test_the_secret_is_returned_once_and_kept_as_a_digest(scoped, ada):
    credential, secret = create_credential(by=ada, name="Backup server", scopes=["runs:write"])
    stored = ApiCredential.objects.filter(pk=credential.pk).values().get()
    assert secret not in str(stored)
    assert stored["digest"] == digest_of(secret)
    assert secret.startswith(stored["prefix"])
    event = Event.objects.for_object(credential).get()
    assert secret not in str(vars(event))
    assert event.action == "credential.created"


def test_a_secret_finds_its_credential_before_its_msp_is_known(scoped, ada, eastgate):
    credential, secret = create_credential(by=ada, name="Backup server", scopes=["runs:write"])
    with scope.entered("portal"):
        assert not ApiCredential.objects.exists()
        scope.reveal_credential(digest_of(secret))
        assert ApiCredential.objects.live().get() == credential


def test_two_live_credentials_have_two_names(scoped, ada):
    first, _ = create_credential(by=ada, name="Backup server", scopes=["runs:write"])
    with pytest.raises(DomainError) as refusal:
        create_credential(by=ada, name="Backup server", scopes=["runs:write"])
    assert refusal.value.field == "name"
    revoke_credential(by=ada, credential=first)
    create_credential(by=ada, name="Backup server", scopes=["runs:write"])


def test_revoking_leaves_one_event(scoped, ada):
    credential, _ = create_credential(by=ada, name="Backup server", scopes=["runs:write"])
    revoke_credential(by=ada, credential=credential)
    revoke_credential(by=ada, credential=credential)
    credential.refresh_from_db()
    assert not credential.is_live()
    assert Event.objects.for_object(credential).filter(action="credential.revoked").count() == 1


def test_an_expired_credential_is_not_live(scoped, ada):
    past = timezone.now() - timedelta(seconds=1)
    credential, _ = create_credential(by=ada, name="Old", scopes=["runs:write"], expires_at=past)
    assert not credential.is_live()
    assert not ApiCredential.objects.live().exists()


def test_use_is_noted_once_a_minute(scoped, ada):
    credential, _ = create_credential(by=ada, name="Backup server", scopes=["runs:write"])
    note_use(credential)
    credential.refresh_from_db()
    first = credential.last_used_at
    note_use(credential)
    credential.refresh_from_db()
    assert first is not None
    assert credential.last_used_at == first


def test_a_credential_may_do_what_its_scopes_say(scoped, ada):
    credential, _ = create_credential(by=ada, name="Reader", scopes=["runs:read", "customers:read"])
    assert credential.can("runs:read")
    assert not credential.can("runs:write")
    assert credential.actor_kind == "credential"
    assert credential.msp_id == scoped.pk
