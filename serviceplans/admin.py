"""Support staff's view of service plans."""

from typing import Any

from django.contrib.admin import display
from django.db.models import QuerySet
from django.http import HttpRequest

from msc.support.base import SupportAdmin
from msc.support.filters import belongs_to, within, yes_no
from serviceplans.models import ServicePlan


class ServicePlanAdmin(SupportAdmin):
    """A plan and what it includes."""

    list_display = ("name", "partner", "covers", "is_default", "created_at")
    list_filter = (yes_no("is_default", "default"), within("created_at", "created"), belongs_to("msp", "MSP"))
    list_select_related = ("msp",)
    searched = ("folded_name", "msp__name")
    ordering = ("folded_name", "id")
    fields = ("name", "partner", "covers", "is_default", "created_at")
    readonly_fields = ("partner", "covers", "created_at")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Return the plans with their products."""
        return super().get_queryset(request).prefetch_related("products")

    @display(description="Products")
    def covers(self, plan: ServicePlan) -> str:
        """Return products and editions in words."""
        return "; ".join(str(product) for product in plan.products.all())
