"""Names by id for the customer list, all in one query."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.db.models import Case, CharField, QuerySet, Value, When
from django.db.models.functions import Concat

from customers.tables import tenant_choices
from msc.access.models import Msp, User
from msc.pages.columns import Column, Names
from serviceplans.catalogue import Edition, Product, StorageProvider
from serviceplans.models import ServicePlan, StorageRegion

_PROVIDERS = dict(StorageProvider.choices)
_WORDS: Names = {
    "products": dict(Product.choices),
    "editions": dict(Edition.choices),
    "types": dict(tenant_choices("tenant_type")),
}


def region_label() -> Concat:
    """Return the expression of a region's label, e.g. AWS us-east-1."""
    provider = Case(
        *(When(provider=value, then=Value(label)) for value, label in StorageProvider.choices),
        output_field=CharField(),
    )
    return Concat(provider, Value(" "), "name", output_field=CharField())


def person_label() -> Concat:
    """Return the expression of a person's whole name."""
    return Concat("first_name", Value(" "), "last_name", output_field=CharField())


def quota_levels(msp: Msp | None) -> Mapping[str, str]:
    """Return the tones of a quota's used share, the worst first, with the per cent from which the MSP wants them."""
    if msp is None:
        return {}
    return {"bad": str(msp.quota_critical_percent), "warn": str(msp.quota_warning_percent)}


def names(user: User, columns: Sequence[Column]) -> Names:
    """Return the names that the columns need of plans, regions and people that the user's customers may show."""
    text = CharField()
    known = {
        "plans": ServicePlan.objects.for_user(user).values_list(Value("plans", text), "pk", "name", Value("", text)),
        "people": User.objects.for_user(user).values_list(Value("people", text), "pk", "first_name", "last_name"),
        "regions": StorageRegion.objects.values_list(Value("regions", text), "pk", "provider", "name"),
    }
    needed = {name for column in columns for name in column.dictionaries}
    parts = [rows.order_by() for name, rows in known.items() if name in needed]
    found: dict[str, dict[int, str]] = {name: {} for name in known}
    for kind, pk, first, second in _together(parts):
        # The labels are put together here: as expressions they cost more to compose than the rest of the query.
        found[kind][pk] = f"{_PROVIDERS.get(first, first) if kind == 'regions' else first} {second}".strip()
    return {**_WORDS, "quota_levels": quota_levels(user.msp), **found}


def _together(parts: list[QuerySet[Any, Any]]) -> Iterable[tuple[str, int, str, str]]:
    """Read the parts in one statement, if there are any; a part alone is no union, which costs more to compose."""
    if len(parts) > 1:
        return parts[0].union(*parts[1:], all=True)
    return parts[0] if parts else ()
