"""The way to send an e-mail: as a row in the transaction that causes it."""

from collections.abc import Mapping
from datetime import timedelta
from uuid import uuid4

from django.db import connection, transaction
from django.db.models.functions import Greatest, Now

from msc.access.models import User
from msc.errors import DomainError
from msc.events import log
from msc.mail.models import OutboxMessage, State
from msc.mail.rendering import render
from msc.mail.sending import our_domain

USEFUL_FOR = timedelta(days=7)
#: What no mail can reach (RFC 2606): the stand-in of a person who does not hold their own address yet.
UNREACHABLE = ".invalid"
AGAIN_USEFUL_FOR = timedelta(days=1)

# Written so that no right to read is needed: who causes a mail need not be able to see it, as at
# sign-in, where no MSP is known yet. Hence no RETURNING and no named conflict target.
INSERT_MESSAGE = """
INSERT INTO mail_outboxmessage
       (key, msp_id, kind, "to", state, attempts, due_at, expires_at, message_id, boot_id, reply, created_at)
VALUES (%(key)s, %(msp_id)s, %(kind)s, %(to)s, 'queued', 0, now(), now() + make_interval(secs => %(useful_seconds)s), %(message_id)s,
        '', '', now())
    ON CONFLICT DO NOTHING
"""
INSERT_BODY = """
INSERT INTO mail_outboxbody (message_id, msp_id, subject, text, html)
VALUES (currval(pg_get_serial_sequence('mail_outboxmessage', 'id')), %(msp_id)s, %(subject)s, %(text)s, %(html)s)
"""


def queue(
    *,
    key: str,
    kind: str,
    to: str,
    template: str,
    context: Mapping[str, object],
    msp_id: int | None,
    expires_in: timedelta | None = None,
) -> None:
    """Write an e-mail into the outbox; a second one with the same key is the same one and is not sent.

    It is rendered now, from `templates/emails/<template>/`, and leaves after the transaction has committed.
    """
    if to.endswith(UNREACHABLE):
        return
    rendered = render(template, context)
    message: dict[str, str | int | float | None] = {
        "key": key,
        "msp_id": msp_id,
        "kind": kind,
        "to": to,
        "useful_seconds": (expires_in or USEFUL_FOR).total_seconds(),
        "message_id": f"<{uuid4().hex}@{our_domain()}>",
    }
    with connection.cursor() as cursor:
        cursor.execute(INSERT_MESSAGE, message)
        if cursor.rowcount:
            cursor.execute(INSERT_BODY, {"msp_id": msp_id, **rendered._asdict()})


@transaction.atomic
def send_again(*, by: User, message: OutboxMessage) -> None:
    """Queue once more what was refused, given up or never confirmed; its reader gets the same Message-ID.

    Runs under the support role, which never reads a text.
    """
    if not message.may_be_sent_again:
        raise DomainError(
            "Only an e-mail that was refused, given up or never confirmed can be sent again, and none that"
            " carries a code or a link: its reader asks for a new one."
        )
    stuck = OutboxMessage.objects.filter(pk=message.pk, state=message.state, expires_at__gt=Now())
    queued = stuck.update(
        state=State.QUEUED,
        attempts=0,
        due_at=Now(),
        expires_at=Greatest("expires_at", Now() + AGAIN_USEFUL_FOR),
    )
    if not queued:
        raise DomainError("This e-mail has been sent or has expired since, and its text is gone.")
    changes = {"State": (State(message.state), State.QUEUED)}
    log.record(by=by, action="mail.queued_again", on=message, label=message.kind_words, changes=changes)
