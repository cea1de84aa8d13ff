"""The columns of the alerts list, and how severities and states look."""

from typing import Unpack

from django.utils.html import escape

from health.statuses import AlertState, Severity
from msc.pages.columns import Names, Values
from msc.pages.kinds import Badge, Date, Link, LongText, Look, Named, Number, Options, url_around
from msc.pages.tables import ListTable

SEVERITY_LOOKS = {
    Severity.CRITICAL: Look("Critical", "alert-circle", "bad"),
    Severity.WARNING: Look("Warning", "alert-triangle", "warn"),
    Severity.INFORMATION: Look("Information", "info-circle"),
}
STATE_LOOKS = {
    AlertState.ACTIVE: Look("Open", "bell", "busy"),
    AlertState.RESOLVED: Look("Resolved", "circle-check", "good"),
}


class Opening(LongText):
    """Text that opens the row's own dialog: `fields` are the text and the id."""

    kind = "link"

    def __init__(self, label: str, *, to: str, **options: Unpack[Options]) -> None:
        super().__init__(label, **options)
        self.to = to

    def html(self, values: Values, names: Names) -> str:
        """Show the text as a link."""
        before, after = url_around(self.to)
        text = escape(values[0])
        return f'<a class="cut" href="{before}{values[1]}{after}" data-dialog title="{text}">{text}</a>'


class Subject(LongText):
    """What an alert is about: a data source by its name, else the product."""

    def text(self, values: Values, names: Names) -> str:
        """Write the name."""
        return values[0] or names["products"].get(values[1], "")

    def html(self, values: Values, names: Names) -> str:
        """Show the name."""
        return super().html([self.text(values, names)], names)


class AlertTable(ListTable):
    """One row per alert: what is active stands first, the worst and the latest on top."""

    default_sort = "state"

    summary = Opening("Alert", to="health:alert", fields=("summary", "pk"), sort=(), always=True, width=390)
    severity = Badge(
        "Severity",
        looks=SEVERITY_LOOKS,
        sort=("severity", "raised_at"),
        required=True,
        always=True,
        width=120,
        lead=True,
    )
    customer = Link(
        "Customer",
        to="customers:page",
        fields=("customer__identity__name", "customer_id"),
        sort=("customer__identity__folded_name",),
        required=True,
        shown=True,
        width=225,
    )
    object = Subject(
        "Object",
        fields=("data_source__name", "product"),
        sort=("folded_object",),
        width=225,
        hint="Data source or product",
    )
    product = Named("Product", dictionary="products", required=True, width=210)
    type = Named("Type", dictionary="types", required=True, shown=True, width=210)
    state = Badge(
        "State",
        looks=STATE_LOOKS,
        sort=("state", "-severity", "-raised_at"),
        required=True,
        shown=True,
        width=110,
        lead=True,
        hint="Open first, then the worst and the latest",
    )
    first_seen = Date("First Seen", required=True, shown=True)
    last_seen = Date("Last Seen")
    count = Number("Times Raised", required=True, width=140, hint="When it became active, and each time it got worse")
    resolved = Date("Resolved At", fields=("resolved_at",))
