"""The columns of the consumption page: one row per customer and product."""

from customers.columns import Units
from customers.tables import tenant_choices
from msc.pages.columns import EMPTY_HTML, Names, Values
from msc.pages.icons import icon
from msc.pages.kinds import Date, Link, Named, Number, Percent
from msc.pages.tables import ListTable


class Consumed(Units):
    """Consumption units: two places on the screen, all of them in the file."""

    def html(self, values: Values, names: Names) -> str:
        """Show the number with separated thousands."""
        return EMPTY_HTML if values[0] is None else f"{values[0]:,.2f}"


class Gaps(Number):
    """Days of which nothing is known: a sum that lacks some says so."""

    def html(self, values: Values, names: Names) -> str:
        """Show the number; none is worth no sign."""
        return f"{icon('help-circle', 'gap-sign')}{values[0]:,}" if values[0] else EMPTY_HTML


class ConsumptionTable(ListTable):
    """Customer by product; every figure but the quota's is of the days that the page names."""

    default_sort = "customer"

    customer = Link(
        "Customer",
        to="customers:page",
        fields=("customer__identity__name", "customer_id", "deleted_at"),
        mark="Product deleted",
        sort=("customer__identity__folded_name",),
        required=True,
        always=True,
        width=280,
    )
    product = Named("Product", dictionary="products", required=True, always=True, width=200)
    tenant_type = Named("Tenant Type", dictionary="types", required=True, width=140)
    consumed = Consumed("Consumed", fields=("cu",), unit="CU", always=True, width=150)
    unknown = Gaps(
        "Days Without Data",
        fields=("unknown_days",),
        shown=True,
        width=150,
        hint="Days up to yesterday without a usage record. They are missing from the sum, and not counted as zero.",
    )
    quota = Units("Quota", fields=("quota",), unit="CU", shown=True, width=140)
    quota_used = Percent(
        "Quota Used",
        fields=("health__quota_used_percent",),
        levels="quota_levels",
        shown=True,
        width=175,
        hint="Since the quota's effective date, whatever days are shown.",
    )
    counted = Date("Counted At", fields=("health__counted_at",))


#: Words of ids and codes, the same in every request.
WORDS = {"types": dict(tenant_choices("tenant_type"))}
