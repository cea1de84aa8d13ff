"""Pages of health: the customer's Health tab and the description of the API."""

from functools import cache, cached_property
from typing import Any

from django.db.models import OuterRef, QuerySet
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from drf_spectacular.generators import SchemaGenerator

from customers import heads
from customers.models import Customer
from health import apidocs, services, strips
from health.figures import alerts_by_product, headline
from health.filters import SourceFilters
from health.forms import PolicyForm
from health.models import Alert, DataSource
from health.tables import SourceTable
from msc.access.models import User
from msc.pages.columns import Names
from msc.pages.dialogs import FormDialog, Outcome
from msc.pages.list import Empty, ListPage
from msc.pages.rendering import RowAction
from msc.pages.views import PortalView
from serviceplans.catalogue import Workload
from tenants.models import Tenant


class CustomerHealth(ListPage):
    """The Health tab of a customer: what happened in 30 days, its data sources, its alerts."""

    model, table, filters = DataSource, SourceTable, SourceFilters
    name, title, noun, needs = "sources", "Data sources", ("data source", "data sources"), "health.view"
    search_label = "Search data sources"
    template = "health/customer.html"
    row_actions = (RowAction("Set backup policy", "health:policy", needs="tenant.edit", icon="pencil"),)
    empty = Empty("No data sources yet", "The first run that a backup tool reports makes its data source appear here.")

    @cached_property
    def customer(self) -> Customer:
        """The customer of the address."""
        rows = Customer.objects.for_user(self.user).select_related("identity", "summary")
        return get_object_or_404(rows, pk=self.kwargs["pk"])

    def scoped(self, user: User) -> QuerySet[DataSource]:
        """Return the customer's data sources."""
        return DataSource.objects.for_user(user).of_customer(self.customer.pk)

    def dictionaries(self) -> Names:
        """Return the words of workloads and the MSP's day."""
        return {"workloads": dict(Workload.choices), "days": {"today": self._msp.today().isoformat()}}

    def above(self) -> dict[str, Any]:
        """Return the head of the customer's page, the figures and the alerts."""
        tenants = list(self._tenants())
        figures = headline([tenant.health for tenant in tenants if hasattr(tenant, "health")])
        return {
            **heads.head(self.user, self.customer, "health:customer"),
            "figures": figures,
            "alerts": alerts_by_product({tenant.product: tenant.active_alerts for tenant in tenants}),
            "legend": strips.legend(),
            "zone": self._msp.time_zone,
            "unconnected": [] if figures.sources else tenants,
        }

    def _tenants(self) -> QuerySet[Any]:
        """Return the customer's products with their figures and active alerts, in one query."""
        tenants = Tenant.objects.for_user(self.user).live().filter(customer=self.customer)
        alerts = Alert.objects.for_user(self.user).active().filter(tenant=OuterRef("pk"))
        return tenants.select_related("health").annotate(active_alerts=alerts.as_facts()).order_by("product")

    @property
    def _msp(self) -> Any:
        return self.user.msp


class SourcePolicy(FormDialog):
    """Set the backup policy of a data source by hand."""

    model, form_class, needs = DataSource, PolicyForm, "tenant.edit"
    verb = "Save policy"

    def queryset(self) -> QuerySet[DataSource]:
        """Return the data sources with the names that the dialog tells."""
        return DataSource.objects.for_user(self.user).select_related("customer__identity", "msp")

    def get_title(self) -> str:
        """Name the data source and its customer."""
        return f"Backup policy of {self.object.name}, {self.object.customer.identity.name}"

    def back_url(self) -> str:
        """Return to the customer's Health tab."""
        return reverse("health:customer", args=[self.object.customer_id])

    def initial(self) -> dict[str, Any]:
        """Return the policy that stands."""
        source: DataSource = self.object
        return {
            "name": source.policy_name,
            "interval_hours": source.policy_interval_hours,
            "retention_days": source.policy_retention_days,
            "version": source.version,
        }

    def save(self, form: PolicyForm) -> Outcome:
        """Set the policy."""
        changes = form.cleaned_data | {"version": form.cleaned_data["version"] or 0}
        source = services.set_policy(by=self.user, source=self.object, **changes)
        return Outcome(self.back_url(), f"The backup policy of {source.name} has been saved.")


class ApiDocs(PortalView):
    """The API in words and tables, made from its OpenAPI document."""

    needs = "health.view"

    def get(self, request: Any, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Answer the page."""
        return render(request, "health/api.html", {"sections": _sections()})


@cache
def _sections() -> list[apidocs.Section]:
    generator = SchemaGenerator()  # type: ignore[no-untyped-call]  # the library has no types here
    return apidocs.sections(generator.get_schema(request=None, public=True))  # type: ignore[no-untyped-call]  # as above
