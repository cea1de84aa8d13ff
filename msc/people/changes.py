"""Two people at the same thing: lock the row, and say what the other one did."""

from collections.abc import Mapping

from msc.access.models import Msp, User
from msc.access.permits import require
from msc.errors import Conflict
from msc.events.log import changed
from msc.events.models import Event
from msc.people.models import SingleSignOn


def locked(by: User, person: User) -> User:
    """Return the person as they stand now, locked until the transaction ends; a foreign one does not exist."""
    require(by, "administrator.manage")
    mine = User.objects.for_user(by).select_related("msp")
    found: User = mine.select_for_update(no_key=True, of=("self",)).get(pk=person.pk)
    return found


def conflict(
    thing: User | Msp | SingleSignOn, name: str, *, stands: Mapping[str, object], asked: Mapping[str, object]
) -> Conflict:
    """Return the error for a form that was made from an older version of the thing."""
    last = Event.objects.for_object(thing).newest_first().first()
    by = last.actor_label if last else "somebody else"
    return Conflict(
        f"{name} was changed by {by} while you were editing.",
        by=by,
        at=last.at if last else None,
        version=thing.version,
        changes={label: (str(now or ""), str(then or "")) for label, (now, then) in changed(stands, asked).items()},
    )
