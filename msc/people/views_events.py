"""The Events pages: Log-in Activities, Audit Trail, one event with before and after, and the e-mails sent."""

from collections.abc import Iterable
from typing import Any

from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import redirect

from msc.access.models import User
from msc.events.actions import is_about_a_session
from msc.events.models import Event
from msc.mail.models import OutboxMessage
from msc.pages.detail import DetailPage, Panel
from msc.pages.list import Empty, ListPage
from msc.pages.views import PortalView
from msc.people.tables_events import THINGS, AuditFilters, AuditTable, LogInFilters, LogInTable
from msc.people.tables_outbox import OutboxFilters, OutboxTable

NEEDS = "event.view"
SAME_REQUEST = 50


def in_words(value: Any) -> str:  # a value of JSON
    """Return a value of the record as a person reads it; an empty one is an empty text."""
    if isinstance(value, list):
        return ", ".join(in_words(part) for part in value)
    if isinstance(value, bool):
        return "Yes" if value else "No"
    return "" if value is None else str(value)


class Events(PortalView):
    """The entry to the events: the audit trail."""

    needs = NEEDS

    def get(self, request: Any) -> HttpResponse:
        """Go to the audit trail."""
        return redirect("people:audit")


class EventList(ListPage):
    """What both lists share."""

    model, needs, noun = Event, NEEDS, ("event", "events")
    template = "people/events.html"
    search_label = "Search who or what"
    empty = Empty("No events", "What people and programs do is written down here.")


class AuditTrail(EventList):
    """What was changed, by whom."""

    table, filters = AuditTable, AuditFilters
    name, title = "audit", "Audit Trail"

    def scoped(self, user: User) -> QuerySet[Any]:
        """Return the changes."""
        return Event.objects.for_user(user).changes_made()


class LogIns(EventList):
    """Who signed in, and who was refused."""

    table, filters = LogInTable, LogInFilters
    name, title = "log-ins", "Log-in Activities"

    def scoped(self, user: User) -> QuerySet[Any]:
        """Return what happened at sign-in."""
        return Event.objects.for_user(user).sessions()


class Outbox(ListPage):
    """Which e-mails went to whom and how far each has come; what they say is their readers' alone."""

    model, needs, noun = OutboxMessage, NEEDS, ("e-mail", "e-mails")
    table, filters = OutboxTable, OutboxFilters
    name, title = "outbox", "E-mails"
    template = "people/events.html"
    search_label = "Search addresses"
    empty = Empty(
        "No e-mails", "Every e-mail that the portal sends for you is listed here for as long as its row is kept."
    )


class EventPage(DetailPage):
    """One event: what changed, from what to what, and what else the same request did."""

    model, needs = Event, NEEDS
    template = "people/event.html"

    def queryset(self) -> QuerySet[Any]:
        """Return the events with the part that is the MSP's own."""
        return Event.objects.for_user(self.user).with_names()

    @property
    def private(self) -> Any:  # EventDetail, or None
        """What only the MSP may know of the event."""
        return getattr(self.object, "private", None)

    def get_title(self) -> str:
        """Return the event as a sentence."""
        event: Event = self.object
        return event.sentence

    def panels(self) -> Iterable[Panel]:
        """Show the facts, before and after, and the rest of the request."""
        event: Event = self.object
        pairs = {**event.changes, **(self.private.changes if self.private else {})}
        changes = [(label, in_words(before), in_words(after)) for label, (before, after) in pairs.items()]
        facts = {"event": event, "thing": THINGS.get(event.object_type, ""), "detail": event.detail}
        yield Panel("Facts", "people/_event_facts.html", facts)
        yield Panel("Before and after", "people/_event_changes.html", {"changes": changes}, wide=True)
        if event.request_id:
            same = Event.objects.for_user(self.user).filter(request_id=event.request_id).exclude(pk=event.pk)
            yield Panel(
                "Same request",
                "people/_history.html",
                {"events": same.with_names().newest_first()[:SAME_REQUEST], "none": "The request did nothing else."},
                wide=True,
            )

    def more(self) -> dict[str, Any]:
        """Tell the template which list the event stands in."""
        return {"is_session": is_about_a_session(self.object.action)}
