"""Filters of support staff's lists: values out of fixed sets, so that a query string asks nothing of its own."""

from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.contrib.admin import SimpleListFilter
from django.contrib.admin.options import IncorrectLookupParameters
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone

if TYPE_CHECKING:
    from django.contrib.admin import ModelAdmin

Choices = Sequence[tuple[Any, str]]
LARGEST_ID = 2**63 - 1
PERIODS = (("1", "Last 24 hours"), ("7", "Last 7 days"), ("30", "Last 30 days"), ("365", "Last year"))


class FixedFilter(SimpleListFilter):
    """One value out of the set that `lookups` names; any other is refused."""

    field = ""

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Keep rows with the value."""
        value = self.value()
        if value is None:
            return queryset
        if value not in {str(key) for key, _ in self.lookup_choices}:
            raise IncorrectLookupParameters
        return self.matching(queryset, value)

    def matching(self, queryset: QuerySet[Any], value: str) -> QuerySet[Any]:
        """Keep rows whose field has the value."""
        return queryset.filter(**{self.field: value})


def one_of(field: str, title: str, choices: Choices) -> type[FixedFilter]:
    """Return the filter of a field by its choices."""
    fixed = [(str(value), label) for value, label in choices]

    class OneOf(FixedFilter):
        def lookups(self, request: HttpRequest, model_admin: "ModelAdmin[Any]") -> Choices:
            return fixed

    OneOf.field, OneOf.title, OneOf.parameter_name = field, title, field
    return OneOf


def yes_no(field: str, title: str) -> type[FixedFilter]:
    """Return the filter of a field that is true or false."""
    return one_of(field, title, [(True, "Yes"), (False, "No")])


def within(field: str, title: str) -> type[FixedFilter]:
    """Return the filter of a moment by how long ago it was."""

    class Within(FixedFilter):
        def lookups(self, request: HttpRequest, model_admin: "ModelAdmin[Any]") -> Choices:
            return PERIODS

        def matching(self, queryset: QuerySet[Any], value: str) -> QuerySet[Any]:
            since = timezone.now() - timedelta(days=int(value))
            return queryset.filter(**{f"{field}__gte": since})

    Within.title, Within.parameter_name = title, field
    return Within


def belongs_to(field: str, title: str) -> type[FixedFilter]:
    """Return the filter of rows of one thing, which a link from its page names by its id."""

    class BelongsTo(FixedFilter):
        def lookups(self, request: HttpRequest, model_admin: "ModelAdmin[Any]") -> Choices:
            value = request.GET.get(field, "")
            if not (value.isascii() and value.isdigit() and 0 < int(value[:19]) <= LARGEST_ID and len(value) < 20):
                return ()
            return [(value, f"No. {value}")]

        def has_output(self) -> bool:
            return self.value() is not None

    BelongsTo.field, BelongsTo.title, BelongsTo.parameter_name = field, title, field
    return BelongsTo
