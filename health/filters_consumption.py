"""What the consumption page is asked for: a month or a range of days, products, customers."""

from datetime import date
from typing import Any

import django_filters
from django import forms
from django.core.validators import RegexValidator
from django.db.models import QuerySet
from django.utils import timezone

from health.filters import CustomerChoice
from health.spans import LONGEST_DAYS, MONTH, Span, month_label, month_named, month_of, span_between
from msc.pages.filters import DayFilter, ListFilters, ListForm, MultiChoice
from serviceplans.catalogue import Product

YEARS = range(2000, 2100)


class SpanForm(ListForm):
    """A month, or a range that ends after it begins."""

    def clean(self) -> dict[str, Any]:
        """Refuse a month together with a range, and a range that is none."""
        given = self.cleaned_data
        month, since, until = given.get("month"), given.get("since"), given.get("until")
        if month and (since or until):
            self.add_error("month", "Choose a month or a range of days, not both.")
        for name, day in (("since", since), ("until", until)):
            if day and day.year not in YEARS:
                self.add_error(name, "Choose a day of the years 2000 to 2099.")
        if since and until and since > until:
            self.add_error("until", "The last day lies before the first.")
        if since and ((until or timezone.localdate()) - since).days >= LONGEST_DAYS:
            self.add_error("since", "Choose at most three years.")
        return given


class MonthFilter(django_filters.CharFilter):  # type: ignore[misc]  # the library has no types
    """The month whose days are summed up; it leaves no row out."""

    def __init__(self) -> None:
        super().__init__(
            label="Month",
            validators=[RegexValidator(MONTH.pattern + r"\Z", "Write the month as 2026-10.")],
            max_length=7,
            widget=forms.TextInput(attrs={"type": "month", "placeholder": "2026-10"}),
        )

    def filter(self, queryset: QuerySet[Any], value: str) -> QuerySet[Any]:
        """Keep every row."""
        return queryset

    def words(self, field: forms.Field, value: str) -> list[tuple[str, str]]:
        """Return the month by its name."""
        span = month_named(value)
        return [(value, month_label(span.first) if span else value)]


class SpanEnd(DayFilter):
    """The first or the last day that is summed up; it leaves no row out."""

    def filter(self, queryset: QuerySet[Any], value: date | None) -> QuerySet[Any]:
        """Keep every row."""
        return queryset


class ConsumptionFilters(ListFilters):
    """The days, and which products of which customers."""

    class Meta:
        form = SpanForm

    month = MonthFilter()
    since = SpanEnd("From")
    until = SpanEnd("To")
    product = MultiChoice("Products", Product.choices)
    customer = CustomerChoice(field_name="customer")

    def span(self, today: date) -> Span:
        """Return the days that are asked for: this month unless the address says otherwise."""
        chosen = self.form.cleaned_data if self.form.is_valid() else {}
        if month := month_named(chosen.get("month") or ""):
            return month
        since, until = chosen.get("since"), chosen.get("until")
        return span_between(since, until, today) if since or until else month_of(today)

    @property
    def narrows(self) -> bool:
        """Whether some products or customers are chosen."""
        return self.form.is_valid() and any(self.form.cleaned_data.get(name) for name in ("product", "customer"))
