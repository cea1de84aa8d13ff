"""The last check of a right, in the services: the pages ask first, so only a mistake or a forged request meets it."""

from django.core.exceptions import PermissionDenied

from msc.access.actors import Actor
from msc.access.models import User


def require(by: Actor, permission: str) -> None:
    """Refuse a person whose role does not hold the permission; a task is the portal itself."""
    if isinstance(by, User) and not by.can(permission):
        raise PermissionDenied(permission)
