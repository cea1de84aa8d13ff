"""The columns of the customer list, in their default order."""

from collections.abc import Sequence
from typing import Any

from django.db.models import QuerySet

from customers.columns import Several, Units, each, each_day, each_number, each_quota, state_looks
from customers.models import Customer
from msc.pages.columns import Column
from msc.pages.kinds import Badge, Date, Link, LongText, Multi, Named, Number, Percent, Phone, Text
from msc.pages.tables import ListTable


def tenant_choices(name: str) -> list[tuple[str, str]]:
    """Return the choices of a field of the tenants, whose app stands above: it is named, not imported."""
    tenant: Any = Customer._meta.get_field("tenants").related_model
    return list(tenant._meta.get_field(name).choices)


def _per_product(label: str, inner: Column, parts: Any, sort: str, **options: Any) -> Multi:
    """Return a column with a line for each product of the customer."""
    return Multi(
        label,
        inner=inner,
        parts=parts,
        fields=("summary__products",),
        sort_low=(f"summary__{sort}_low",),
        sort_high=(f"summary__{sort}_high",),
        **options,
    )


class CustomerTable(ListTable):
    """One row per customer; what hangs on its products has a line for each of them."""

    default_sort = "name"

    @classmethod
    def prepare(cls, queryset: QuerySet[Any], columns: Sequence[Column]) -> QuerySet[Any]:
        """Join what columns and order need; a mere count does without."""
        customers: Any = super().prepare(queryset, columns)  # a CustomerQuerySet
        paths = [path for column in columns for path in (*column.fields, *column.low)]
        return customers.joined_to({path.partition("__")[0] for path in paths if "__" in path})  # type: ignore[no-any-return]

    name = Link(
        "Name",
        to="customers:page",
        fields=("identity__name", "pk", "is_sandbox"),
        mark="Sandbox",
        sort=("identity__folded_name",),
        required=True,
        always=True,
        width=230,
    )
    product = _per_product("Product", Named("", dictionary="products"), each("p"), "product", always=True, width=210)
    plan = _per_product("Service Plan", Named("", dictionary="plans"), each("s"), "plan", always=True, width=130)
    account_name = Text("Account Name", fields=("account_name",), sort=("folded_account_name",), required=True)
    edition = _per_product("Edition", Named("", dictionary="editions"), each("e"), "edition", width=120)
    region = _per_product("Storage Region", Several("", dictionary="regions"), each("r"), "region", width=240)
    tenant_type = _per_product("Tenant Type", Named("", dictionary="types"), each("y"), "type", width=130)
    tenant_admin = Several(
        "Tenant Admin",
        dictionary="people",
        fields=("summary__admins",),
        sort_low=("summary__admin_low",),
        sort_high=("summary__admin_high",),
        width=190,
    )
    status = _per_product(
        "Status", Badge("", looks=state_looks(tenant_choices("state"))), each("st"), "status", shown=True, width=120
    )
    license_expiry = _per_product("License Expiry", Date(""), each_day("x"), "expiry", shown=True, width=195)
    quota = _per_product("Quota", Units(""), each_quota, "quota", unit="CU", width=120)
    quota_effective = _per_product("Quota Effective Date", Date(""), each_day("qf"), "quota_effective", width=200)
    quota_end = _per_product("Quota End Date", Date(""), each_day("qt"), "quota_end", width=200)
    quota_used = _per_product(
        "Quota Used", Percent("", levels="quota_levels"), each_number("qu"), "quota_used", width=160
    )
    backup_success = Percent(
        "Backup Success (30 days)",
        fields=("summary__backup_success",),
        places=1,
        unit="",
        shown=True,
        width=165,
        hint="Successful jobs, with errors or without, among those that succeeded or failed.",
    )
    last_backup = Date("Last Backup", fields=("summary__last_backup_at",), hint="End of the last successful backup.")
    open_alerts = Number("Open Alerts", fields=("summary__open_alerts",), shown=True, width=125)
    consumed = Units("CU (90 days)", fields=("summary__cu_90d",), width=130)
    phone = Phone("Phone Number", fields=("identity__phone",), sort=("identity__phone",), required=True)
    address = LongText("Address", fields=("identity__address",), sort=("identity__folded_address",), required=True)
    created = Date("Created On", fields=("created_at",), sort=("created_at",), required=True)
