"""The filters of the customer list: products, plan, region and type hold for one and the same product."""

from typing import Any

from django.db.models import QuerySet

from customers.dictionaries import person_label, region_label
from customers.models import Customer
from customers.tables import tenant_choices
from msc.access.models import User
from msc.access.roles import Role
from msc.pages.filters import ListFilters, MultiChoice, ScopedModelMultiChoice, Search
from serviceplans.catalogue import Product
from serviceplans.models import ServicePlan, StorageRegion


class RegionChoice(ScopedModelMultiChoice):
    """The storage regions that the reader's MSP is offered."""

    def rows(self) -> QuerySet[StorageRegion]:
        """Return the regions with provider and name as their label."""
        mine = StorageRegion.objects.filter(offers__msp=self.parent.user.msp_id).distinct()
        return mine.annotate(label=region_label()).order_by("label", "pk")


class TenantAdminChoice(ScopedModelMultiChoice):
    """The tenant administrators of the customers that the reader sees."""

    def rows(self) -> QuerySet[User]:
        """Return the people with their whole name as their label."""
        user: User = self.parent.user
        people: QuerySet[User] = User.objects.for_user(user).filter(role=Role.TENANT_ADMIN)
        if user.role == Role.TENANT_ADMIN:
            people = people.filter(assignments__customer__in=Customer.objects.for_user(user)).distinct()
        return people.annotate(label=person_label()).order_by("label", "pk")


class CustomerFilters(ListFilters):
    """The search box and the five filters."""

    q = Search("Search customers")
    product = MultiChoice("Products", Product.choices)
    plan = ScopedModelMultiChoice("Service Plans", model=ServicePlan)
    region = RegionChoice("Storage Regions", model=StorageRegion, label_field="label")
    type = MultiChoice("Tenant Type", tenant_choices("tenant_type"))
    admin = TenantAdminChoice("Tenant Admin", model=User, label_field="label")

    def filter_queryset(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Keep customers with one product of which all chosen conditions hold."""
        chosen = self.form.cleaned_data
        customers: Any = queryset  # a CustomerQuerySet
        return (  # type: ignore[no-any-return]
            customers.matching(chosen["q"])
            .with_tenant(
                products=chosen["product"], plans=chosen["plan"], regions=chosen["region"], types=chosen["type"]
            )
            .assigned_to(chosen["admin"])
        )
