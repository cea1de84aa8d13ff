"""Support staff's view of customers: account names, never who they are."""

from msc.support.base import SupportAdmin
from msc.support.filters import belongs_to, within, yes_no


class CustomerAdmin(SupportAdmin):
    """A customer as the vendor knows it."""

    list_display = ("account_name", "partner", "name_hidden", "is_sandbox", "created_at", "deleted_at")
    list_filter = (
        yes_no("name_hidden", "name hidden"),
        yes_no("is_sandbox", "sandbox"),
        within("created_at", "created"),
        within("deleted_at", "deleted"),
        belongs_to("msp", "MSP"),
    )
    labels = {"is_sandbox": "Sandbox", "created_at": "Created", "deleted_at": "Deleted"}
    leads_to = (("Products", "tenants_tenant", "customer"),)
    list_select_related = ("msp",)
    searched = ("folded_account_name", "msp__name")
    ordering = ("folded_account_name", "id")
    fields = ("account_name", "partner", "name_hidden", "is_sandbox", "created_at", "deleted_at")
    readonly_fields = ("partner", "is_sandbox", "created_at", "deleted_at")
