"""Columns and filters of the two Events lists."""

from collections.abc import Sequence
from typing import Any

from django.db.models import Q, QuerySet
from django.utils.html import escape

from msc.access.models import User
from msc.events.actions import ACTIONS, actions_with, deed_of, is_about_a_session, words_of
from msc.events.models import Event
from msc.pages.columns import Column, Names, Values
from msc.pages.filters import DayFilter, Exactly, ListFilters, MultiChoice, ScopedModelMultiChoice, Search
from msc.pages.kinds import Date, Text, url_around
from msc.pages.tables import ListTable
from msc.people.people import with_state

THINGS = {
    "access.user": "Administrator",
    "access.msp": "MSP",
    "customers.customer": "Customer",
    "customers.contact": "Contact",
    "customers.customerimport": "Import",
    "tenants.tenant": "Product",
    "serviceplans.serviceplan": "Service plan",
    "people.apicredential": "API credential",
    "mail.outboxmessage": "Email",
    "health.alert": "Alert",
    "health.alertsubscription": "Alert subscription",
    "health.datasource": "Data source",
}
METHODS = ("password", "code", "authenticator app", "passkey", "recovery code", "single sign-on")


class Happened(Column):
    """What was done, as a sentence that leads to the event's page."""

    kind = "link"
    default_width = 540

    def text(self, values: Values, names: Names) -> str:
        """Write the sentence without its actor, who has a column; the MSP's own people read real names."""
        action, actor, label, private_label, detail = values[1:6]
        return deed_of(action, actor, private_label or label, detail)

    def html(self, values: Values, names: Names) -> str:
        """Show it as a link."""
        before, after = url_around("people:event")
        text = escape(self.text(values, names))
        return f'<a class="cut" href="{before}{values[0]}{after}" title="{text}">{text}</a>'


class Words(Text):
    """An action in words."""

    def text(self, values: Values, names: Names) -> str:
        """Write the words, beginning with a capital."""
        words = words_of(values[0])
        return words[:1].upper() + words[1:]

    def html(self, values: Values, names: Names) -> str:
        """Show the words."""
        return escape(self.text(values, names))


class Thing(Text):
    """What kind of thing an event is about, in words."""

    def text(self, values: Values, names: Names) -> str:
        """Write the kind."""
        return THINGS.get(values[0], "")

    def html(self, values: Values, names: Names) -> str:
        """Show the kind."""
        return super().html([self.text(values, names)], names)


SENTENCE = ("pk", "action", "actor_label", "object_label", "private__label", "detail")


class AuditTable(ListTable):
    """What was changed."""

    default_sort = "-at"

    at = Date("When", required=True, always=True)
    happened = Happened("What happened", fields=SENTENCE, sort=(), always=True)
    actor = Text("Who", fields=("actor_label",), always=True, width=215)
    action = Words("Action", width=230)
    thing = Thing("Object", fields=("object_type",), shown=True, width=150)
    address = Text("IP address", shown=True, width=150)
    request = Text("Request", fields=("request_id",), width=320)


class LogInTable(ListTable):
    """Who came in, who was refused."""

    default_sort = "-at"

    at = Date("When", required=True, always=True)
    happened = Happened("What happened", fields=SENTENCE, sort=(), always=True, width=450)
    action = Words("Action", width=200)
    method = Text("Method", fields=("detail__method",), shown=True, width=160)
    reason = Text("Reason", fields=("detail__reason",), width=220)
    address = Text("IP address", shown=True, width=150)
    actor = Text("E-mail", fields=("actor_label",), always=True, width=240)
    request = Text("Request", fields=("request_id",), width=320)


class ByPerson(ScopedModelMultiChoice):
    """Events of some of the MSP's people, who are chosen by the address they are known by."""

    def rows(self) -> QuerySet[Any]:
        """Return the people of the MSP."""
        people: QuerySet[Any] = with_state(User.objects.for_user(self.parent.user))
        return people.order_by("address", "pk")

    def filter(self, queryset: QuerySet[Any], value: Sequence[int]) -> QuerySet[Any]:
        """Keep what these people did themselves."""
        return queryset.filter(actor_kind="person", actor_id__in=value) if value else queryset


class ByMethod(MultiChoice):
    """Log-ins in which one of the methods took part; the record names all of them, such as "password, code"."""

    def filter(self, queryset: QuerySet[Any], value: Sequence[str]) -> QuerySet[Any]:
        """Keep log-ins with any of the methods."""
        wanted = Q()
        for method in value:
            wanted |= Q(detail__method__icontains=method)
        return queryset.filter(wanted)


class EventFilters(ListFilters):
    """What both lists filter by: who, from when, until when."""

    q = Search("Search who or what")
    who = ByPerson("Who", model=User, label_field="address")
    since = DayFilter("From", field_name="at", lookup_expr="gte", moments=True)
    until = DayFilter("Until", field_name="at", lookup_expr="lte", moments=True)

    def search(self, queryset: QuerySet[Event], name: str, term: str) -> QuerySet[Event]:
        """Keep events that show every word of the term: who, what was done, to what, from which address."""
        for word in term.split():
            things = [thing for thing, label in THINGS.items() if word.casefold() in label.casefold()]
            queryset = queryset.filter(
                Q(actor_label__icontains=word)
                | Q(object_label__icontains=word)
                | Q(private__label__icontains=word)
                | Q(action__in=actions_with(word))
                | Q(object_type__in=things)
                | Q(address__startswith=word)
            )
        return queryset


def _actions(*, sessions: bool) -> list[tuple[str, str]]:
    words = {name: words_of(name) for name in ACTIONS if is_about_a_session(name) is sessions}
    return [(name, text[:1].upper() + text[1:]) for name, text in words.items()]


class AuditFilters(EventFilters):
    """The audit trail also by action and kind of thing."""

    action = MultiChoice("Action", _actions(sessions=False))
    request = Exactly(label="Request", field_name="request_id", max_length=64)
    object = MultiChoice("Object", list(THINGS.items()), field_name="object_type")


class LogInFilters(EventFilters):
    """The log-ins also by action, method and address."""

    action = MultiChoice("Action", _actions(sessions=True))
    method = ByMethod("Method", [(name, name.capitalize()) for name in METHODS])
