"""What each action of the event record is called in words; an action is `noun.verbed`."""

import re
from collections.abc import Mapping

SESSION_PREFIX = "session."
ANONYMOUS = "An anonymous visitor"
NOTHING: Mapping[str, object] = {}
_FIGURE = re.compile(r"\{(\w+)\}")

ACTIONS = {
    "session.opened": "signed in",
    "session.closed": "signed out",
    "session.refused": "was refused at sign-in",
    "session.locked": "was locked out for a while",
    "session.code_sent": "was sent a sign-in code",
    "session.code_refused": "entered a wrong sign-in code",
    "session.ended": "signed out elsewhere",
    "session.password_changed": "changed the password",
    "session.password_reset": "reset the password",
    "session.password_reset_asked": "asked to reset the password",
    "session.factor_added": "added a second factor",
    "session.factor_removed": "removed a second factor",
    "session.email_changed": "changed the email address",
    "access.refused": "was not allowed to",
    "msp.opened": "opened the MSP",
    "msp.edited": "edited the MSP",
    "msp.closed": "closed the MSP",
    "msp.reopened": "reopened the MSP",
    "person.invited": "invited",
    "person.invited_again": "sent a new invitation to",
    "person.joined": "accepted the invitation of",
    "person.activated": "activated",
    "person.edited": "edited",
    "person.role_changed": "changed the role of",
    "person.reset_sent": "sent a password reset to",
    "person.deactivated": "switched off",
    "person.reactivated": "switched on",
    "person.removed": "removed",
    "person.unlocked": "unlocked",
    "credential.created": "created the credential",
    "credential.revoked": "revoked the credential",
    "customer.created": "created the customer",
    "customer.edited": "edited the customer",
    "customer.hidden": "hid the name of the customer",
    "customer.revealed": "showed the name of the customer",
    "customer.deleted": "deleted the customer",
    "contact.added": "added a contact of",
    "contact.edited": "edited a contact of",
    "contact.deleted": "deleted a contact of",
    "tenant.added": "added the product",
    "tenant.edited": "edited the product",
    "tenant.suspended": "suspended the product",
    "tenant.activated": "activated the product",
    "tenant.deletion_started": "began to delete the product",
    "tenant.deletion_cancelled": "cancelled the deletion of the product",
    "tenant.provisioned": "set up the product",
    "tenant.deleted": "deleted the product",
    "plan.created": "created the service plan",
    "plan.edited": "edited the service plan",
    "plan.deleted": "deleted the service plan",
    "import.uploaded": "uploaded customers to import",
    "import.confirmed": "started the import of customers",
    "import.discarded": "discarded the import of customers",
    "import.finished": "imported {Created} customers from",
    "export.started": "started the export of",
    "export.finished": "exported",
    "export.failed": "did not finish exporting",
    "mail.queued_again": "resent the email",
    "alert.raised": "raised the alert",
    "alert.resolved": "resolved the alert",
    "alert.closed": "closed an alert of",
    "source.restore_failed": "reported a failed restore of a data source of",
    "source.policy_set": "set the backup policy of a data source of",
    "subscription.changed": "changed the alert subscription of",
}
#: The same where a person did it to their own account.
TO_ONESELF = {
    "person.joined": "accepted the invitation",
    "person.edited": "edited their own profile",
    "subscription.changed": "changed their own alert subscription",
}


def words_of(action: str, detail: Mapping[str, object] = NOTHING) -> str:
    """Return the action in words, with the figures of its detail; an unknown one is read as it is written."""
    noun, _, verb = action.partition(".")
    words = ACTIONS.get(action, f"{verb} {noun}".replace("_", " ").strip())
    if "{" not in words:
        return words
    figures = {name: f"{figure:,}" for name, figure in detail.items() if isinstance(figure, int)}
    return " ".join(_FIGURE.sub(lambda found: figures.get(found[1], ""), words).split())


def sentence_of(action: str, actor: str, thing: str, detail: Mapping[str, object] = NOTHING) -> str:
    """Return the event as one sentence; it names a person who acts on their own account once."""
    words = words_of(action, detail)
    if thing == actor and (is_about_a_session(action) or action in TO_ONESELF):
        words, thing = TO_ONESELF.get(action, words), ""
    return " ".join(part for part in (actor or ANONYMOUS, words, thing) if part)


def actions_with(word: str) -> list[str]:
    """Return the actions whose words contain `word`, without regard to case."""
    word = word.casefold()
    return [action for action, words in ACTIONS.items() if word in words.casefold()]


def deed_of(action: str, actor: str, thing: str, detail: Mapping[str, object] = NOTHING) -> str:
    """Return the sentence without its actor, for a list that names the actor in a column of its own."""
    deed = sentence_of(action, actor, thing, detail).removeprefix(actor or ANONYMOUS).strip()
    return deed[:1].upper() + deed[1:]


def is_about_a_session(action: str) -> bool:
    """Tell whether the action stands among the Log-in Activities."""
    return action.startswith(SESSION_PREFIX)
