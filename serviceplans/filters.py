"""The filters of the list of service plans; all three hold for one and the same product of a plan."""

from typing import Any

from django.db.models import Exists, OuterRef, QuerySet

from msc.access.names import folded_name
from msc.pages.filters import ListFilters, MultiChoice, Search
from serviceplans.catalogue import Edition, Product, Workload
from serviceplans.models import PlanProduct


class PlanFilters(ListFilters):
    """The search box and the three filters."""

    q = Search("Search service plans")
    product = MultiChoice("Products", Product.choices)
    edition = MultiChoice("Editions", Edition.choices)
    workload = MultiChoice("Workloads", Workload.choices)

    def filter_queryset(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Keep plans whose name holds the text and that have one part of which all chosen conditions hold."""
        chosen = self.form.cleaned_data.get
        if chosen("q"):
            queryset = queryset.filter(folded_name__contains=folded_name(chosen("q")))
        conditions = {"product__in": chosen("product"), "edition__in": chosen("edition")}
        wanted: dict[str, Any] = {lookup: values for lookup, values in conditions.items() if values}
        if chosen("workload"):
            wanted["workloads__overlap"] = chosen("workload")
        if not wanted:
            return queryset
        parts = PlanProduct.objects.for_user(self.user).filter(plan=OuterRef("pk"), **wanted)
        return queryset.filter(Exists(parts))
