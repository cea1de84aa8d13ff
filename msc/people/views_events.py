"""The Events pages: Log-in Activities, Audit Trail, one event with before and after, and the e-mails sent."""

import re
from collections.abc import Iterable
from datetime import date, datetime
from typing import Any, ClassVar
from urllib.parse import urlencode

from django.apps import apps
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from msc.access.models import User
from msc.events.actions import is_about_a_session
from msc.events.models import Event
from msc.mail.models import OutboxMessage
from msc.pages.detail import DetailPage, Panel
from msc.pages.list import Empty, ListPage
from msc.pages.views import PortalView
from msc.pages.when import absolute
from msc.people.tables_events import THINGS, AuditFilters, AuditTable, LogInFilters, LogInTable
from msc.people.tables_outbox import OutboxFilters, OutboxTable

NEEDS = "event.view"
SAME_REQUEST = 50


#: The page of each kind of thing and the arguments of its address, out of the event.
PAGES = {
    "access.user": ("people:administrator", "administrator.manage", ("object_id",)),
    "access.msp": ("people:settings", "settings.edit", ()),
    "customers.customer": ("customers:page", "customer.view", ("object_id",)),
    "customers.contact": ("customers:page", "customer.view", ("customer_id",)),
    "customers.customerimport": ("customers:import", "customer.create", ("object_id",)),
    "tenants.tenant": ("tenants:detail", "customer.view", ("customer_id", "object_id")),
    "serviceplans.serviceplan": ("serviceplans:page", "plan.view", ("object_id",)),
    "people.apicredential": ("people:credentials", "credential.manage", ()),
    "health.alert": ("health:alert", "alert.view", ("object_id",)),
    "health.datasource": ("health:customer", "health.view", ("customer_id",)),
}
_DAY, _MOMENT = re.compile(r"\d{4}-\d\d-\d\d"), re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:.*")


def in_words(value: Any) -> str:  # a value of JSON
    """Return a value of the record as a person reads it; an empty one is an empty text."""
    match value:
        case list():
            return ", ".join(in_words(part) for part in value)
        case bool():
            return "Yes" if value else "No"
        case int():
            return f"{value:,}"
        case str() if _DAY.fullmatch(value):
            return absolute(date.fromisoformat(value))
        case str() if _MOMENT.fullmatch(value):
            return absolute(datetime.fromisoformat(value))
    return "" if value is None else str(value)


def page_of(event: Event, user: User) -> str:
    """Return the address of the thing that the event is about, or "" where there is none that the person may see."""
    name, needs, arguments = PAGES.get(event.object_type, ("", "", ()))
    if not name or not user.can(needs):
        return ""
    model = apps.get_model(event.object_type)  # of a higher app: events know their things by name
    rows: Any = model.objects.for_user(user)
    if not rows.filter(pk=event.object_id).exists():
        return ""
    return reverse(name, args=[getattr(event, argument) for argument in arguments])


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
    empty = Empty("No events", "What people and programs do is recorded here.")


class AuditTrail(EventList):
    """What was changed, by whom."""

    table, filters = AuditTable, AuditFilters
    name, title = "audit", "Audit Trail"
    folds_imports: ClassVar[bool] = True

    def scoped(self, user: User) -> QuerySet[Any]:
        """Return the changes; an import is one line, unless its customers are searched, filtered or exported."""
        rows = Event.objects.for_user(user).changes_made()
        asked = self.request.GET
        single = any(asked.get(name) for name in ("q", "action", "object", "request", "export"))
        return rows.without_parts() if self.folds_imports and not single else rows


class LogIns(EventList):
    """Who signed in, and who was refused."""

    table, filters = LogInTable, LogInFilters
    name, title = "log-ins", "Log-in Activities"

    def scoped(self, user: User) -> QuerySet[Any]:
        """Return what happened at sign-in."""
        return Event.objects.for_user(user).sessions()


class Outbox(ListPage):
    """Which e-mails went to whom and how far each has come; what they say is their readers' alone."""

    model, needs, noun = OutboxMessage, NEEDS, ("email", "emails")
    table, filters = OutboxTable, OutboxFilters
    name, title = "outbox", "Emails"
    template = "people/events.html"
    search_label = "Search addresses"
    empty = Empty(
        "No emails", "Every email that the portal sends for you is listed here for as long as its row is kept."
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
        detail = {label: in_words(value) for label, value in event.detail.items()}
        facts = {
            "event": event,
            "thing": THINGS.get(event.object_type, ""),
            "thing_url": page_of(event, self.user),
            "detail": detail,
        }
        yield Panel("Facts", "people/_event_facts.html", facts)
        yield Panel("Before and after", "people/_event_changes.html", {"changes": changes}, wide=True)
        if event.request_id:
            same = Event.objects.for_user(self.user).filter(request_id=event.request_id).exclude(pk=event.pk)
            events = list(same.with_names().newest_first()[: SAME_REQUEST + 1])
            shown = {"events": events[:SAME_REQUEST], "none": "No other changes in this request."}
            if len(events) > SAME_REQUEST:
                shown["all_url"] = f"{reverse('people:audit')}?{urlencode({'request': event.request_id})}"
                shown["all_words"] = f"All {same.changes_made().count() + 1:,} events of this request"
            yield Panel("Same request", "people/_history.html", shown, wide=True)

    def more(self) -> dict[str, Any]:
        """Tell the template which list the event stands in."""
        return {"is_session": is_about_a_session(self.object.action)}
