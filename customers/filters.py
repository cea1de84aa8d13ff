"""The filters of the customer list: products, plan, region and type hold for one and the same product."""

from datetime import date, timedelta
from functools import cached_property
from typing import Any

from django.db.models import QuerySet

from customers.dictionaries import person_label, region_label
from customers.models import Customer
from customers.querysets import Attention, CustomerQuerySet, Matches, Wanted, matches, number_and_ids
from customers.tables import tenant_choices
from msc.access.models import User
from msc.access.roles import Role
from msc.pages.filters import Choice, ListFilters, MultiChoice, ScopedModelMultiChoice, Search
from msc.pages.paging import CAP
from msc.pages.reading import array_of
from serviceplans.catalogue import Edition, Product
from serviceplans.models import PlanProduct, ServicePlan, StorageRegion


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


DAYS = (7, 30, 90)
DUE = [*((str(days), f"Within {days} days") for days in DAYS), ("passed", "Already passed")]


class ProductFilters(ListFilters):
    """The filters of a list of customers or of their products; all but search and admin hold for one product."""

    q = Search("Search customers")
    product = MultiChoice("Products", Product.choices)
    plan = ScopedModelMultiChoice("Service Plans", model=ServicePlan)
    region = RegionChoice("Storage Regions", model=StorageRegion, label_field="label")
    type = MultiChoice("Tenant Type", tenant_choices("tenant_type"))
    admin = TenantAdminChoice("Tenant Admin", model=User, label_field="label")
    edition = MultiChoice("Editions", Edition.choices)
    status = MultiChoice("Status", [(value, word) for value, word in tenant_choices("state") if value != "deleted"])
    expires = Choice("License expires", DUE)
    quota_ends = Choice("Quota ends", DUE)
    attention = MultiChoice("Needs attention", Attention.choices)

    @cached_property
    def wanted(self) -> Wanted:
        """What one and the same product is to be."""
        chosen = self.form.cleaned_data.get
        return Wanted(
            products=chosen("product") or (),
            plans=chosen("plan") or (),
            regions=chosen("region") or (),
            types=chosen("type") or (),
            edition_plans=self._edition_plans(chosen("edition")),
            states=chosen("status") or (),
            expiry=self._span(chosen("expires")),
            quota_end=self._span(chosen("quota_ends")),
        )

    @cached_property
    def matches(self) -> Matches:
        """What the search box finds, looked up once for count and page."""
        return matches(self.form.cleaned_data.get("q") or "")

    def of_customer(self, customers: CustomerQuerySet) -> CustomerQuerySet:
        """Keep the customers of whom what is asked of the customer itself holds."""
        chosen = self.form.cleaned_data.get
        warning = self.user.msp.quota_warning_percent if self.user.msp else 100
        found = customers.filter(self.matches.condition)
        return found.in_need(chosen("attention") or (), warning).assigned_to(chosen("admin") or ())

    def _edition_plans(self, editions: list[str] | None) -> dict[str, list[int]] | None:
        """Return the plans that sell one of the editions, by product: no more of a plan is compared per product."""
        if not editions:
            return None
        plans: dict[str, list[int]] = {}
        sold = PlanProduct.objects.for_user(self.user).filter(edition__in=editions)
        for product, plan in sold.values_list("product", "plan_id"):
            plans.setdefault(product, []).append(plan)
        return plans

    def _span(self, due: str | None) -> tuple[date, date] | None:
        """Return the days that the choice means where the MSP is."""
        if not due or self.user.msp is None:
            return None
        today = self.user.msp.today()
        if due == "passed":
            return date.min, today - timedelta(days=1)
        return today, today + timedelta(days=int(due))


class CustomerFilters(ProductFilters):
    """The filters of the customer list."""

    def filter_queryset(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Keep customers with one product of which all chosen conditions hold."""
        customers: Any = queryset  # a CustomerQuerySet
        return self.of_customer(customers).with_tenant(self.wanted)

    @cached_property
    def found(self) -> tuple[int, str | None]:
        """How many customers are left, and the ids of all of them unless there are more than CAP."""
        chosen = self.form.cleaned_data.get
        of_customer = chosen("admin") or chosen("attention")
        everyone = self.user.role != Role.TENANT_ADMIN  # a tenant administrator sees only some of what a search finds
        if not self.wanted and not of_customer and everyone and self.matches.number is not None:
            number, ids = self.matches.number, self.matches.ids
            return number, None if ids is None or number > CAP else array_of(ids)
        if self.wanted and not of_customer and not chosen("q"):
            number, ids_text = Customer.objects.for_user(self.user).found_by_tenant(self.user, self.wanted)
        else:
            left = self.filter_queryset(Customer.objects.for_user(self.user))
            number, ids_text = number_and_ids(left, "pk", CAP + 1)
        return number, ids_text if number <= CAP else None

    def known_number(self) -> int | None:
        return self.found[0]

    def known_keys(self) -> list[int] | None:
        """Return the customers that a search finds, by name, if nothing else is asked and the person sees them all."""
        chosen = self.form.cleaned_data.get
        narrowed = chosen("admin") or chosen("attention") or self.wanted or self.user.role == Role.TENANT_ADMIN
        return None if narrowed else self.matches.ids

    def known_ids(self) -> str | None:
        return self.found[1]
