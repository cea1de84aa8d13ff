"""The life of a product: the table of moves is the law, for the service and for the database trigger alike."""

from dataclasses import dataclass

from django.db import models


class TenantState(models.TextChoices):
    """Where a product stands in its life."""

    CREATING = "creating", "Creating"
    READY = "ready", "Ready"
    UPDATING = "updating", "Updating"
    SUSPENDED = "suspended", "Suspended"
    DELETING = "deleting", "Deleting"
    DELETED = "deleted", "Deleted"


class TenantType(models.TextChoices):
    """What a tenant is for; the sandbox is the system's own."""

    SANDBOX = "sandbox", "Sandbox"
    EVALUATION = "evaluation", "Evaluation"
    COMMERCIAL = "commercial", "Commercial"


S = TenantState
MOVES: dict[str, tuple[str, ...]] = {
    S.CREATING: (S.READY, S.DELETING),
    S.READY: (S.UPDATING, S.SUSPENDED, S.DELETING),
    S.UPDATING: (S.READY,),
    S.SUSPENDED: (S.READY, S.DELETING),
    S.DELETING: (S.READY, S.SUSPENDED, S.CREATING, S.DELETED),
    S.DELETED: (),
}

#: Moves that only the portal's tasks make: the provisioner's answer and the purge. No page can make them.
MOVES_OF_TASKS: tuple[tuple[str, str], ...] = (
    (S.CREATING, S.READY),
    (S.UPDATING, S.READY),
    (S.DELETING, S.DELETED),
)

#: Where the sandbox's products can be; they are never suspended or deleted.
SANDBOX_STATES: tuple[str, ...] = (S.CREATING, S.READY, S.UPDATING)


@dataclass(frozen=True)
class Action:
    """Something a person does to a product: from which states, with which permission, and what it is called."""

    name: str
    verb: str
    needs: str
    from_states: tuple[str, ...]
    for_sandbox: bool = False
    for_support: bool = False


EDIT = Action("edit", "Edit", "tenant.edit", (S.READY,), for_sandbox=True)
SUSPEND = Action("suspend", "Suspend", "tenant.suspend", (S.READY,))
ACTIVATE = Action("activate", "Activate", "tenant.suspend", (S.SUSPENDED,))
DELETE = Action("delete", "Delete", "tenant.delete", (S.CREATING, S.READY, S.SUSPENDED))
CANCEL_DELETION = Action("cancel", "Cancel deletion", "tenant.delete", (S.DELETING,), for_support=True)
ACTIONS: tuple[Action, ...] = (EDIT, SUSPEND, ACTIVATE, DELETE, CANCEL_DELETION)


def actions_open_to(state: str, tenant_type: str) -> tuple[Action, ...]:
    """Return what can be done to a product in the state, whoever asks."""
    is_sandbox = tenant_type == TenantType.SANDBOX
    return tuple(a for a in ACTIONS if state in a.from_states and (a.for_sandbox or not is_sandbox))
