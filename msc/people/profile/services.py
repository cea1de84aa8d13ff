"""What people change about themselves."""

from django.db import transaction

from msc.access.models import User
from msc.events import log
from msc.events.conflicts import refuse_stale
from msc.people.signin import sessions


@transaction.atomic
def edit_profile(*, by: User, version: int, first_name: str, last_name: str, phone: str, time_zone: str) -> User:
    """Change the person's own name, phone number and time zone; the address is the administrators' to change."""
    person: User = User.objects.select_for_update(no_key=True, of=("self",)).select_related("msp").get(pk=by.pk)
    refuse_stale(person, version)
    before = _facts(person)
    person.first_name, person.last_name, person.phone, person.time_zone = first_name, last_name, phone, time_zone
    after = _facts(person)
    if changes := log.changed(before, after):
        person.version += 1
        person.save(update_fields=["first_name", "last_name", "phone", "time_zone", "version"])
        log.record(by=by, action="person.edited", on=person, label=person.email, changes=changes)
    return person


@transaction.atomic
def end_other_sessions(*, by: User, keep: str | None) -> int:
    """Sign the person out everywhere but in the session with the key, and return how many sessions ended."""
    ended = sessions.end_sessions(by, keep=keep)
    log.record(by=by, action="session.ended", on=by, label=by.email, detail={"sessions": ended})
    return ended


def _facts(person: User) -> dict[str, object]:
    return {
        "First name": person.first_name,
        "Last name": person.last_name,
        "Phone number": person.phone,
        "Time zone": person.time_zone,
    }
