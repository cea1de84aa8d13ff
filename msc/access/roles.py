"""The roles of people and what each may do; row scope is the business of `querysets`."""

from django.db import models


class Role(models.TextChoices):
    """What a person is in the portal; support staff belong to no MSP."""

    MSP_ADMIN = "msp_admin", "MSP administrator"
    TENANT_ADMIN = "tenant_admin", "Tenant administrator"
    READ_ONLY = "read_only", "Read-only administrator"
    SUPPORT = "support", "Support staff"


MSP_ROLES = (Role.MSP_ADMIN, Role.TENANT_ADMIN, Role.READ_ONLY)

_everyone = frozenset(MSP_ROLES)
_admin = frozenset({Role.MSP_ADMIN})
_editors = frozenset({Role.MSP_ADMIN, Role.TENANT_ADMIN})
_overseers = frozenset({Role.MSP_ADMIN, Role.READ_ONLY})

PERMISSIONS: dict[str, frozenset[Role]] = {
    "customer.view": _everyone,
    "customer.create": _admin,
    "customer.edit": _editors,
    "customer.edit_identity_rules": _admin,
    "customer.delete": _admin,
    "contact.edit": _editors,
    "tenant.view": _everyone,
    "tenant.add": _editors,
    "tenant.edit": _editors,
    "tenant.suspend": _editors,
    "tenant.delete": _editors,
    "plan.view": _everyone,
    "plan.edit": _admin,
    "health.view": _everyone,
    "consumption.view": _everyone,
    "alert.view": _everyone,
    "alert.close": _editors,
    "alert.subscribe": _admin,
    "refused.view": _everyone,
    "event.view": _overseers,
    "administrator.manage": _admin,
    "settings.edit": _admin,
    "credential.manage": _admin,
    "profile.edit": frozenset(Role),
}


def allows(role: str, permission: str) -> bool:
    """Tell whether the role holds the permission; an unknown permission is a programming error (KeyError)."""
    return role in PERMISSIONS[permission]
