"""The append-only record of what happened: who did what to which thing, from where, before and after."""

from typing import ClassVar

from django.db import models

from msc.events.actions import sentence_of, words_of
from msc.events.querysets import EventQuerySet


class Category(models.TextChoices):
    """The two tabs of the Events page."""

    SESSION = "session", "Log-in Activities"
    CHANGE = "change", "Audit Trail"


class Event(models.Model):
    """One thing that happened, as everybody who may see events may know it: account names, never real ones.

    Ids and labels are plain values: an event outlives what it is about.
    """

    msp_id = models.BigIntegerField(null=True)
    at = models.DateTimeField()
    category = models.CharField(max_length=8, choices=Category)
    actor_kind = models.CharField(max_length=16)  # person, credential, task, support or stranger
    actor_id = models.BigIntegerField(null=True)
    actor_label = models.CharField(max_length=320, blank=True)
    address = models.GenericIPAddressField(null=True)
    request_id = models.CharField(max_length=64, blank=True)
    action = models.CharField(max_length=60)
    object_type = models.CharField(max_length=60, blank=True)
    object_id = models.BigIntegerField(null=True)
    object_label = models.CharField(max_length=400, blank=True)
    customer_id = models.BigIntegerField(null=True)
    changes = models.JSONField(default=dict)  # {label: [before, after]}
    detail = models.JSONField(default=dict)  # {label: value}, what has no before

    objects = EventQuerySet.as_manager()
    scope_msp = "msp_id"
    scope_customer = None

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["msp_id", "category", "-at", "-id"], name="event_of_msp"),
            models.Index(fields=["msp_id", "customer_id", "-at", "-id"], name="event_of_customer"),
            models.Index(fields=["msp_id", "object_type", "object_id", "-at", "-id"], name="event_of_object"),
            models.Index(fields=["msp_id", "request_id"], name="event_of_request"),
            models.Index(fields=["-at", "-id"], name="event_newest"),
        ]

    def __str__(self) -> str:
        return sentence_of(self.action, self.actor_label, self.object_label, self.detail)

    @property
    def sentence(self) -> str:
        """The event as the MSP's own people read it, with real names; load it `with_names`."""
        return sentence_of(self.action, self.actor_label, self.name, self.detail)

    @property
    def name(self) -> str:
        """What the event is about as the MSP's own people know it; load it `with_names`."""
        private = getattr(self, "private", None)
        return private.label if private and private.label else self.object_label

    @property
    def words(self) -> str:
        """What was done, in words."""
        return words_of(self.action, self.detail)


class EventDetail(models.Model):
    """What only the MSP itself may know of an event: real names, addresses, phones, contacts."""

    event = models.OneToOneField(
        Event, on_delete=models.DO_NOTHING, primary_key=True, db_constraint=False, related_name="private"
    )
    msp_id = models.BigIntegerField(null=True)
    label = models.CharField(max_length=400, blank=True)
    changes = models.JSONField(default=dict)

    objects = models.Manager["EventDetail"]()
    scope_msp = "msp_id"
    scope_customer = None

    def __str__(self) -> str:
        return f"private part of event #{self.pk}"
