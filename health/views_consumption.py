"""The consumption page of an MSP."""

from datetime import date
from functools import cached_property

from django.db.models import QuerySet

from customers.dictionaries import quota_levels
from customers.empty import nothing_for
from health import consumption
from health.filters_consumption import ConsumptionFilters
from health.spans import Span, month_of
from health.tables_consumption import WORDS, ConsumptionTable
from msc.access.models import User
from msc.pages.columns import Names, Values
from msc.pages.list import NO_ROWS, Empty, ListPage
from msc.pages.paging import CAP, Page, Total, capped
from msc.pages.tables import Reading
from serviceplans.catalogue import Product
from tenants.models import Tenant


class Consumption(ListPage):
    """What every customer used of every product in a month or a range of days."""

    model, table, filters = Tenant, ConsumptionTable, ConsumptionFilters
    name, title, noun, needs = "consumption", "Consumption", ("product", "products"), "consumption.view"
    lead = "health/_consumption_lead.html"
    empty = Empty("No products yet", "Add a product to a customer; what it consumes is counted here day by day.")
    nothing = property(nothing_for)

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

    @property
    def is_narrowed(self) -> bool:
        """Whether only some products or customers are asked for."""
        return self.filterset is not None and self.filterset.narrows

    @property
    def chosen(self) -> QuerySet[Tenant]:
        """The products that the filters leave, without their sums."""
        rows = Tenant.objects.for_user(self.user)
        return self.filterset.filter_queryset(rows) if self.filterset is not None else rows

    def total(self, *, exact: bool = False) -> Total:
        """Count the rows up to the cap, beyond it only when asked to: they hang on the days."""
        if self.in_error:
            return NO_ROWS
        most = None if exact or self.asked.exact_count else CAP + 1
        number = consumption.number_of_tenants(self.chosen, self.user, self.span, most)
        return Total(number) if most is None else capped(number)

    def one_page(self, reading: Reading, page: Page) -> list[Values]:
        """Read one page; in the order of a month's consumption from its index, then the products without any."""
        if self.in_error or not self.span.is_month or self.asked.sort.removeprefix("-") != "consumed":
            return super().one_page(reading, page)
        rows = self.table.prepare(self.filtered(self.user), reading.columns)
        known = rows.filter(cu__isnull=False).order_by("-cu" if self.asked.sort.startswith("-") else "cu", "pk")
        found = list(known.values_list(*reading.fields)[page.start : page.start + page.size])
        if missing := page.size - len(found):
            start = max(0, page.start - known.count())
            rest = rows.filter(cu=None).order_by("pk").values_list(*reading.fields)
            found += rest[start : start + missing]
        return found

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
        return consumption.sums(self.user, self.span, self.chosen if self.is_narrowed else None, self.today)

    @property
    def month_addresses(self) -> dict[str, str]:
        """The same list for the month before and, unless it lies ahead, for the one after."""
        before = {"month": self.span.previous_month, "since": None, "until": None, "page": None}
        found = {"previous": self.address(**before)}
        if self.span.last < self.today:
            found["next"] = self.address(**before | {"month": self.span.next_month})
        return found
