"""The last check of a right, in the services: the pages ask first, so only a mistake or a forged request meets it."""

from django.core.exceptions import PermissionDenied

from msc.access.actors import Actor
from msc.access.models import User
from msc.access.roles import Role


def require(by: Actor, permission: str) -> None:
    """Refuse a person whose role does not hold the permission; a task is the portal itself."""
    if isinstance(by, User) and not by.can(permission):
        raise PermissionDenied(permission)


def require_in(by: Actor, permission: str, msp_id: int | None) -> None:
    """Refuse a person who does not hold the permission or is of another MSP; support staff serve them all."""
    if isinstance(by, User) and by.role == Role.SUPPORT:
        return
    require(by, permission)
    if isinstance(by, User) and by.msp_id != msp_id:
        raise PermissionDenied(permission)
