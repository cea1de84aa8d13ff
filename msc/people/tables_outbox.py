"""Columns and filters of the list of the MSP's e-mails; their texts are nowhere in it."""

from django.db.models import QuerySet

from msc.mail.kinds import KINDS, kind_of
from msc.mail.models import OutboxMessage, State
from msc.pages.columns import Names, Values
from msc.pages.filters import DayFilter, ListFilters, MultiChoice, Search
from msc.pages.kinds import Badge, Date, Look, Number, Text
from msc.pages.tables import ListTable

STATES = {
    State.QUEUED: Look(State.QUEUED.label, "clock"),
    State.SENDING: Look(State.SENDING.label, "clock"),
    State.HANDED: Look(State.HANDED.label, "help-circle", "warn"),
    State.SENT: Look(State.SENT.label, "circle-check", "good"),
    State.FAILED: Look(State.FAILED.label, "alert-circle", "bad"),
    State.DEAD: Look(State.DEAD.label, "alert-circle", "bad"),
    State.EXPIRED: Look(State.EXPIRED.label, "hourglass", "warn"),
}


class KindColumn(Text):
    """What kind of e-mail it is, in words."""

    def text(self, values: Values, names: Names) -> str:
        """Write the words."""
        return kind_of(values[0]).words

    def html(self, values: Values, names: Names) -> str:
        """Show the words."""
        return super().html([self.text(values, names)], names)


class OutboxTable(ListTable):
    """The MSP's e-mails and how far each has come; only the order in time has an index, so only it is offered."""

    default_sort = "-queued"

    queued = Date("Queued", fields=("created_at",), always=True)
    to = Text("To", sort=(), always=True, width=280)
    kind = KindColumn("E-mail", sort=(), shown=True, width=250)
    state = Badge("State", looks=STATES, sort=(), always=True, width=190, lead=True)
    sent = Date("Sent", fields=("sent_at",), sort=(), shown=True)
    reply = Text("Answer of the mail server", sort=(), width=320)
    attempts = Number("Attempts", sort=(), width=110)


class OutboxFilters(ListFilters):
    """By address, kind, state and day."""

    q = Search("Search addresses")
    kind = MultiChoice("E-mail", [(name, kind.words) for name, kind in KINDS.items()])
    state = MultiChoice("State", State.choices)
    since = DayFilter("From", field_name="created_at", lookup_expr="gte", moments=True)
    until = DayFilter("Until", field_name="created_at", lookup_expr="lte", moments=True)

    def search(self, queryset: QuerySet[OutboxMessage], name: str, term: str) -> QuerySet[OutboxMessage]:
        """Keep e-mails to addresses that hold the term."""
        return queryset.filter(to__icontains=term.strip())
