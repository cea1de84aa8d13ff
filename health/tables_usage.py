"""The columns of the list of a product's usage records."""

from health.columns import in_units
from health.statuses import UsageUnit
from health.tables_consumption import Consumed
from msc.pages.columns import Names, Values
from msc.pages.kinds import Date, LongText, Look, Named, Number, YesNo
from msc.pages.tables import ListTable


class Amount(Number):
    """How much was used: `fields` are the amount and its unit."""

    def html(self, values: Values, names: Names) -> str:
        """Show bytes in a unit that fits them, and users as they are."""
        amount, unit = values
        return in_units(int(amount)) if unit == UsageUnit.BYTES else f"{amount.normalize():,f}"

    def text(self, values: Values, names: Names) -> str:
        """Write the number without separators."""
        return f"{values[0].normalize():f}"


class Derived(YesNo):
    """Whether the portal derived the record from sizes and users."""

    def __init__(self) -> None:
        super().__init__("Derived", fields=("is_derived",), required=True, shown=True, width=120)
        self.looks = {True: Look("Derived", "info-circle")}
        self.hint = "From sizes and users at the rates of the service plan, as no usage was reported."


class UsageTable(ListTable):
    """One row per day, workload and measure."""

    default_sort = "-day"

    day = Date("Day", required=True, always=True, width=190)
    workload = Named("Workload", dictionary="workloads", required=True, shown=True, width=160)
    measure = LongText("Measure", fields=("measure",), required=True, shown=True, width=240)
    amount = Amount("Amount", fields=("amount", "unit"), sort=("amount",), required=True, shown=True, width=140)
    unit = Named("Unit", dictionary="units", required=True, shown=True, width=100)
    consumed = Consumed("Consumed", fields=("cu",), unit="CU", required=True, always=True, width=150)
    derived = Derived()
    measured = Date("Measured At", fields=("measured_at",), required=True)
