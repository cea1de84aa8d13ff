"""Random histories of one customer's products against a small model: no rule is ever broken, by whatever sequence.

The clock begins seventy days back and never passes today, since the database's triggers have the real one.
"""

import os
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

import pytest
from django.db import transaction
from django.utils import timezone
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from customers.models import CustomerSummary
from msc.access.models import Msp, User
from msc.errors import DomainError
from msc.events.models import Event
from serviceplans.models import StorageRegion
from tenants import services, tasks, transitions
from tenants.models import Tenant
from tests import factories

PRODUCTS = ("hybrid", "saas")
PLANS = ("both", "business", "saas only")
PLACES = ("us-east-1", "eu-central-1", "westeurope")
AWS = {"us-east-1", "eu-central-1"}
BACK = 70
EXAMPLES = int(os.environ.get("MSC_HISTORIES", "20"))

products = st.sampled_from(PRODUCTS)
plans = st.sampled_from(("both", "both", "both", *PLANS))
kinds = st.sampled_from(("evaluation", "commercial"))
places = st.one_of(st.just({"us-east-1"}), st.just({"us-east-1"}), st.sets(st.sampled_from(PLACES)))
#: An expiry is so many days from today, or lies at the limit; half of them do, for there a wrong rule shows.
LAST, BEYOND = "the last day", "a day too late"
offsets = st.one_of(
    st.sampled_from((LAST, BEYOND)), st.sampled_from((0, 1, 29, 30, 31, 32, 59, 60, 61, 1095, 1096, 2922, 2923))
)


@dataclass
class Known:
    """What the model knows of one product."""

    plan: str
    kind: str
    expiry: date
    regions: set[str]
    created_on: date
    state: str = "creating"
    before: str = ""
    delete_on: date | None = None


@dataclass
class Book:
    """What the model knows of the customer."""

    products: dict[str, Known] = field(default_factory=dict)
    acts: int = 0
    purged: int = 0


def years_later(day: date, years: int) -> date:
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return day.replace(year=day.year + years, day=28)


def plan_covers(plan: str, product: str) -> bool:
    return plan != "saas only" or product == "saas"


def places_fit(plan: str, product: str, regions: set[str]) -> bool:
    if not regions or (plan == "business" and len(regions) != 1):
        return False
    return product == "saas" or bool(regions & AWS)


def longest(kind: str, product: str, today: date, known: Known | None) -> date:
    if kind == "commercial":
        return years_later(today, 8 if product == "hybrid" else 3)
    if known is None:
        return today + timedelta(days=30)
    return min(max(today, known.expiry) + timedelta(days=30), known.created_on + timedelta(days=60))


def expiry_at(offset: int | str, limit: date, today: date) -> date:
    if isinstance(offset, int):
        return today + timedelta(days=offset)
    return limit + timedelta(days=offset == BEYOND)


class Histories(RuleBasedStateMachine):
    """Adds, edits, moves, waits and purges, and compares with the model after each step."""

    msp: Msp
    person: User
    plans: dict

    def __init__(self) -> None:
        super().__init__()
        self.undo = transaction.atomic()
        self.undo.__enter__()
        self.book, self.days = Book(), 0
        self.customer = factories.make_customer(self.msp)
        self.places = {place.name: place for place in StorageRegion.objects.filter(name__in=PLACES)}

    def teardown(self) -> None:
        transaction.set_rollback(True)
        self.undo.__exit__(None, None, None)

    @initialize()
    def begin(self) -> None:
        self.start = timezone.now() - timedelta(days=BACK)
        for product in PRODUCTS:
            for kind in ("evaluation", "commercial"):
                self.add(product, "both", kind, BEYOND, {"us-east-1"})

    @property
    def now(self) -> datetime:
        return self.start + timedelta(days=self.days)

    @property
    def today(self) -> date:
        return self.msp.today(self.now)

    def tenant(self, product: str) -> Tenant | None:
        return Tenant.objects.live().filter(customer=self.customer, product=product).first()

    def attempt(self, act, *, expected: bool) -> bool:
        """Do the act; the service must allow exactly what the model allows."""
        if not expected:
            with pytest.raises(DomainError), transaction.atomic():
                act()
            return False
        with transaction.atomic():
            act()
        self.book.acts += 1
        return True

    @rule(product=products, plan=plans, kind=kinds, offset=offsets, regions=places)
    def add(self, product, plan, kind, offset, regions) -> None:
        limit = longest(kind, product, self.today, None)
        expiry = expiry_at(offset, limit, self.today)
        expected = (
            product not in self.book.products
            and plan_covers(plan, product)
            and places_fit(plan, product, regions)
            and self.today < expiry <= limit
        )
        act = lambda: services.add_tenant(  # noqa: E731  a sentence of one call
            by=self.person,
            customer=self.customer,
            product=product,
            plan=self.plans[plan],
            tenant_type=kind,
            license_expiry=expiry,
            regions=[self.places[name] for name in sorted(regions)],
            now=self.now,
        )
        if self.attempt(act, expected=expected):
            self.book.products[product] = Known(plan, kind, expiry, set(regions), self.today)

    @rule(product=products, plan=plans, kind=kinds, offset=st.one_of(st.none(), offsets), regions=places)
    def edit(self, product, plan, kind, offset, regions) -> None:
        tenant, known = self.tenant(product), self.book.products.get(product)
        if tenant is None or known is None:
            return
        limit = longest(kind, product, self.today, known)
        expiry = known.expiry if offset is None else expiry_at(offset, limit, self.today)
        wanted = known.regions | regions
        is_same = (kind, expiry) == (known.kind, known.expiry)
        expected = (
            known.state == "ready"
            and not (known.kind == "commercial" and kind == "evaluation")
            and plan_covers(plan, product)
            and places_fit(plan, product, wanted)
            and (is_same or self.today < expiry <= limit)
        )
        act = lambda: services.edit_tenant(  # noqa: E731
            by=self.person,
            tenant=tenant,
            version=tenant.version,
            plan=self.plans[plan],
            tenant_type=kind,
            license_expiry=expiry,
            regions=[self.places[name] for name in sorted(wanted)],
            quota=None,
            now=self.now,
        )
        if not self.attempt(act, expected=expected):
            return
        if (plan, kind, wanted) != (known.plan, known.kind, known.regions):
            known.state = "updating"
        elif expiry == known.expiry:
            self.book.acts -= 1  # nothing was changed, and nothing is recorded
        known.plan, known.kind, known.expiry, known.regions = plan, kind, expiry, wanted

    @rule(product=products, regions=places)
    def leave_a_region_out(self, product, regions) -> None:
        tenant, known = self.tenant(product), self.book.products.get(product)
        if tenant is None or known is None or known.regions <= regions or not regions:
            return
        with pytest.raises(DomainError), transaction.atomic():
            services.edit_tenant(
                by=self.person,
                tenant=tenant,
                version=tenant.version,
                plan=tenant.service_plan,
                tenant_type=tenant.tenant_type,
                license_expiry=tenant.license_expiry,
                regions=[self.places[name] for name in sorted(regions)],
                quota=None,
                now=self.now,
            )

    @rule(product=products)
    def suspend(self, product) -> None:
        self.move(
            product, "suspended", ("ready",), lambda tenant: transitions.suspend_tenant(by=self.person, tenant=tenant)
        )

    @rule(product=products)
    def activate(self, product) -> None:
        self.move(
            product, "ready", ("suspended",), lambda tenant: transitions.activate_tenant(by=self.person, tenant=tenant)
        )

    @rule(product=products)
    def delete(self, product) -> None:
        known = self.book.products.get(product)
        before = known.state if known else ""
        act = lambda tenant: transitions.delete_tenant(by=self.person, tenant=tenant, now=self.now)  # noqa: E731
        if self.move(product, "deleting", ("creating", "ready", "suspended"), act):
            known.before, known.delete_on = before, self.today + timedelta(days=7)

    @rule(product=products)
    def cancel(self, product) -> None:
        known = self.book.products.get(product)
        back = known.before if known and known.state == "deleting" else "ready"
        self.move(
            product, back, ("deleting",), lambda tenant: transitions.cancel_deletion(by=self.person, tenant=tenant)
        )

    def move(self, product, to, from_states, act) -> bool:
        tenant, known = self.tenant(product), self.book.products.get(product)
        if tenant is None or known is None:
            return False
        if self.attempt(lambda: act(tenant), expected=known.state in from_states):
            known.state = to
            return True
        return False

    @rule()
    def apply(self) -> None:
        tasks.apply_changes()
        for known in self.book.products.values():
            if known.state in ("creating", "updating"):
                known.state = "ready"
                self.book.acts += 1
        for product, known in self.book.products.items():
            if known.state == "ready":
                self.edit(product, known.plan, known.kind, BEYOND, known.regions)

    @precondition(lambda self: self.days < BACK - 1)
    @rule(days=st.integers(1, 20))
    def wait(self, days) -> None:
        self.days = min(self.days + days, BACK - 1)

    @rule()
    def purge(self) -> None:
        due = [
            name
            for name, known in self.book.products.items()
            if known.state == "deleting" and known.delete_on <= self.today
        ]
        assert tasks.purge_due(self.now) == len(due)
        for name in due:
            del self.book.products[name]
        self.book.acts += len(due)
        self.book.purged += len(due)

    @rule()
    def try_to_delete_the_customer(self) -> None:
        if self.book.products:
            with pytest.raises(DomainError), transaction.atomic():
                services.delete_customer(by=self.person, customer=self.customer)

    @invariant()
    def rows_say_what_the_model_says(self) -> None:
        found = {
            tenant.product: Known(
                plan=next(name for name, plan in self.plans.items() if plan.pk == tenant.service_plan_id),
                kind=tenant.tenant_type,
                expiry=tenant.license_expiry,
                regions={row.region.name for row in tenant.regions.select_related("region")},
                created_on=tenant.created_on,
                state=tenant.state,
                before=tenant.state_before_deleting if tenant.state == "deleting" else known.before,
                delete_on=tenant.delete_on if tenant.state == "deleting" else known.delete_on,
            )
            for tenant in Tenant.objects.live().filter(customer=self.customer)
            if (known := self.book.products.get(tenant.product))
        }
        assert found == self.book.products
        assert Tenant.objects.filter(customer=self.customer).exclude(deleted_at=None).count() == self.book.purged

    @invariant()
    def the_summary_and_the_record_follow(self) -> None:
        entries = CustomerSummary.objects.get(customer=self.customer).products
        assert {entry["p"]: (entry["st"], entry["y"], entry["x"]) for entry in entries} == {
            name: (known.state, known.kind, known.expiry.isoformat()) for name, known in self.book.products.items()
        }
        assert Event.objects.for_customer(self.customer.pk).count() == self.book.acts


@pytest.mark.django_db
@pytest.mark.timeout(600)
def test_no_history_breaks_a_rule(ada, scoped):
    Histories.msp, Histories.person = scoped, ada
    Histories.plans = {
        "both": factories.make_plan(scoped, "Both"),
        "business": factories.make_plan(scoped, "Business", edition="business"),
        "saas only": factories.make_plan(scoped, "SaaS", products=("saas",)),
    }
    run_state_machine_as_test(
        Histories,
        settings=settings(
            max_examples=EXAMPLES,
            stateful_step_count=30,
            deadline=None,
            derandomize=EXAMPLES == 20,
            suppress_health_check=list(HealthCheck),
        ),
    )
