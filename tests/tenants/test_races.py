"""Products under races, on real transactions: never a broken rule, never a 500, and the loser is told."""

import re
from datetime import timedelta
from decimal import Decimal

import pytest

from msc.access import scope
from msc.errors import Conflict, DomainError
from msc.events.models import Event
from msc.mail.models import OutboxMessage
from serviceplans.models import ServicePlan, StorageRegion
from serviceplans.rules import full_terms
from serviceplans.services import terms_of
from tenants import ground, plans, services, tasks, transitions
from tenants.models import Tenant
from tenants.rules import Quota
from tenants.states import TenantState
from tests import factories
from tests.cast import signed_in
from tests.customers.test_races import as_person, at_once

pytestmark = pytest.mark.django_db(transaction=True)
S = TenantState


@pytest.fixture
def stage(northwind, ada, tom):
    """A customer of tom's with a ready hybrid product under a plan, committed."""
    with scope.entered("portal", msp=northwind.pk):
        customer = factories.make_customer(northwind, "Harbour", admins=(tom,))
        plan = factories.make_plan(northwind, "Gold")
        return customer, plan, factories.make_tenant(customer, plan)


def place(msp) -> StorageRegion:
    with scope.entered("portal", msp=msp.pk):
        return StorageRegion.objects.get(name="westeurope")


def states(msp) -> list[str]:
    with scope.entered("portal", msp=msp.pk):
        return list(Tenant.objects.order_by("pk").values_list("state", flat=True))


def actions(msp) -> list[str]:
    with scope.entered("portal", msp=msp.pk):
        return sorted(Event.objects.filter(action__startswith="tenant.").values_list("action", flat=True))


def refusals(results) -> list[DomainError]:
    return [result for result in results if isinstance(result, DomainError)]


def test_twenty_equal_submits_add_one_product(ada, northwind, stage):
    customer, plan, _ = stage
    address = f"/customers/{customer.pk}/products/add/saas/"
    page = signed_in(ada).get(address).content.decode()
    region = place(northwind).pk
    fields = {
        "service_plan": plan.pk,
        "tenant_type": "evaluation",
        "regions": [region],
        "submit_key": re.search(r'name="submit_key" value="([^"]+)"', page)[1],
    }
    clients = [signed_in(ada) for _ in range(20)]
    answers = at_once(*(lambda client=client: client.post(address, fields).status_code for client in clients))
    assert answers == [302] * 20
    assert actions(northwind) == ["tenant.added"]


def test_ten_people_who_add_the_same_product_add_one(ada, northwind, stage):
    customer, plan, _ = stage
    region = place(northwind)
    act = as_person(
        ada,
        lambda: services.add_tenant(
            by=ada,
            customer=customer,
            product="saas",
            plan=plan,
            tenant_type="evaluation",
            license_expiry=northwind.today() + timedelta(days=30),
            regions=[region],
        ),
    )
    told = refusals(at_once(*[act] * 10))
    assert len(told) == 9
    assert {error.message for error in told} == {
        "This customer already has SaaS Apps and Endpoints. Edit the product that is there."
    }
    assert actions(northwind) == ["tenant.added"]


@pytest.mark.parametrize("_round", range(8))
def test_suspend_against_delete_ends_in_one_lawful_order(ada, tom, northwind, stage, _round):
    tenant = stage[2]
    results = at_once(
        as_person(ada, lambda: transitions.suspend_tenant(by=ada, tenant=tenant)),
        as_person(tom, lambda: transitions.delete_tenant(by=tom, tenant=tenant)),
    )
    told = refusals(results)
    if told:  # deletion was first
        assert [error.message for error in told] == ["Hybrid Workloads is being deleted. Cancel the deletion first."]
        assert actions(northwind) == ["tenant.deletion_started"]
    else:
        assert actions(northwind) == ["tenant.deletion_started", "tenant.suspended"]
    assert states(northwind) == [S.DELETING]
    with scope.entered("worker"):
        assert OutboxMessage.objects.count() == 2 - len(told)


def test_of_twenty_who_suspend_one_does_and_nineteen_are_told(ada, northwind, stage):
    act = as_person(ada, lambda: transitions.suspend_tenant(by=ada, tenant=stage[2]))
    told = refusals(at_once(*[act] * 20))
    assert {error.message for error in told} == {"Hybrid Workloads is suspended."}
    assert len(told) == 19
    assert actions(northwind) == ["tenant.suspended"]
    with scope.entered("worker"):
        assert OutboxMessage.objects.count() == 1


def test_of_two_who_edit_one_product_the_second_sees_both_texts(ada, tom, northwind, stage):
    tenant = stage[2]
    with scope.entered("portal", msp=northwind.pk):
        silver, bronze = (factories.make_plan(northwind, name) for name in ("Silver", "Bronze"))

    def edit(by, chosen):
        return as_person(
            by,
            lambda: services.edit_tenant(
                by=by,
                tenant=tenant,
                version=1,
                plan=chosen,
                tenant_type="commercial",
                license_expiry=tenant.license_expiry,
                regions=[row.region for row in tenant.regions.select_related("region")],
                quota=ground.current_quota(tenant),
            ),
        )

    told = refusals(at_once(edit(ada, silver), edit(tom, bronze)))
    assert len(told) == 1
    # The second either meets the new version or the update that is under way; nothing of the first is lost.
    assert isinstance(told[0], Conflict) or "is being updated" in told[0].message
    assert states(northwind) == [S.UPDATING]
    assert actions(northwind) == ["tenant.edited"]


def test_of_two_who_renew_one_quota_the_second_is_told(ada, tom, northwind, stage):
    tenant, today = stage[2], northwind.today()

    def renew(by, amount):
        return as_person(
            by,
            lambda: services.edit_tenant(
                by=by,
                tenant=tenant,
                version=1,
                plan=tenant.service_plan,
                tenant_type="commercial",
                license_expiry=tenant.license_expiry,
                regions=[row.region for row in tenant.regions.select_related("region")],
                quota=Quota(amount, today + timedelta(days=1), today + timedelta(days=9)),
            ),
        )

    told = refusals(at_once(renew(ada, Decimal(1)), renew(tom, Decimal(2))))
    assert [type(error) for error in told] == [Conflict]
    with scope.entered("portal", msp=northwind.pk):
        assert tenant.quota_periods.count() == 1
    assert actions(northwind) == ["tenant.edited"]


@pytest.mark.parametrize("_round", range(5))
def test_a_plan_that_loses_a_product_against_adding_it(ada, northwind, stage, _round):
    customer = stage[0]
    with scope.entered("portal", msp=northwind.pk):
        spare = factories.make_plan(northwind, "Spare")
    region = place(northwind)
    results = at_once(
        as_person(
            ada,
            lambda: services.add_tenant(
                by=ada,
                customer=customer,
                product="saas",
                plan=spare,
                tenant_type="evaluation",
                license_expiry=northwind.today() + timedelta(days=9),
                regions=[region],
            ),
        ),
        as_person(
            ada,
            lambda: plans.update_plan(
                by=ada, plan=spare, version=1, name="Spare", terms=[full_terms("hybrid", "elite")]
            ),
        ),
    )
    assert len(refusals(results)) == 1
    with scope.entered("portal", msp=northwind.pk):
        covered = {terms.product for terms in terms_of(spare)}
        used = set(Tenant.objects.filter(service_plan=spare).values_list("product", flat=True))
    assert used <= covered


@pytest.mark.parametrize("_round", range(5))
def test_deleting_a_plan_against_adding_a_product_under_it(ada, northwind, stage, _round):
    customer = stage[0]
    with scope.entered("portal", msp=northwind.pk):
        spare = factories.make_plan(northwind, "Spare")
    region = place(northwind)
    results = at_once(
        as_person(
            ada,
            lambda: services.add_tenant(
                by=ada,
                customer=customer,
                product="saas",
                plan=spare,
                tenant_type="evaluation",
                license_expiry=northwind.today() + timedelta(days=9),
                regions=[region],
            ),
        ),
        as_person(ada, lambda: plans.delete_plan(by=ada, plan=spare)),
    )
    assert len(refusals(results)) == 1
    with scope.entered("portal", msp=northwind.pk):
        is_deleted = ServicePlan.objects.get(pk=spare.pk).deleted_at is not None
        assert Tenant.objects.filter(service_plan=spare).exists() != is_deleted


def test_workers_at_once_make_each_product_ready_once(ada, northwind, stage):
    with scope.entered("portal", msp=northwind.pk):
        plan = stage[1]
        for _ in range(6):
            factories.make_tenant(factories.make_customer(northwind), plan, state=S.CREATING)
    at_once(*[tasks.apply_changes] * 4)
    tasks.apply_changes()
    assert set(states(northwind)) == {S.READY}
    assert actions(northwind) == ["tenant.provisioned"] * 6


def test_cancelling_against_the_purge_has_one_winner(ada, northwind, stage):
    tenant = stage[2]
    with scope.entered("worker", msp=northwind.pk):
        Tenant.objects.filter(pk=tenant.pk).update(
            state=S.DELETING, state_before_deleting=S.READY, delete_on=northwind.today()
        )
    results = at_once(
        as_person(ada, lambda: transitions.cancel_deletion(by=ada, tenant=tenant)),
        tasks.purge,
    )
    if refusals(results):
        assert states(northwind) == [S.DELETED]
        assert actions(northwind) == ["tenant.deleted"]
    else:
        assert states(northwind) == [S.READY]
        assert actions(northwind) == ["tenant.deletion_cancelled"]
