"""One declaration per list for its filter form, its query, its chips and the API's filters."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

import django_filters
from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db.models import Model, QuerySet
from django.http import QueryDict
from django.utils import timezone

from msc.access.models import User
from msc.pages.when import absolute

TYPE_AHEAD_FROM = 200  # more choices than this are searched, not listed
MOST_CHOSEN = 50
EARLIEST, LATEST = date(1970, 1, 1), date(2199, 12, 31)  # beyond them a zone's offset may leave the calendar
_DAY_BOUNDS = "Enter a day between 1970 and 2199."


@dataclass(frozen=True)
class Chip:
    """One active choice of a filter and the query string that removes it."""

    label: str
    value: str
    without: str

    @property
    def query(self) -> str:
        """The end of the address without it."""
        return f"?{self.without}" if self.without else ""


class ListForm(forms.Form):
    """The form behind a list's filters: a field that takes one value refuses a second."""

    def _clean_fields(self) -> None:
        super()._clean_fields()  # type: ignore[misc]  # private in Django's stubs, public in effect
        for name, field in self.fields.items():
            several = isinstance(field, forms.MultipleChoiceField | ChosenRows)
            given = self.data.getlist(name) if isinstance(self.data, QueryDict) else []
            if len(given) > 1 and not several:
                self.add_error(name, "Give one value only.")


class Search(django_filters.CharFilter):  # type: ignore[misc]  # the library has no types
    """The search box of a list."""

    def __init__(self, label: str = "Search") -> None:
        super().__init__(label=label, max_length=200, method="search")


class Exactly(django_filters.CharFilter):  # type: ignore[misc]  # the library has no types
    """One value as it is written, such as an id."""

    def words(self, field: forms.Field, value: str) -> list[tuple[str, str]]:
        """Return the value, which is its own label."""
        return [(value, value)]


class MultiChoice(django_filters.MultipleChoiceFilter):  # type: ignore[misc]  # the library has no types
    """Some of a fixed set of choices; any of them matches."""

    def __init__(self, label: str, choices: Sequence[tuple[str, str]], **options: Any) -> None:
        widget = forms.CheckboxSelectMultiple
        super().__init__(label=label, choices=list(choices), widget=widget, distinct=False, **options)
        self.always_filter = False

    def filter(self, queryset: QuerySet[Any], value: Sequence[str]) -> QuerySet[Any]:
        """Keep rows that have any of the values."""
        return queryset.filter(**{f"{self.field_name}__in": list(value)}) if value else queryset

    def words(self, field: forms.Field, value: Sequence[str]) -> list[tuple[str, str]]:
        """Return each chosen value with its label."""
        labels = dict(self.extra["choices"])
        return [(chosen, labels[chosen]) for chosen in value]


class Choice(django_filters.ChoiceFilter):  # type: ignore[misc]  # the library has no types
    """One of a fixed set of choices."""

    def __init__(self, label: str, choices: Sequence[tuple[str, str]], **options: Any) -> None:
        super().__init__(label=label, choices=list(choices), empty_label="Any", **options)

    def words(self, field: forms.Field, value: str) -> list[tuple[str, str]]:
        """Return the chosen value with its label."""
        return [(value, dict(self.extra["choices"])[value])]


class Within(django_filters.ChoiceFilter):  # type: ignore[misc]  # the library has no types
    """Days or moments no further than a number of days from today: back, or ahead when `ahead`."""

    def __init__(self, label: str, *, days: Sequence[int], ahead: bool = False, **options: Any) -> None:
        self.ahead = ahead
        side = "Next" if ahead else "Last"
        choices = [(str(count), f"{side} {count} days" if count > 1 else f"{side} day") for count in days]
        super().__init__(label=label, choices=choices, empty_label="Any time", **options)

    def filter(self, queryset: QuerySet[Any], value: str) -> QuerySet[Any]:
        """Keep rows whose day lies between today and the chosen distance, both included."""
        if not value:
            return queryset
        today = timezone.localdate()
        distance = timedelta(days=int(value))
        first, last = (today, today + distance) if self.ahead else (today - distance, today)
        return queryset.filter(**self.span(first, last))

    def span(self, first: date, last: date) -> Mapping[str, Any]:
        """Return the lookups for a column of days."""
        return {f"{self.field_name}__gte": first, f"{self.field_name}__lte": last}

    def words(self, field: forms.Field, value: str) -> list[tuple[str, str]]:
        """Return the chosen distance with its label."""
        return [(value, dict(self.extra["choices"])[value])]


class DayFilter(django_filters.DateFilter):  # type: ignore[misc]  # the library has no types
    """The first or the last day of a range: `lookup_expr` is `gte` or `lte`; `moments` for datetime columns."""

    def __init__(self, label: str, *, moments: bool = False, **options: Any) -> None:
        self.moments = moments
        widget = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
        bounds = [MinValueValidator(EARLIEST, _DAY_BOUNDS), MaxValueValidator(LATEST, _DAY_BOUNDS)]
        super().__init__(label=label, widget=widget, validators=bounds, **options)

    def filter(self, queryset: QuerySet[Any], value: date | None) -> QuerySet[Any]:
        """Keep rows on the right side of the day, taken in the person's zone for moments."""
        if value is None:
            return queryset
        if not self.moments:
            return queryset.filter(**{f"{self.field_name}__{self.lookup_expr}": value})
        after = self.lookup_expr == "gte"
        day = value if after else value + timedelta(days=1)
        start = datetime.combine(day, time.min, timezone.get_current_timezone())
        return queryset.filter(**{f"{self.field_name}__{'gte' if after else 'lt'}": start})

    def words(self, field: forms.Field, value: date) -> list[tuple[str, str]]:
        """Return the day with its reading."""
        return [(value.isoformat(), absolute(value))]


class ChosenRows(forms.Field):
    """Ids of rows that the reader may see; their labels come with them, in one query."""

    widget = forms.SelectMultiple

    def __init__(self, *, rows: QuerySet[Any], label_field: str, **options: Any) -> None:
        options.setdefault("required", False)
        super().__init__(**options)
        self.rows = rows
        self.label_field = label_field
        self.found: dict[int, str] = {}

    def clean(self, value: Any) -> list[int]:
        """Return the ids, all of them known to the reader, or refuse."""
        ids = [self._id(one) for one in value or ()]
        if len(ids) > MOST_CHOSEN:
            raise forms.ValidationError(f"Choose at most {MOST_CHOSEN}.")
        if not ids:
            return []
        self.found = dict(self.rows.filter(pk__in=ids).values_list("pk", self.label_field))
        if set(ids) - self.found.keys():
            raise forms.ValidationError("This choice does not exist. Open the filters and choose again.")
        return ids

    @staticmethod
    def _id(text: str) -> int:
        if not (text.isascii() and text.isdigit() and len(text) < 19):
            raise forms.ValidationError("This choice does not exist. Open the filters and choose again.")
        return int(text)


class ScopedModelMultiChoice(django_filters.Filter):  # type: ignore[misc]  # the library has no types
    """Rows of another model that the reader may see; more than 200 are searched as one types."""

    field_class = ChosenRows

    def __init__(self, label: str, *, model: type[Model], label_field: str = "name", **options: Any) -> None:
        super().__init__(label=label, **options)
        self.of = model
        self.label_field = label_field

    def rows(self) -> QuerySet[Any]:
        """Return the choices: what the reader may see, in the order of their labels."""
        user: User = self.parent.user
        return self.of.objects.for_user(user).order_by(self.label_field, "pk")  # type: ignore[attr-defined, no-any-return]  # scoped model

    @property
    def field(self) -> ChosenRows:
        """Return the form field over the reader's own rows."""
        if not hasattr(self, "_field"):
            self._field = ChosenRows(rows=self.rows(), label_field=self.label_field, label=self.label)
        return self._field

    def filter(self, queryset: QuerySet[Any], value: Sequence[int]) -> QuerySet[Any]:
        """Keep rows that belong to any of the chosen."""
        return queryset.filter(**{f"{self.field_name}__in": list(value)}) if value else queryset

    def words(self, field: ChosenRows, value: Sequence[int]) -> list[tuple[str, str]]:
        """Return each chosen id with its label."""
        return [(str(chosen), field.found[chosen]) for chosen in value]

    def matching(self, term: str, limit: int = 50) -> list[tuple[int, str]]:
        """Return the first choices whose label holds the term."""
        found = self.rows()
        if term:
            found = found.filter(**{f"{self.label_field}__icontains": term})
        return list(found.values_list("pk", self.label_field)[:limit])


class ListFilters(django_filters.FilterSet):  # type: ignore[misc]  # the library has no types
    """The base of every list's filters; declare `q = Search()` and a method `search` for a search box.

    Lists with conditions that must hold together override `filter_queryset`.
    """

    base_filters: Mapping[str, Any]

    class Meta:
        form = ListForm

    def __init__(
        self, data: QueryDict | None, queryset: QuerySet[Any], *, user: User, names: Iterable[str] | None = None
    ) -> None:
        """Make all filters, or only the named ones: a page makes no field that its address leaves empty."""
        self.user = user
        if names is not None:
            self.base_filters = {name: self.base_filters[name] for name in names}
        super().__init__(data, queryset)

    @classmethod
    def names(cls) -> Iterable[str]:
        """Return the names of all filters, the search included."""
        return list(cls.base_filters)

    @classmethod
    def given(cls, query: QueryDict) -> list[str]:
        """Return the names of the filters that the query sets."""
        return [name for name in cls.base_filters if any(query.getlist(name))]

    def search(self, queryset: QuerySet[Any], name: str, term: str) -> QuerySet[Any]:
        """Keep rows that match the search box; lists with a box override this."""
        return queryset

    def known_number(self) -> int | None:
        """Return how many rows are left, if filtering has found it out; from CAP + 1 on it may be more."""
        return None

    def known_keys(self) -> list[int] | None:
        """Return the keys of the rows that are left, in the list's default order, if filtering has found them out."""
        return None

    def known_ids(self) -> str | None:
        """Return the keys of all rows that are left as PostgreSQL writes an array, if filtering has found them out."""
        return None

    def chips(self, query: QueryDict) -> list[Chip]:
        """Return the active choices, each with the query string of the list without it."""
        return [
            Chip(self.form.fields[name].label or name, label, _without(query, name, value))
            for name, cleaned in self.form.cleaned_data.items()
            if name != "q" and cleaned not in (None, "", [])
            for value, label in self.filters[name].words(self.form.fields[name], cleaned)
        ]


def _without(query: QueryDict, name: str, value: str) -> str:
    rest = query.copy()
    rest.setlist(name, [one for one in query.getlist(name) if one != value])
    rest.pop("page", None)
    return rest.urlencode()
