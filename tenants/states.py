"""The life of a product: the table of moves is the law, for the service and for the database trigger alike."""

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
