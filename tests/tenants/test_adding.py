"""Adding a product: what stands afterwards, and what is refused."""

from datetime import date, timedelta
from decimal import Decimal

import pytest

from customers.models import CustomerSummary
from customers.services import create_sandbox_customer
from msc.access.actors import TaskActor
from msc.errors import DomainError
from msc.events.models import Event
from serviceplans import services as plans
from serviceplans.catalogue import Edition, Product
from serviceplans.models import StorageRegion
from tenants import services, summaries
from tenants.models import Tenant
from tenants.rules import Quota, Users
from tenants.states import TenantState, TenantType
from tests import factories

pytestmark = pytest.mark.django_db


def regions(*names: str) -> list[StorageRegion]:
    return list(StorageRegion.objects.filter(name__in=names).order_by("name"))


def add(by, customer, plan, product=Product.HYBRID, **changes) -> Tenant:
    today = customer.msp.today()
    choice = {
        "tenant_type": TenantType.EVALUATION,
        "license_expiry": today + timedelta(days=30),
        "regions": regions("us-east-1"),
        **changes,
    }
    return services.add_tenant(by=by, customer=customer, product=product, plan=plan, **choice)


def test_a_product_begins_in_creating_with_everything_that_was_chosen(ada, harbour):
    plan = factories.make_plan(harbour.msp)
    today = harbour.msp.today()
    quota = Quota(Decimal("12.5"), today, today + timedelta(days=365))
    tenant = add(ada, harbour, plan, Product.SAAS, quota=quota, users={"m365": Users(40, 3)})
    assert (tenant.state, tenant.created_on, tenant.term_started_on) == (TenantState.CREATING, today, today)
    assert [str(row.region) for row in tenant.regions.all()] == ["AWS us-east-1"]
    assert [(q.quota, q.effective_on) for q in tenant.quota_periods.all()] == [(Decimal("12.5"), today)]
    assert [(w.workload, w.user_count, w.preserved_user_count) for w in tenant.workloads.all()] == [("m365", 40, 3)]


def test_adding_is_one_event_with_everything_that_was_chosen(ada, harbour):
    plan = factories.make_plan(harbour.msp, "Gold")
    tenant = add(ada, harbour, plan)
    event = Event.objects.get(action="tenant.added")
    assert (event.object_id, event.object_label, event.customer_id) == (
        tenant.pk,
        f"Hybrid Workloads of Customer {harbour.pk}",
        harbour.pk,
    )
    assert event.changes["Service Plan"] == [None, "Gold"]
    assert event.changes["Storage Regions"] == [None, ["AWS us-east-1"]]


def test_the_summary_row_shows_both_products(ada, harbour):
    plan = factories.make_plan(harbour.msp, "Gold")
    hybrid = add(ada, harbour, plan)
    saas = add(ada, harbour, plan, Product.SAAS, regions=regions("westeurope", "eu-central-1"))
    summary = CustomerSummary.objects.get(customer=harbour)
    assert [(entry["t"], entry["p"], entry["st"]) for entry in summary.products] == [
        (hybrid.pk, "hybrid", "creating"),
        (saas.pk, "saas", "creating"),
    ]
    assert (summary.region_low, summary.region_high) == ("aws eu-central-1", "azure westeurope")
    assert (summary.edition_low, summary.plan_high, summary.quota_low) == (2, "gold", None)


def test_a_customer_has_one_live_product_of_a_kind(ada, harbour):
    plan = factories.make_plan(harbour.msp)
    add(ada, harbour, plan)
    with pytest.raises(DomainError, match="already has Hybrid Workloads"):
        add(ada, harbour, plan)


def test_only_what_the_msp_is_offered_can_be_added(ada, harbour):
    plan = factories.make_plan(harbour.msp)
    with pytest.raises(DomainError, match="eu-west-3 is not offered") as refusal:
        add(ada, harbour, plan, regions=regions("us-east-1", "eu-west-3"))
    assert refusal.value.field == "regions"


def test_the_sandbox_gets_its_products_of_its_own_type(northwind, scoped):
    by = TaskActor("opening", msp_id=northwind.pk)
    customer = create_sandbox_customer(by=by, msp=northwind, address="1 Pier", phone="+49301234567")
    plan = plans.create_default_plan(by=by, msp=northwind, products=Product.values)
    assert [part.edition for part in plan.products.all()] == [Edition.ENTERPRISE, Edition.ENTERPRISE]
    tenant = services.add_sandbox_tenant(
        by=by, customer=customer, plan=plan, product=Product.SAAS, region=regions("westeurope")[0]
    )
    assert (tenant.tenant_type, tenant.license_expiry) == (TenantType.SANDBOX, None)


def test_a_summary_without_products_is_empty(harbour):
    summaries.refresh([harbour.pk])
    assert CustomerSummary.objects.get(customer=harbour).products == []


@pytest.mark.parametrize(
    ("offset_from", "offset_to", "shown"),
    [((0, 10), (20, 30), 0), ((-20, -10), (5, 9), 1), ((-20, -10), (-9, -1), 1)],
)
def test_the_summary_shows_the_quota_in_force_else_the_next_else_the_last(harbour, offset_from, offset_to, shown):
    tenant = factories.make_tenant(harbour, factories.make_plan(harbour.msp))
    today = harbour.msp.today()
    periods = [tuple(today + timedelta(days=day) for day in offsets) for offsets in (offset_from, offset_to)]
    for amount, (begin, end) in enumerate(periods):
        tenant.quota_periods.create(msp_id=harbour.msp_id, quota=amount + 1, effective_on=begin, end_on=end)
    summaries.refresh([harbour.pk])
    entry = CustomerSummary.objects.get(customer=harbour).products[0]
    assert (entry["q"], date.fromisoformat(entry["qf"])) == (f"{shown + 1}.0000", periods[shown][0])
