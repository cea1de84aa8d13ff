"""The outbox: one row per e-mail, and its text in a table of its own."""

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from msc.access.models import Msp
from msc.mail.kinds import kind_of
from msc.mail.querysets import OutboxQuerySet


class State(models.TextChoices):
    """How far an e-mail has come."""

    QUEUED = "queued", "Queued"
    SENDING = "sending", "Being sent"
    HANDED = "handed", "Handed over, no receipt"
    SENT = "sent", "Sent"
    FAILED = "failed", "Refused"
    DEAD = "dead", "Given up"
    EXPIRED = "expired", "Expired"


class OutboxMessage(models.Model):
    """An e-mail that must go out once: what support staff may know of it."""

    key = models.CharField(max_length=200, unique=True)  # names the cause: one e-mail per cause
    msp = models.ForeignKey(Msp, on_delete=models.PROTECT, null=True, related_name="+")
    kind = models.CharField(max_length=60)
    to = models.CharField(max_length=320)
    state = models.CharField(max_length=8, choices=State, default=State.QUEUED)
    attempts = models.PositiveSmallIntegerField(default=0)
    # When it may be claimed (again): the end of a pause while queued, of the lease while sending.
    due_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    message_id = models.CharField(max_length=200, unique=True)
    boot_id = models.CharField(max_length=36, blank=True)  # of the machine that handed it over
    handed_at = models.DateTimeField(null=True)
    sent_at = models.DateTimeField(null=True)
    reply = models.CharField(max_length=500, blank=True)
    created_at = models.DateTimeField()

    objects = OutboxQuerySet.as_manager()
    scope_msp = "msp"
    scope_customer = None

    class Meta:
        verbose_name = "e-mail"
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(state__in=State.values), name="outbox_state_is_known"),
            models.CheckConstraint(
                condition=Q(state=State.SENT, sent_at__isnull=False) | Q(~Q(state=State.SENT), sent_at=None),
                name="outbox_sent_has_its_time",
            ),
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["due_at", "id"],
                condition=Q(state__in=["queued", "sending"]),
                name="outbox_due",
            ),
            models.Index(fields=["state", "-created_at", "-id"], name="outbox_by_state"),
            models.Index(fields=["msp", "-created_at", "-id"], name="outbox_of_msp"),
            models.Index(fields=["-created_at", "-id"], name="outbox_newest"),
        ]

    def __str__(self) -> str:
        return f"{self.kind_words} #{self.pk}"

    @property
    def kind_words(self) -> str:
        """What kind of e-mail it is, in words."""
        return kind_of(self.kind).words

    @property
    def may_be_sent_again(self) -> bool:
        """Whether a person may ask for another attempt: never for what carries a code or a link."""
        stuck = self.state in (State.FAILED, State.DEAD, State.HANDED)
        return stuck and not kind_of(self.kind).secret


class OutboxBody(models.Model):
    """Subject and text of an e-mail: hidden from support staff, wiped when sent or expired."""

    message = models.OneToOneField(OutboxMessage, on_delete=models.PROTECT, primary_key=True, related_name="body")
    msp = models.ForeignKey(Msp, on_delete=models.PROTECT, null=True, related_name="+")
    subject = models.CharField(max_length=500)
    text = models.TextField()
    html = models.TextField()

    objects = models.Manager["OutboxBody"]()
    scope_msp = "msp"
    scope_customer = None

    def __str__(self) -> str:
        return f"text of e-mail #{self.pk}"


class SendingHost(models.Model):
    """A machine that sends, by its boot: a mail handed over by one that is gone may be lost."""

    boot_id = models.CharField(max_length=36, primary_key=True)
    seen_at = models.DateTimeField()

    objects = models.Manager["SendingHost"]()

    def __str__(self) -> str:
        return self.boot_id

    @classmethod
    def announce(cls, boot_id: str) -> None:
        """Note by the database's clock that the machine is up."""
        cls.objects.update_or_create(boot_id=boot_id, defaults={"seen_at": Now()})
