"""The page of one product."""

from typing import Any

from django.db.models import QuerySet

from customers import heads
from msc.pages.detail import DetailPage, PageAction
from tenants import panels
from tenants.models import Tenant


class TenantPage(DetailPage):
    """Everything about one product."""

    model, needs = Tenant, "tenant.view"
    template, tabs_of = "tenants/page.html", "tenant"

    def queryset(self) -> QuerySet[Tenant]:
        """Return the customer's products that the person may see."""
        rows = panels.whole(Tenant.objects.for_user(self.user)).select_related(
            "customer__identity", "customer__summary"
        )
        return rows.filter(customer=self.kwargs["customer"], deleted_at=None)

    def get_title(self) -> str:
        """Return the product's name; the customer stands above it."""
        name: str = self.object.get_product_display()
        return name

    def page_actions(self) -> list[PageAction]:
        """Return what can be done to the product as it stands."""
        return panels.page_actions(self.user, self.object)

    def more(self) -> dict[str, Any]:
        """Return what the head of the page shows."""
        return {"shown": panels.card(self.user, self.object), "health": heads.health(self.object.customer)}
