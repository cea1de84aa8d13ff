"""What changes the administrators of an MSP."""

import secrets
from collections.abc import Mapping
from datetime import timedelta
from math import ceil

from allauth.usersessions.models import UserSession
from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone

from msc.access import scope
from msc.access.actors import Actor
from msc.access.models import Msp, User
from msc.access.permits import require_in
from msc.access.roles import MSP_ROLES, Role
from msc.errors import DomainError, Link
from msc.events import log
from msc.events.conflicts import refuse_stale
from msc.mail.models import OutboxMessage
from msc.people import emails
from msc.people.changes import locked
from msc.people.models import INVITATION_LIFE, Invitation
from msc.people.people import HELD_DOMAIN, JOINED, active_administrators, has_joined
from msc.people.tokens import digest_of, new_secret

#: Limits for an hour: invitations or password resets to one address, invitations from one MSP.
MOST_TO_ADDRESS = 3
MOST_FROM_MSP = 60
LIMITED_FOR = timedelta(hours=1)

LAST_ADMINISTRATOR = (
    "{name} is the last MSP administrator who can sign in. Invite or appoint another MSP administrator first."
)


@transaction.atomic
def invite_administrator(
    *, by: Actor, msp: Msp, email: str, first_name: str, last_name: str, role: str, phone: str = ""
) -> User:
    """Add a person to the MSP and send them a link to choose a password.

    Whether the address has an account with another MSP is told to its owner alone: everybody else sees what they
    would see otherwise. Such a person keeps a stand-in address until the invitation is accepted.
    """
    require_in(by, "administrator.manage", msp.pk)
    if role not in MSP_ROLES:
        raise DomainError("Choose one of the MSP's roles.", field="role")
    address = email.strip().lower()
    _refuse_known_address(msp, address)
    holder = _holder_elsewhere(msp, address)
    fields = {"msp": msp, "role": role, "first_name": first_name, "last_name": last_name, "phone": phone}
    person = _create(address if holder is None else stand_in_address(), fields)
    log.record(
        by=by,
        action="person.invited",
        on=person,
        label=address,
        changes={"Name": (None, person.full_name), "Role": (None, person.get_role_display())},
    )
    _send_invitation(by=by, person=person, address=address, holder=holder)
    return person


@transaction.atomic
def resend_invitation(*, by: User, person: User) -> None:
    """Send a new link; the links sent before stop working."""
    person = locked(by, person)
    if has_joined(person) or not person.is_active:
        raise DomainError(f"{person.full_name} has no open invitation: send a password reset instead.")
    address = invited_address(person)
    _revoke_invitations(person)
    log.record(by=by, action="person.invited_again", on=person, label=address)
    _send_invitation(by=by, person=person, address=address, holder=_holder_elsewhere(_msp_of(person), address))


@transaction.atomic
def edit_administrator(
    *, by: User, person: User, version: int, first_name: str, last_name: str, phone: str, role: str
) -> User:
    """Change name, phone and role of a person; the address stays, it is what they prove to own."""
    if role not in MSP_ROLES:
        raise DomainError("Choose one of the MSP's roles.", field="role")
    person = locked(by, person)
    refuse_stale(person, version)
    before = _facts(person)
    after = {
        "First name": first_name,
        "Last name": last_name,
        "Phone number": phone,
        "Role": Role(role).label,
    }
    if role != person.role:
        _refuse_role_change(person)
    person.first_name, person.last_name, person.phone, person.role = first_name, last_name, phone, role
    person.version += 1
    person.save(update_fields=["first_name", "last_name", "phone", "role", "version"])
    changes = log.changed(before, after)
    action = "person.role_changed" if "Role" in changes else "person.edited"
    log.record(by=by, action=action, on=person, label=invited_address(person), changes=changes)
    return person


@transaction.atomic
def deactivate_administrator(*, by: User, person: User) -> None:
    """Switch a person off: their sessions end now, their open invitations stop working."""
    if person.pk == by.pk:
        raise own_account()
    person = locked(by, person)
    if not person.is_active:
        return
    _keep_an_administrator(person)
    person.is_active = False
    person.version += 1
    person.save(update_fields=["is_active", "version"])
    _revoke_invitations(person)
    end_sessions(person)
    log.record(by=by, action="person.deactivated", on=person, label=invited_address(person))


def own_account() -> DomainError:
    """Return why a person does not switch their own account off."""
    return DomainError("You cannot switch off your own account. Ask another MSP administrator.")


@transaction.atomic
def reactivate_administrator(*, by: User, person: User) -> None:
    """Switch a person on again, with the role and the customers they had."""
    person = locked(by, person)
    if person.is_active:
        return
    person.is_active = True
    person.version += 1
    person.save(update_fields=["is_active", "version"])
    log.record(by=by, action="person.reactivated", on=person, label=invited_address(person))


@transaction.atomic
def send_password_reset(*, by: User, person: User) -> None:
    """Send a person who has joined a link to choose a new password; the present one works until then."""
    person = locked(by, person)
    if not person.is_active:
        raise DomainError(f"{person.full_name} is switched off. Switch them on first.")
    if not has_joined(person):
        raise DomainError(f"{person.full_name} has not joined yet: send the invitation again instead.")
    resets = OutboxMessage.objects.filter(msp=person.msp, kind="password.reset", to=person.email)
    _limit(resets, MOST_TO_ADDRESS, f"password resets to {person.email}")
    event = log.record(by=by, action="person.reset_sent", on=person, label=person.email)
    emails.password_reset(person, by=by.full_name, cause=str(event.pk))


def end_sessions(person: User) -> None:
    """Sign the person out everywhere."""
    for session in UserSession.objects.filter(user=person):
        session.end()


def invited_address(person: User) -> str:
    """Return the address the person is known by to their MSP: their own, or the one they were invited at."""
    if not person.email.endswith(f"@{HELD_DOMAIN}"):
        return person.email
    newest = person.invitations.order_by("-pk").first()
    return newest.email if newest else person.email


def _facts(person: User) -> Mapping[str, object]:
    return {
        "First name": person.first_name,
        "Last name": person.last_name,
        "Phone number": person.phone,
        "Role": Role(person.role).label,
    }


def _create(address: str, fields: Mapping[str, object]) -> User:
    try:
        with transaction.atomic():
            return User.objects.create_user(address, None, **fields)
    except IntegrityError:
        # Another MSP invited the same address a moment ago.
        return User.objects.create_user(stand_in_address(), None, **fields)


def stand_in_address() -> str:
    """Return an address that no mail can reach, for whoever does not hold their own yet."""
    return f"{secrets.token_hex(16)}@{HELD_DOMAIN}"


def _msp_of(person: User) -> Msp:
    if person.msp is None:
        raise DomainError(f"{person.full_name} belongs to no MSP.")
    return person.msp


def _refuse_known_address(msp: Msp, address: str) -> None:
    """Refuse an address that the MSP itself has already, joined or invited."""
    held = Invitation.objects.for_msp(msp.pk).filter(email=address, person__email__endswith=f"@{HELD_DOMAIN}")
    if User.objects.filter(msp=msp, email=address).exists() or held.exists():
        raise DomainError("An administrator with this e-mail address exists already.", field="email")


def _holder_elsewhere(msp: Msp, address: str) -> User | None:
    """Return who holds the address outside the MSP; what it tells must reach the address's owner only."""
    scope.reveal_email(address)
    holder: User | None = User.objects.filter(email=address).exclude(msp=msp).first()
    scope.reveal_email("")
    return holder


def _send_invitation(*, by: Actor, person: User, address: str, holder: User | None) -> None:
    token, msp = new_secret(), _msp_of(person)
    _limit_invitations(msp, address)
    invitation = Invitation.objects.create(
        msp=msp,
        person=person,
        email=address,
        digest=digest_of(token),
        expires_at=timezone.now() + INVITATION_LIFE,
    )
    inviter = by.full_name if isinstance(by, User) else settings.MSC_VENDOR_NAME
    if holder is not None and has_joined(holder):
        emails.invitation_elsewhere(invitation, msp=msp, inviter=inviter)
    else:
        emails.invitation(invitation, token=token, msp=msp, inviter=inviter)


def _limit_invitations(msp: Msp, address: str) -> None:
    sent = Invitation.objects.for_msp(msp.pk)
    _limit(sent.filter(email=address), MOST_TO_ADDRESS, f"invitations to {address}")
    _limit(sent, MOST_FROM_MSP, f"invitations of {msp.name}")


def _limit(sent: QuerySet[Invitation] | QuerySet[OutboxMessage], most: int, what: str) -> None:
    """Refuse another one when the most allowed were sent within an hour, and say how long to wait."""
    newest = list(sent.order_by("-created_at").values_list("created_at", flat=True)[:most])
    if len(newest) == most and (left := newest[-1] + LIMITED_FOR - timezone.now()) > timedelta(0):
        minutes = ceil(left / timedelta(minutes=1))
        raise DomainError(
            f"{most} {what} were sent within the last hour. "
            f"Wait {minutes} minute{'' if minutes == 1 else 's'} before you send another."
        )


def _revoke_invitations(person: User) -> None:
    person.invitations.filter(accepted_at=None, revoked_at=None).update(revoked_at=timezone.now())


def _refuse_role_change(person: User) -> None:
    """Refuse a new role to the last MSP administrator and to whoever still has customers in their charge."""
    _keep_an_administrator(person)
    # The assignments are the customers app's, which stands higher; the relation is named, not imported.
    if person.assignments.exists():
        raise DomainError(
            f"{person.full_name} is in charge of customers. Take them away first, then change the role.",
            field="role",
            links=(Link(f"Customers of {person.full_name}", reverse("assigned_customers", args=[person.pk])),),
        )


def _keep_an_administrator(person: User) -> None:
    """Refuse to take away the last MSP administrator who can sign in; whoever else tries it waits at the MSP's row.

    The trigger `msp_keeps_an_administrator` holds the same rule beneath.
    """
    if person.role != Role.MSP_ADMIN or not person.is_active:
        return
    msp = Msp.objects.select_for_update(no_key=True).get(pk=_msp_of(person).pk)
    others = active_administrators(msp.pk).exclude(pk=person.pk)
    if not (others.filter(JOINED) if has_joined(person) else others).exists():
        raise DomainError(LAST_ADMINISTRATOR.format(name=person.full_name))
