"""The columns of the list of service plans; what hangs on a plan's products has a line for each of them."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from django.db.models import QuerySet

from msc.pages.columns import Column, Names, Values
from msc.pages.kinds import Date, Link, Multi, Number, Text, YesNo
from msc.pages.tables import ListTable
from serviceplans.catalogue import Edition, Feature, Product, Workload
from serviceplans.querysets import ServicePlanQuerySet


def _words(key: str, labels: dict[str, str]) -> Callable[[Values], Iterable[Values]]:
    """Return a function that reads one value of each product's part in words."""
    return lambda values: [(labels[part[key]],) for part in values[0]]


def _lists(key: str, labels: dict[str, str]) -> Callable[[Values], Iterable[Values]]:
    """Return a function that reads several values of each product's part in words."""
    return lambda values: [(", ".join([labels[one] for one in part[key]]),) for part in values[0]]


class Several(Text):
    """Words that are cut at the border of the column and stand in full in the title."""

    def html(self, values: Values, names: Any) -> str:
        """Show the words on one line."""
        text = super().html(values, names)
        return f'<span class="cut" title="{text}">{text}</span>' if values[0] else text


def _per_product(label: str, parts: Any, sort: str, inner: Column | None = None, **options: Any) -> Multi:
    """Return a column with a line for each product of the plan."""
    named = _products if sort != "product_key" else None
    inner = inner or Text("")
    return Multi(label, inner=inner, parts=parts, parts_named=named, fields=("parts",), sort=(sort,), **options)


def _products(values: Values, names: Names) -> list[str]:  # noqa: ARG001  the plan itself names its products
    return [Product(part["p"]).label for part in values[0]]


class PlanTable(ListTable):
    """One row per service plan."""

    default_sort = "name"

    name = Link(
        "Name",
        to="serviceplans:page",
        fields=("name", "pk"),
        sort=("folded_name",),
        required=True,
        always=True,
        width=230,
    )
    products = _per_product("Products", _words("p", dict(Product.choices)), "product_key", always=True, width=200)
    editions = _per_product("Editions", _words("e", dict(Edition.choices)), "edition_key", shown=True, width=105)
    workloads = _per_product(
        "Workloads", _lists("w", dict(Workload.choices)), "workload_key", Several(""), shown=True, width=430
    )
    features = _per_product("Features", _lists("f", dict(Feature.choices)), "feature_key", Several(""), width=360)
    in_use = Number("Tenants in use", fields=("in_use",), sort=("in_use",), required=True, shown=True, width=125)
    default = YesNo("Default", fields=("is_default",), sort=("is_default",), required=True, shown=True, width=95)
    created = Date("Created On", fields=("created_at",), sort=("created_at",), required=True)

    @classmethod
    def prepare(cls, queryset: QuerySet[Any], columns: Sequence[Column]) -> QuerySet[Any]:  # noqa: ARG003  the same for all
        """Load the parts of each plan as one value, and what the list sorts by of them."""
        plans: ServicePlanQuerySet = queryset.all()  # type: ignore[assignment]  # the list's model is the plan
        return plans.with_parts()
