"""The outbox as seen by senders, by support staff and by the figures of its health."""

from datetime import timedelta
from typing import TYPE_CHECKING

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from msc.access.querysets import ScopedQuerySet

if TYPE_CHECKING:
    from msc.mail.models import OutboxMessage

LEASE = timedelta(seconds=60)
LEASE_MARGIN = timedelta(seconds=10)  # what must be left of it when the last byte goes out
UNCONFIRMED_AFTER = timedelta(minutes=10)

# One statement, so that two senders never take the same mail: a locked row is passed over, and a
# claimed one is due again only when its lease has run out. Times are the database's alone.
CLAIM = """
UPDATE mail_outboxmessage
   SET state = 'sending', attempts = attempts + 1, due_at = clock_timestamp() + %(lease)s
 WHERE id = (
       SELECT id FROM mail_outboxmessage
        WHERE state IN ('queued', 'sending') AND due_at <= clock_timestamp()
          AND expires_at > clock_timestamp() AND attempts < %(most_attempts)s
        ORDER BY due_at, id LIMIT 1
          FOR UPDATE SKIP LOCKED)
RETURNING *
"""


class OutboxQuerySet(ScopedQuerySet["OutboxMessage"]):
    """Rows of the outbox."""

    def claim_one(self, *, most_attempts: int) -> "OutboxMessage | None":
        """Take the mail that has waited longest for `LEASE`, or one whose sender has vanished."""
        params = {"lease": LEASE, "most_attempts": most_attempts}
        return next(iter(self.raw(CLAIM, params)), None)

    def claimed_as(self, message: "OutboxMessage") -> "OutboxQuerySet":
        """Return the row while it is still the claim that `message` is: the end of its lease tells."""
        return self.filter(pk=message.pk, state__in=("sending", "handed"), due_at=message.due_at)

    def mark_handed(self, boot_id: str) -> int:
        """Write that the last byte has left; 0 when too little of the lease remains to send it."""
        alive = self.filter(state="sending", due_at__gt=Now() + LEASE_MARGIN)
        return alive.update(state="handed", handed_at=Now(), boot_id=boot_id)

    def confirm(self, receipt: str) -> int:
        """Write that the server has taken the mail."""
        return self.update(state="sent", sent_at=Now(), reply=receipt)

    def refuse(self, reply: str) -> int:
        """Write that the server will never take the mail."""
        return self.update(state="failed", reply=reply, handed_at=None)

    def retry(self, reply: str, *, pause: float, counted: bool = True) -> int:
        """Queue the mail again after a pause; an attempt that was not its fault does not count."""
        return self.update(
            state="queued",
            due_at=Now() + timedelta(seconds=pause),
            attempts=F("attempts") - (0 if counted else 1),
            reply=reply,
            handed_at=None,
        )

    def give_up(self, reply: str) -> int:
        """Write that enough has been tried."""
        return self.update(state="dead", reply=reply, handed_at=None)

    def abandoned(self) -> "OutboxQuerySet":
        """Return what waits and is in nobody's hands now."""
        return self.filter(state__in=("queued", "sending"), due_at__lte=Now())

    def with_attention(self) -> "OutboxQuerySet":
        """Mark what a person should look at: refused, given up, or handed over without a receipt."""
        unconfirmed = Q(state="handed", handed_at__lt=Now() - UNCONFIRMED_AFTER)
        return self.annotate(
            needs_attention=models.ExpressionWrapper(
                Q(state__in=("failed", "dead")) | unconfirmed, output_field=models.BooleanField()
            )
        )

    def waiting(self) -> "OutboxQuerySet":
        """Return the mails that still have to go out."""
        return self.filter(state__in=("queued", "sending"))

    def newest_first(self) -> "OutboxQuerySet":
        """Order as the lists show them."""
        return self.order_by(F("created_at").desc(), F("id").desc())
