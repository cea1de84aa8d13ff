"""The vendor's support staff: added and switched off by whoever runs the portal, never by its pages."""

from django.db import transaction

from msc.access import scope
from msc.access.actors import Actor
from msc.access.models import User
from msc.access.roles import Role
from msc.errors import DomainError
from msc.events import log
from msc.people import addresses, emails
from msc.people.services import end_sessions


@transaction.atomic
def add_support_person(*, by: Actor, email: str, first_name: str, last_name: str) -> User:
    """Add somebody and send them a link to choose a password, which works for one hour."""
    address = email.strip().lower()
    with scope.entered("support"):
        if User.objects.filter(email=address).exists():
            raise DomainError(f"{address} belongs to somebody already. Choose a different one.", field="email")
        person: User = User.objects.create_user(
            address, None, role=Role.SUPPORT, first_name=first_name, last_name=last_name
        )
        addresses.confirm(person)
        event = log.record(by=by, action="person.invited", on=person, label=address)
        emails.password_reset(person, by="Whoever runs this portal", cause=str(event.pk))
    return person


@transaction.atomic
def switch_off_support_person(*, by: Actor, email: str) -> User:
    """Switch somebody off; their sessions end now."""
    with scope.entered("support"):
        people = User.objects.filter(role=Role.SUPPORT).select_for_update()
        person: User | None = people.filter(email=email.strip().lower()).first()
        if person is None:
            raise DomainError(f"No support person has the address {email}.", field="email")
        person.is_active = False
        person.version += 1
        person.save(update_fields=["is_active", "version"])
        end_sessions(person)
        log.record(by=by, action="person.deactivated", on=person, label=person.email)
    return person
