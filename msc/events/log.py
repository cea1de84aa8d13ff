"""The one way into the event record: a line in the transaction of what it tells."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from ipaddress import ip_address
from typing import NamedTuple

from django.db import connection
from django.db.models import Model

from msc.access.actors import Actor, Origin
from msc.access.models import User
from msc.events.actions import is_about_a_session
from msc.events.models import Category, Event, EventDetail
from msc.events.values import Changes, changed, readable

__all__ = ["Changes", "Happening", "Stranger", "changed", "record", "record_all", "record_refusal", "record_sign_in"]

NOTHING: Changes = {}
LONGEST_LABEL = 400


@dataclass(frozen=True)
class Stranger:
    """Whoever is not signed in; `label` is the person they gave themselves out to be, if there is such a one."""

    origin: Origin
    actor_label: str = ""
    msp_id: int | None = None
    actor_kind: str = "stranger"
    actor_id: int | None = None


def record(
    *,
    by: Actor,
    action: str,
    on: Model | None = None,
    label: str = "",
    customer_id: int | None = None,
    changes: Changes = NOTHING,
    private: Changes = NOTHING,
    private_label: str = "",
    detail: Mapping[str, object] | None = None,
    msp_id: int | None = None,
) -> Event:
    """Write down that `by` did `action`, in the transaction that does it.

    `label`, `changes` and `detail` are seen by support staff and hold account names only; what may not be seen
    outside the MSP goes to `private` and `private_label`. `msp_id` is needed only when neither the actor nor the
    thing belongs to the MSP.
    """
    event = _event(by, action, on=on, label=label, customer_id=customer_id, changes=changes)
    event.msp_id = msp_id or event.msp_id
    event.detail = {name: readable(value) for name, value in (detail or {}).items()}
    _insert(event)
    if private or private_label:
        hidden = EventDetail(
            event=event, msp_id=event.msp_id, label=private_label[:LONGEST_LABEL], changes=_pairs(private)
        )
        EventDetail.objects.bulk_create([hidden], ignore_conflicts=True)
    return event


class Happening(NamedTuple):
    """What one of many equal acts was about; the fields are those of `record`."""

    on: Model
    label: str
    private_label: str
    customer_id: int | None
    changes: Changes
    private: Changes


def record_all(*, by: Actor, action: str, happenings: Sequence[Happening]) -> None:
    """Write down that `by` did the same to many things, in three statements however many they are."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT nextval(pg_get_serial_sequence('events_event', 'id')), clock_timestamp()"
            " FROM generate_series(1, %s)",
            [len(happenings)],
        )
        stamps = cursor.fetchall()
    events = [
        _event(by, action, on=one.on, label=one.label, customer_id=one.customer_id, changes=one.changes)
        for one in happenings
    ]
    for event, (pk, at) in zip(events, stamps, strict=True):
        event.pk, event.at = pk, at
    Event.objects.bulk_create(events, ignore_conflicts=True)
    details = [
        EventDetail(
            event=event, msp_id=event.msp_id, label=one.private_label[:LONGEST_LABEL], changes=_pairs(one.private)
        )
        for event, one in zip(events, happenings, strict=True)
    ]
    EventDetail.objects.bulk_create(details, ignore_conflicts=True)


def _event(by: Actor, action: str, *, on: Model | None, label: str, customer_id: int | None, changes: Changes) -> Event:
    return Event(
        msp_id=by.msp_id or getattr(on, "msp_id", None),
        category=Category.SESSION if is_about_a_session(action) else Category.CHANGE,
        actor_kind=by.actor_kind,
        actor_id=by.actor_id,
        actor_label=by.actor_label,
        address=_address(by.origin),
        request_id=by.origin.request_id,
        action=action,
        object_type=on._meta.label_lower if on is not None else "",
        object_id=on.pk if on is not None else None,
        object_label=label[:LONGEST_LABEL],
        customer_id=customer_id,
        changes=_pairs(changes),
    )


def record_sign_in(person: User, *, method: str) -> Event:
    """Write down that the person signed in, and by what: password and code, passkey, single sign-on."""
    return record(by=person, action="session.opened", on=person, label=person.email, detail={"method": method})


def record_refusal(origin: Origin, *, reason: str, person: User | None = None) -> Event:
    """Write down a refused sign-in; what was typed is not kept, it may be a password in the wrong field."""
    stranger = Stranger(origin, person.email if person else "", person.msp_id if person else None)
    return record(by=stranger, action="session.refused", on=person, detail={"reason": reason})


def _insert(event: Event) -> None:
    """Insert without reading back: at sign-in there is no MSP yet, and so no right to read the new row."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval(pg_get_serial_sequence('events_event', 'id')), clock_timestamp()")
        event.pk, event.at = cursor.fetchone()
    Event.objects.bulk_create([event], ignore_conflicts=True)


def _pairs(changes: Changes) -> dict[str, list[object]]:
    return {label: [readable(before), readable(after)] for label, (before, after) in changes.items()}


def _address(origin: Origin) -> str | None:
    """Return the network address, or None for what is not one, such as a socket's name."""
    try:
        return str(ip_address(origin.address)) if origin.address else None
    except ValueError:
        return None
