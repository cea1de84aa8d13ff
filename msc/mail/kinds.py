"""The kinds of e-mail the portal sends: what each is called, and which may be sent again."""

from typing import NamedTuple


class Kind(NamedTuple):
    """What support staff see of a kind of e-mail, whose content they never see."""

    words: str
    secret: bool  # carries a code or a link that lets its reader in: never sent again by hand


KINDS = {
    "customer.created": Kind("Customer created", secret=False),
    "customer.assigned": Kind("Tenant administrator assigned", secret=False),
    "tenant.suspended": Kind("Product suspended", secret=False),
    "tenant.activated": Kind("Product activated", secret=False),
    "tenant.deletion_started": Kind("Deletion of a product initiated", secret=False),
    "tenant.deletion_cancelled": Kind("Deletion of a product cancelled", secret=False),
    "import.finished": Kind("Import finished", secret=False),
    "alert.raised": Kind("Alert", secret=False),
    "alert.digest": Kind("Daily digest of alerts", secret=False),
    "session.code": Kind("Sign-in code", secret=True),
    "person.invited": Kind("Invitation", secret=True),
    "person.noticed": Kind("Notice about the account", secret=False),
    "password.reset": Kind("Password reset", secret=True),
    "email.confirm": Kind("Confirmation of an e-mail address", secret=True),
}


def kind_of(name: str) -> Kind:
    """Return the kind; one that nobody has described counts as secret."""
    return KINDS.get(name, Kind(name, secret=True))
