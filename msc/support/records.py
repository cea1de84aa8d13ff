"""Support staff's view of the event record and the outbox: never details, never texts."""

from typing import Any

from django.contrib.admin import display
from django.db.models import OuterRef, QuerySet, Subquery
from django.http import HttpRequest

from msc.access.models import Msp, User
from msc.events.actions import ACTIONS
from msc.events.models import Category, Event
from msc.mail import outbox
from msc.mail.kinds import KINDS
from msc.mail.models import OutboxMessage, State
from msc.support.base import Act, SupportAdmin
from msc.support.filters import belongs_to, one_of, within

ACTORS = {
    "person": "User",
    "credential": "API client",
    "task": "Background task",
    "support": "Support staff",
    "stranger": "Not signed in",
}


class EventAdmin(SupportAdmin):
    """Who did what, by account names; before and after are the MSP's business."""

    list_display = ("at", "sentence", "msp_name", "actor", "address")
    list_display_links = ("sentence",)
    list_filter = (
        one_of("category", "kind", Category.choices),
        within("at", "when"),
        one_of("action", "action", list(ACTIONS.items())),
        belongs_to("msp_id", "MSP"),
    )
    searched = ("actor_label", "object_label", "action")
    ordering = ("-at", "-id")
    fields = (
        "at",
        "sentence",
        "msp_name",
        "actor",
        "actor_label",
        "address",
        "action",
        "object_type",
        "object_label",
        "request_id",
    )
    readonly_fields = ("sentence", "msp_name", "actor")
    labels = {
        "at": "When",
        "actor_label": "Who",
        "object_label": "Object",
        "request_id": "Request ID",
        "address": "IP address",
    }

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Return the events with the name of their MSP, without what changed."""
        name = Msp.objects.filter(pk=OuterRef("msp_id")).values("name")[:1]
        events: QuerySet[Any] = super().get_queryset(request)
        named: QuerySet[Any] = events.defer("changes", "detail").annotate(msp_title=Subquery(name))
        return named

    @display(description="What happened")
    def sentence(self, event: Event) -> str:
        """Return the event as a sentence."""
        return str(event)

    @display(description="Kind of actor", ordering="actor_kind")
    def actor(self, event: Event) -> str:
        """Return the kind of actor in words."""
        return ACTORS.get(event.actor_kind, event.actor_kind)

    @display(description="MSP")
    def msp_name(self, event: Any) -> str:  # an event with `msp_title`
        """Return the name of the MSP."""
        return event.msp_title or ""


def send_again(message: OutboxMessage, by: User) -> str:
    """Queue a stuck e-mail once more."""
    outbox.send_again(by=by, message=message)
    return f"{message} is queued again."


class OutboxAdmin(SupportAdmin):
    """How far each e-mail has come, and what the mail server said."""

    list_display = ("created_at", "kind_words", "to", "state", "attempts", "partner", "reply")
    list_display_links = ("kind_words",)
    list_filter = (
        one_of("state", "state", State.choices),
        one_of("kind", "kind", [(name, kind.words) for name, kind in KINDS.items()]),
        within("created_at", "when"),
        belongs_to("msp", "MSP"),
    )
    list_select_related = ("msp",)
    searched = ("to", "msp__name")
    ordering = ("-created_at", "-id")
    fields = (
        "kind_words",
        "to",
        "partner",
        "state",
        "reply",
        "attempts",
        "due_at",
        "created_at",
        "handed_at",
        "sent_at",
        "expires_at",
    )
    readonly_fields = ("partner", "kind_words")
    acts = (
        Act(
            "send-again",
            "Send again",
            send_again,
            consequences=("The same e-mail is queued once more, under the same Message-ID.",),
            offered=lambda message: message.may_be_sent_again,
        ),
    )

    @display(description="Kind")
    def kind_words(self, message: OutboxMessage) -> str:
        """Return the kind in words."""
        return message.kind_words
