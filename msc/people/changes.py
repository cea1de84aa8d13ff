"""Locks a person before a change."""

from msc.access.models import User
from msc.access.permits import require


def locked(by: User, person: User) -> User:
    """Return the person as they stand now, locked until the transaction ends; a foreign one does not exist."""
    require(by, "administrator.manage")
    mine = User.objects.for_user(by).select_related("msp")
    found: User = mine.select_for_update(no_key=True, of=("self",)).get(pk=person.pk)
    return found
