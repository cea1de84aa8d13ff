"""The columns of the customer list, in their default order."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import QuerySet

from customers.columns import HEALTH_LOOKS, Expiry, HealthBadge, PerProduct, Several, Units, state_looks
from customers.models import Customer
from msc.pages.columns import Column
from msc.pages.kinds import Badge, Date, Link, LongText, Named, Number, Percent, Phone, Text
from msc.pages.tables import ListTable


def tenant_choices(name: str) -> list[tuple[str, str]]:
    """Return the choices of a field of the tenants, whose app stands above: it is named, not imported."""
    tenant: Any = Customer._meta.get_field("tenants").related_model
    return list(tenant._meta.get_field(name).choices)


NEAR_EXPIRY_DAYS = 60  # so close to its expiry a license shows how many days are left


class CustomerTable(ListTable):
    """One row per customer; what hangs on its products has a line for each of them."""

    default_sort = "name"

    @classmethod
    def prepare(cls, queryset: QuerySet[Any], columns: Sequence[Column]) -> QuerySet[Any]:
        """Join what columns and order need; a mere count does without."""
        customers: Any = super().prepare(queryset, columns)  # a CustomerQuerySet
        paths = [path for column in columns for path in (*column.fields, *column.low)]
        return customers.joined_to({path.partition("__")[0] for path in paths if "__" in path})  # type: ignore[no-any-return]

    @classmethod
    def part_of(cls, sort: str) -> str:
        """Return the relation in which the whole order of a sort stands, or nothing if there is no such one."""
        column = cls.declared()[sort.removeprefix("-")]
        return column.low[0].lstrip("-").rpartition("__")[0]

    name = Link(
        "Name",
        to="customers:page",
        fields=("identity__name", "pk", "is_sandbox"),
        mark="Sandbox",
        sort=("identity__folded_name",),
        required=True,
        always=True,
        width=195,
    )
    health = HealthBadge("Health", looks=HEALTH_LOOKS, fields=("summary__health",), shown=True, width=145, lead=True)
    product = PerProduct("Product", Named("", dictionary="products"), "p", by="product", always=True, width=200)
    plan = PerProduct("Service Plan", Named("", dictionary="plans"), "s", by="plan", always=True, width=175)
    account_name = Text("Account Name", fields=("account_name",), sort=("folded_account_name",), required=True)
    edition = PerProduct("Edition", Named("", dictionary="editions"), "e", by="edition", width=120)
    region = PerProduct("Storage Region", Several("", dictionary="regions"), "r", by="region", width=240)
    tenant_type = PerProduct("Tenant Type", Named("", dictionary="types"), "y", by="type", width=130)
    tenant_admin = Several(
        "Tenant Admin",
        dictionary="people",
        fields=("summary__admins",),
        sort_low=("summary__admin_low",),
        sort_high=("summary__admin_high",),
        width=190,
    )
    status = PerProduct("Status", Badge("", looks=state_looks(tenant_choices("state"))), "st", by="status", width=130)
    license_expiry = PerProduct(
        "License Expiry",
        Expiry("", near_days=NEAR_EXPIRY_DAYS),
        "x",
        by="expiry",
        read=date.fromisoformat,
        shown=True,
        width=205,
    )
    quota = PerProduct("Quota", Units(""), "q", by="quota", read=Decimal, unit="CU", width=120)
    quota_effective = PerProduct(
        "Quota Effective Date", Date(""), "qf", by="quota_effective", read=date.fromisoformat, width=160
    )
    quota_end = PerProduct("Quota End Date", Date(""), "qt", by="quota_end", read=date.fromisoformat, width=150)
    quota_used = PerProduct(
        "Quota Used", Percent("", levels="quota_levels"), "qu", by="quota_used", read=Decimal, width=170
    )
    backup_success = Percent(
        "Backup Success (30 days)",
        fields=("summary__backup_success",),
        places=1,
        unit="",
        shown=True,
        width=150,
        hint="Successful jobs, with errors or without, among those that succeeded or failed.",
    )
    last_backup = Date(
        "Last Backup",
        near_days=30,
        fields=("summary__last_backup_at",),
        width=245,
        hint="End of the last successful backup.",
    )
    open_alerts = Number("Open Alerts", fields=("summary__open_alerts",), shown=True, width=124)
    consumed = Units("CU (90 days)", fields=("summary__cu_90d",), width=130)
    phone = Phone("Phone Number", fields=("identity__phone",), sort=("identity__phone",), required=True)
    address = LongText("Address", fields=("identity__address",), sort=("identity__folded_address",), required=True)
    created = Date("Created On", fields=("created_at",), sort=("created_at",), required=True)
