"""The columns of the list of products: one line for each, however many its customer has."""

from collections.abc import Mapping, Sequence
from typing import Any, Unpack

from django.db.models import QuerySet
from django.utils.html import escape

from customers.columns import Expiry, Several, Units, state_looks
from customers.tables import NEAR_EXPIRY_DAYS
from msc.pages.columns import EMPTY_HTML, Column, Names, Values
from msc.pages.kinds import Badge, Date, Link, Options, Percent, Text
from msc.pages.tables import ListTable
from serviceplans.catalogue import Edition, Product
from tenants.states import TenantState, TenantType


class Word(Column):
    """One of a fixed set of choices, in words."""

    def __init__(self, label: str, *, words: Mapping[str, str], **options: Unpack[Options]) -> None:
        super().__init__(label, **options)
        self.words = words

    def html(self, values: Values, names: Names) -> str:
        """Show the word."""
        word = self.text(values, names)
        return escape(word) if word else EMPTY_HTML

    def text(self, values: Values, names: Names) -> str:
        """Write the word."""
        return self.words.get(values[0], "")


class ProductLink(Link):
    """The product's name, which leads to its page."""

    def html(self, values: Values, names: Names) -> str:
        """Show the name as a link."""
        return super().html([Product(values[0]).label, values[1]], names)

    def text(self, values: Values, names: Names) -> str:
        """Write the name."""
        return str(Product(values[0]).label)


class TenantTable(ListTable):
    """One row per product."""

    default_sort = "name"

    @classmethod
    def prepare(cls, queryset: QuerySet[Any], columns: Sequence[Column]) -> QuerySet[Any]:
        """Join the customer's identity, which that of a live product has: a mere count does without."""
        return super().prepare(queryset, columns).filter(customer__identity__isnull=False)

    name = Link(
        "Name",
        to="customers:page",
        fields=("customer__identity__name", "customer_id", "customer__is_sandbox"),
        mark="Sandbox",
        sort=("customer__identity__folded_name",),
        required=True,
        always=True,
        width=225,
    )
    product = ProductLink(
        "Product",
        to="tenants:product",
        fields=("product", "pk"),
        sort=("product",),
        required=True,
        always=True,
        width=200,
    )
    plan = Text(
        "Service Plan",
        fields=("service_plan__name",),
        sort=("service_plan__folded_name",),
        required=True,
        always=True,
        width=165,
    )
    account_name = Text("Account Name", fields=("customer__account_name",), sort=("customer__folded_account_name",))
    edition = Word("Edition", words=dict(Edition.choices), fields=("edition",), sort=("edition_rank",), width=110)
    region = Several("Storage Region", dictionary="regions", fields=("region_ids",), sort=("region_key",), width=200)
    tenant_type = Word(
        "Tenant Type",
        words=dict(TenantType.choices),
        fields=("tenant_type",),
        sort=("tenant_type",),
        required=True,
        shown=True,
        width=120,
    )
    tenant_admin = Several(
        "Tenant Admin",
        dictionary="people",
        fields=("customer__summary__admins",),
        sort_low=("customer__summary__admin_low",),
        sort_high=("customer__summary__admin_high",),
        width=170,
    )
    status = Badge(
        "Status",
        looks=state_looks(TenantState.choices),
        fields=("state",),
        sort=("state",),
        required=True,
        shown=True,
        width=130,
        lead=True,
    )
    license_expiry = Expiry(
        "License Expiry", near_days=NEAR_EXPIRY_DAYS, fields=("license_expiry",), shown=True, width=205
    )
    quota = Units("Quota", fields=("quota",), sort=("quota",), unit="CU", shown=True, width=120)
    quota_used = Percent("Quota Used", fields=("health__quota_used_percent",), levels="quota_levels", width=170)
    quota_effective = Date("Quota Effective Date", fields=("quota_effective",), sort=("quota_effective",), width=160)
    quota_end = Date("Quota End Date", fields=("quota_end",), sort=("quota_end",), width=150)
    created = Date("Created On", fields=("created_at",), sort=("created_at",), required=True)
