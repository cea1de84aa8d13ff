"""Accepting an invitation: the link works once, for the invited person, for seven days."""

from django.db import transaction
from django.utils import timezone

from msc.access import scope
from msc.access.actors import Origin
from msc.access.models import MspState, User
from msc.errors import DomainError
from msc.events import log
from msc.people import addresses
from msc.people.models import Invitation
from msc.people.people import has_joined
from msc.people.services import stand_in_address
from msc.people.tokens import digest_of

NOT_OPEN = "This invitation has been used, has expired or was replaced by a newer one. Ask for a new invitation."


def find_open(token: str) -> Invitation:
    """Return the invitation of the link and narrow the transaction to its MSP; refuse one that is not open."""
    digest = digest_of(token)
    scope.reveal_credential(digest)
    invitation = Invitation.objects.open().filter(digest=digest).first()
    if invitation is None:
        raise DomainError(NOT_OPEN)
    scope.narrow_to_msp(invitation.msp_id)
    invitation = Invitation.objects.select_related("person", "msp").get(pk=invitation.pk)
    if not invitation.person.is_active or invitation.msp.state != MspState.ACTIVE:
        raise DomainError(NOT_OPEN)
    return invitation


@transaction.atomic
def accept_invitation(*, token: str, password: str, origin: Origin) -> User:
    """Let the invited person in with the password they chose; of twenty at once exactly one succeeds."""
    invitation = find_open(token)
    taken = Invitation.objects.open().filter(pk=invitation.pk).update(accepted_at=timezone.now())
    if not taken:
        raise DomainError(NOT_OPEN)
    person = invitation.person
    _release_address(person, invitation.email)
    person.email = invitation.email
    person.origin = origin
    person.set_password(password)
    person.version += 1
    person.save(update_fields=["email", "password", "version"])
    addresses.confirm(person)
    log.record(by=person, action="person.joined", on=person, label=person.email)
    return person


def _release_address(person: User, address: str) -> None:
    """Take the address from a stranger who was invited at it elsewhere and never came; refuse if they did come."""
    scope.reveal_email(address)
    holder: User | None = User.objects.filter(email=address).exclude(pk=person.pk).first()
    if holder is None:
        return
    if has_joined(holder):
        raise DomainError("This e-mail address has an account with another MSP by now. Ask for another invitation.")
    with scope.entered("portal", msp=holder.msp_id):
        User.objects.filter(pk=holder.pk).update(email=stand_in_address())
