"""What moves a product from state to state, what is told to whom, and what the tasks do."""

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from health import intake
from msc.access import scope
from msc.access.actors import TaskActor
from msc.errors import DomainError
from msc.events.models import Event
from msc.mail.models import OutboxMessage
from serviceplans.catalogue import Product
from tenants import services, tasks, transitions
from tenants.models import Tenant
from tenants.provisioning import ProvisionerError
from tenants.states import TenantState
from tests import factories
from tests.health.conftest import run

pytestmark = pytest.mark.django_db
S = TenantState


@pytest.fixture
def hybrid(harbour):
    return factories.make_tenant(harbour, factories.make_plan(harbour.msp, "Gold"))


def mails() -> list[tuple[str, str]]:
    with scope.entered("support"):
        return list(OutboxMessage.objects.order_by("pk").values_list("kind", "to"))


def states(tenant: Tenant) -> list[tuple[str, list]]:
    events = Event.objects.for_object(tenant).order_by("pk")
    return [(event.action, event.changes.get("Status")) for event in events]


def test_suspend_and_activate_tell_the_customers_tenant_administrators_each_time(ada, tom, rita, hybrid):
    transitions.suspend_tenant(by=ada, tenant=hybrid)
    transitions.activate_tenant(by=tom, tenant=hybrid)
    transitions.suspend_tenant(by=ada, tenant=hybrid)
    assert mails() == [
        ("tenant.suspended", tom.email),
        ("tenant.activated", tom.email),
        ("tenant.suspended", tom.email),
    ]
    assert states(hybrid) == [
        ("tenant.suspended", ["Ready", "Suspended"]),
        ("tenant.activated", ["Suspended", "Ready"]),
        ("tenant.suspended", ["Ready", "Suspended"]),
    ]


def test_nobody_is_told_who_is_switched_off_or_in_charge_of_another_customer(ada, tom, hybrid, sibling):
    other = factories.make_tenant(sibling, factories.make_plan(sibling.msp))
    transitions.suspend_tenant(by=ada, tenant=other)
    with scope.entered("portal", msp=tom.msp_id):
        type(tom).objects.filter(pk=tom.pk).update(is_active=False)
    transitions.suspend_tenant(by=ada, tenant=hybrid)
    assert mails() == []


def test_deletion_waits_for_seven_days_and_can_be_cancelled(ada, tom, hybrid):
    transitions.suspend_tenant(by=ada, tenant=hybrid)
    deleting = transitions.delete_tenant(by=ada, tenant=hybrid)
    assert deleting.delete_on == hybrid.customer.msp.today() + timedelta(days=7)
    back = transitions.cancel_deletion(by=ada, tenant=hybrid)
    assert (back.state, back.delete_on, back.state_before_deleting) == (S.SUSPENDED, None, "")
    assert [kind for kind, _ in mails()] == [
        "tenant.suspended",
        "tenant.deletion_started",
        "tenant.deletion_cancelled",
    ]


@pytest.mark.parametrize(
    ("zone", "before", "at"),
    [
        ("Europe/Berlin", "2026-03-28T22:59:59", "2026-03-28T23:00:00"),
        ("America/New_York", "2026-03-29T03:59:59", "2026-03-29T04:00:00"),
        ("Asia/Kolkata", "2026-03-28T18:29:59", "2026-03-28T18:30:00"),
        ("Pacific/Kiritimati", "2026-03-28T09:59:59", "2026-03-28T10:00:00"),
        ("Pacific/Pago_Pago", "2026-03-29T10:59:59", "2026-03-29T11:00:00"),
    ],
)
def test_the_purge_comes_with_the_first_second_of_the_delete_date_where_the_msp_is(db, zone, before, at):
    msp = factories.make_msp(zone=zone)
    with scope.entered("worker", msp=msp.pk):
        tenant = factories.make_tenant(factories.make_customer(msp), factories.make_plan(msp), state=S.DELETING)
        Tenant.objects.filter(pk=tenant.pk).update(delete_on="2026-03-29")
    assert tasks.purge_due(datetime.fromisoformat(before).replace(tzinfo=UTC)) == 0
    assert tasks.purge_due(datetime.fromisoformat(at).replace(tzinfo=UTC)) == 1
    assert tasks.purge_due(datetime.fromisoformat(at).replace(tzinfo=UTC)) == 0
    with scope.entered("worker", msp=msp.pk):
        tenant.refresh_from_db()
        assert tenant.state == S.DELETED
        assert [event.actor_label for event in Event.objects.filter(action="tenant.deleted")] == ["purge"]


def test_a_purged_product_leaves_room_for_another_and_its_plan_can_go(ada, hybrid):
    tenant = transitions.delete_tenant(by=ada, tenant=hybrid)
    tasks.purge_due(datetime.now(UTC) + timedelta(days=8))
    tenant.refresh_from_db()
    assert tenant.state == S.DELETED
    customer = tenant.customer
    customer.refresh_from_db()
    assert customer.summary.products == []
    services.delete_customer(by=ada, customer=customer)


def test_the_task_makes_products_ready(ada, harbour):
    tenant = factories.make_tenant(harbour, factories.make_plan(harbour.msp), state=S.CREATING)
    tasks.apply_changes()
    tenant.refresh_from_db()
    assert tenant.state == S.READY
    assert states(tenant) == [("tenant.provisioned", ["Creating", "Ready"])]


def test_a_provisioner_that_fails_is_asked_again_later_and_holds_up_nobody(harbour, monkeypatch):
    plan = factories.make_plan(harbour.msp)
    stuck = factories.make_tenant(harbour, plan, state=S.CREATING)
    other = factories.make_tenant(harbour, plan, Product.SAAS, state=S.UPDATING)

    def refuse(tenant: Tenant) -> None:
        if tenant.pk == stuck.pk:
            raise ProvisionerError("away")

    monkeypatch.setattr(tasks.provisioning, "provisioner", lambda: refuse)
    tasks.apply_changes()
    stuck.refresh_from_db()
    other.refresh_from_db()
    assert (stuck.state, stuck.apply_attempts, other.state) == (S.CREATING, 1, S.READY)
    assert stuck.apply_after is not None


def test_what_has_run_must_be_named_to_be_deleted(ada, hybrid, scoped):
    records = [(1, run(hybrid, started_at=None, ended_at=timezone.now().isoformat()))]
    assert intake.store_runs(scoped, records).created == 1
    with pytest.raises(DomainError, match="Type Hybrid Workloads to confirm") as refusal:
        transitions.delete_tenant(by=ada, tenant=hybrid, typed_name="Hybrid")
    assert refusal.value.field == "typed_name"
    assert transitions.delete_tenant(by=ada, tenant=hybrid, typed_name=" hybrid  workloads ").state == S.DELETING


def test_tasks_find_nothing_to_do_twice(harbour):
    tenant = factories.make_tenant(harbour, factories.make_plan(harbour.msp))
    transitions.finish_applying(by=TaskActor("provisioner", msp_id=harbour.msp_id), tenant=tenant)
    assert states(tenant) == []
