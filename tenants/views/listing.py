"""The list of products, one line for each; its file is the customer list's second export."""

from typing import Any

from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect

from customers import dictionaries
from customers.empty import nothing_for
from msc.access.models import User
from msc.pages.columns import Names
from msc.pages.list import Empty, ListPage
from msc.pages.views import PortalView
from tenants.filters import TenantFilters
from tenants.models import Tenant
from tenants.tables import TenantTable


class TenantList(ListPage):
    """Every product of every customer that the person may see."""

    model, table, filters = Tenant, TenantTable, TenantFilters
    name, title, noun, needs = "products", "Products", ("product", "products"), "tenant.view"
    search_label = "Search customers"
    template = "tenants/list.html"
    empty = Empty("No products yet", "Open a customer and add its first product.")
    nothing = property(nothing_for)

    def scoped(self, user: User) -> QuerySet[Tenant]:
        """Return the live products with what the columns show."""
        rows = Tenant.objects.for_user(user).live()
        return rows.for_list(user.msp.today()) if user.msp else rows.none()

    def dictionaries(self) -> Names:
        """Return the names of regions and people by id."""
        return dictionaries.names(self.user, self.columns)


class ProductAddress(PortalView):
    """The short address of a product, which leads to its page."""

    needs = "tenant.view"

    def get(self, request: Any, *args: Any, **kwargs: Any) -> HttpResponse:
        """Go to the product's page."""
        tenant = get_object_or_404(Tenant.objects.for_user(self.user).live(), pk=kwargs["pk"])
        return redirect("tenants:detail", tenant.customer_id, tenant.pk)
