"""The filters of the list of products."""

from typing import Any

from django.db.models import QuerySet

from customers.filters import ProductFilters
from customers.models import Customer
from customers.querysets import fitting


class TenantFilters(ProductFilters):
    """The same search and filters as of the customer list, so that one address fits both."""

    def filter_queryset(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Keep the products of which all chosen conditions hold."""
        chosen = self.form.cleaned_data.get
        rows = fitting(queryset, self.wanted)
        if chosen("q") or chosen("admin") or chosen("attention"):
            rows = rows.filter(customer__in=self.of_customer(Customer.objects.for_user(self.user)))
        return rows  # type: ignore[no-any-return]
