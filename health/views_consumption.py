"""The consumption page of an MSP."""

from datetime import date
from functools import cached_property

from django.db.models import QuerySet

from customers.dictionaries import quota_levels
from health import consumption
from health.filters_consumption import ConsumptionFilters
from health.spans import Span, month_of
from health.tables_consumption import WORDS, ConsumptionTable
from msc.access.models import User
from msc.pages.columns import Names
from msc.pages.list import Empty, ListPage
from serviceplans.catalogue import Product
from tenants.models import Tenant


class Consumption(ListPage):
    """What every customer used of every product in a month or a range of days."""

    model, table, filters = Tenant, ConsumptionTable, ConsumptionFilters
    name, title, noun, needs = "consumption", "Consumption", ("product", "products"), "consumption.view"
    lead = "health/_consumption_lead.html"
    empty = Empty("No products yet", "Add a product to a customer; what it consumes is counted here day by day.")

    @cached_property
    def today(self) -> date:
        """Today, where the MSP is."""
        if self.user.msp is None:
            raise ValueError("support staff have no consumption page")
        return self.user.msp.today()

    @cached_property
    def filterset(self) -> ConsumptionFilters | None:
        """The filters over the bare rows: the sums are made for the days that the filters name."""
        if not self.filters.given(self.request.GET):
            return None
        return ConsumptionFilters(self.request.GET, Tenant.objects.for_user(self.user), user=self.user)

    @cached_property
    def span(self) -> Span:
        """The days that are summed up."""
        return self.filterset.span(self.today) if self.filterset is not None else month_of(self.today)

    def scoped(self, user: User) -> QuerySet[Tenant]:
        """Return the products with what they consumed in these days."""
        return consumption.with_consumption(Tenant.objects.for_user(user), user, self.span, self.today)

    def dictionaries(self) -> Names:
        """Return the words of products and types."""
        return {"products": dict(Product.choices), "quota_levels": quota_levels(self.user.msp), **WORDS}

    # -- What stands above the rows and changes with them -----------------------------------------------------------

    @cached_property
    def sums(self) -> consumption.Sums:
        """The sums of all rows."""
        narrowed = self.filterset is not None and self.filterset.narrows
        return consumption.sums(self.user, self.span, self.filtered(self.user) if narrowed else None)

    @property
    def month_addresses(self) -> dict[str, str]:
        """The same list for the month before and, unless it lies ahead, for the one after."""
        before = {"month": self.span.previous_month, "since": None, "until": None, "page": None}
        found = {"previous": self.address(**before)}
        if self.span.last < self.today:
            found["next"] = self.address(**before | {"month": self.span.next_month})
        return found
