"""Support staff's view of products (tenants)."""

from django.contrib.admin import display

from msc.access import scope
from msc.access.models import User
from msc.support.base import Act, SupportAdmin
from msc.support.filters import belongs_to, one_of, within
from serviceplans.catalogue import Product
from tenants.models import Tenant
from tenants.states import TenantState, TenantType
from tenants.transitions import cancel_deletion


def keep(tenant: Tenant, by: User) -> str:
    """Cancel the deletion in the scope of the MSP, whose own people are told by e-mail."""
    with scope.entered("portal", msp=tenant.msp_id):
        cancel_deletion(by=by, tenant=tenant)
    return f"{tenant} stays."


class TenantAdmin(SupportAdmin):
    """A product of a customer, which is named by its account name."""

    list_display = (
        "id",
        "customer_account",
        "product",
        "tenant_type",
        "state",
        "license_expiry",
        "delete_on",
        "partner",
    )
    list_display_links = ("id", "customer_account")
    list_filter = (
        one_of("state", "state", TenantState.choices),
        one_of("product", "product", Product.choices),
        one_of("tenant_type", "type", TenantType.choices),
        within("created_at", "created"),
        belongs_to("customer", "customer"),
        belongs_to("msp", "MSP"),
    )
    leads_to = (("Runs", "health_run", "tenant"),)
    list_select_related = ("msp", "customer")
    searched = ("customer__folded_account_name", "msp__name")
    ordering = ("-created_at", "-id")
    fields = (
        "customer_account",
        "partner",
        "product",
        "service_plan",
        "tenant_type",
        "state",
        "state_since",
        "license_expiry",
        "delete_on",
        "created_at",
        "deleted_at",
    )
    readonly_fields = ("partner", "customer_account", "state_since", "created_at", "deleted_at")

    acts = (
        Act(
            "cancel-deletion",
            "Cancel deletion",
            keep,
            consequences=(
                "The product returns to the state in which it was before.",
                "The MSP's users are notified by email.",
            ),
            offered=lambda tenant: tenant.state == TenantState.DELETING,
        ),
    )

    @display(description="Account name", ordering="customer__folded_account_name")
    def customer_account(self, tenant: Tenant) -> str:
        """Return the account name of the customer."""
        return tenant.customer.account_name
