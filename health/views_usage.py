"""The usage records of a product, day by day."""

from functools import cached_property
from typing import Any

from django.db.models import Count, QuerySet, Sum
from django.shortcuts import get_object_or_404

from customers import heads
from health.filters import UsageListFilters
from health.models import UsageRecord
from health.statuses import UsageUnit
from health.tables_usage import UsageTable
from msc.access.models import User
from msc.pages.columns import Names
from msc.pages.list import Empty, ListPage
from serviceplans.catalogue import Workload
from tenants.models import Tenant


class UsageList(ListPage):
    """What a product's consumption is made of: a record per day, workload and measure."""

    model, table, filters = UsageRecord, UsageTable, UsageListFilters
    name, title, noun, needs = "usage", "Usage", ("usage record", "usage records"), "consumption.view"
    template, lead = "health/usage.html", "health/_usage_lead.html"
    empty = Empty("No usage records yet", "The first usage record that is reported or derived appears here.")

    @cached_property
    def tenant(self) -> Tenant:
        """The product of the address."""
        rows = Tenant.objects.for_user(self.user).select_related("customer__identity", "customer__summary")
        return get_object_or_404(rows, pk=self.kwargs["pk"], customer=self.kwargs["customer"], deleted_at=None)

    def scoped(self, user: User) -> QuerySet[UsageRecord]:
        """Return the records that count."""
        return UsageRecord.objects.for_user(user).filter(tenant=self.tenant).counted()

    def dictionaries(self) -> Names:
        """Return the words of workloads and units."""
        return {"workloads": dict(Workload.choices), "units": dict(UsageUnit.choices)}

    def above(self) -> dict[str, Any]:
        """Return the product and the health of its customer."""
        return {"tenant": self.tenant, "health": heads.health(self.tenant.customer)}

    @cached_property
    def sums(self) -> list[dict[str, Any]]:
        """The CU of each workload and measure in the chosen days."""
        rows = self.filtered(self.user).order_by("workload", "measure").values("workload", "measure")
        found = rows.annotate(total=Sum("cu"), number=Count("day", distinct=True))
        return [{**row, "label": Workload(row["workload"]).label} for row in found]

    @property
    def consumed(self) -> Any:
        """The CU of all chosen records."""
        return sum(row["total"] for row in self.sums)
