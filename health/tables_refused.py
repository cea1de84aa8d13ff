"""The columns and filters of the list of refused records."""

from typing import Any

from django.db.models import Q, QuerySet

from health.filters import CustomerChoice, Raised
from health.refused import Endpoint
from msc.pages.columns import EMPTY_HTML, Names, Values
from msc.pages.filters import ListFilters, MultiChoice, ScopedModelMultiChoice, Search
from msc.pages.kinds import Date, Link, LongText, Named, Number, Text
from msc.pages.tables import ListTable
from msc.people.models import ApiCredential


class Reason(LongText):
    """Why the records were refused: the field and the reason."""

    def text(self, values: Values, names: Names) -> str:
        """Write both."""
        return f"{values[0]}: {values[1]}"

    def html(self, values: Values, names: Names) -> str:
        """Show both in one line."""
        return super().html([self.text(values, names)], names)


class CustomerOfTenant(Link):
    """The customer of the tenant that was named, if there is such a tenant."""

    def html(self, values: Values, names: Names) -> str:
        """Show the name as a link."""
        return super().html(values, names) if values[0] else EMPTY_HTML

    def text(self, values: Values, names: Names) -> str:
        """Write the name."""
        return values[0] or ""


class RefusedTable(ListTable):
    """One row per call and reason, the latest first."""

    default_sort = "-received_at"

    received_at = Date("Received", required=True, shown=True, always=True)
    reason = Reason("Reason", fields=("field", "reason"), sort=(), shown=True, width=320, lead=True)
    credential = Text("Credential", fields=("credential__name",), sort=(), shown=True, width=130)
    named = Text("Product ID sent", sort=(), shown=True, width=130)
    customer = CustomerOfTenant(
        "Customer",
        to="customers:page",
        fields=("customer__identity__name", "customer_id"),
        sort=(),
        shown=True,
        width=155,
    )
    source = Text("Data source", sort=(), shown=True, width=130)
    records = Number("Records", sort=(), shown=True, width=100)
    endpoint = Named("Address", dictionary="endpoints", sort=())
    text = LongText("First record", sort=(), width=320)


class RefusedFilters(ListFilters):
    """Filters of refused records."""

    q = Search("Search reason, data source or credential")
    credential = ScopedModelMultiChoice("Credentials", model=ApiCredential)
    customer = CustomerChoice()
    endpoint = MultiChoice("Address", Endpoint.choices)
    age = Raised("Received", days=(1, 7, 30), field_name="received_at")

    def search(self, queryset: QuerySet[Any], name: str, term: str) -> QuerySet[Any]:
        """Keep rows whose reason, data source or credential contains the text."""
        wanted = term.strip()
        return queryset.filter(
            Q(reason__icontains=wanted) | Q(source__icontains=wanted) | Q(credential__name__icontains=wanted)
        )
