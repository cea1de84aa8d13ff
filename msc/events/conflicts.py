"""Two people change the same thing: the second one to save learns who was first."""

from typing import Protocol

from django.db.models import Model

from msc.access.models import User
from msc.errors import Conflict
from msc.events.models import Event


class Versioned(Protocol):
    """A row that counts its changes."""

    version: int


def refuse_stale(thing: Versioned, version: int) -> None:
    """Refuse a change of the locked `thing` that was decided on an older version of it.

    The form merges what only one of the two changed; see `msc.pages.merging`.
    """
    if thing.version == version:
        return
    assert isinstance(thing, Model)  # noqa: S101 - for the type checker
    event = Event.objects.for_object(thing).newest_first().first()
    raise Conflict(by=_author(event), at=event.at if event else None)


def _author(event: Event | None) -> str:
    if event is None or event.actor_kind == "task":
        return "The portal"
    person = User.objects.filter(pk=event.actor_id).first() if event.actor_kind == "person" else None
    return person.full_name if person else event.actor_label
