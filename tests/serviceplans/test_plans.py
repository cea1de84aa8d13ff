"""Service plans: what they promise, who changes them, and what stands in the way."""

import re
from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.db import DatabaseError, connection, transaction

from customers.models import CustomerSummary
from msc.access import scope
from msc.errors import Conflict, DomainError
from msc.events.models import Event
from serviceplans import services
from serviceplans.catalogue import Edition, Feature, Product, Workload, features_allowed, workloads_allowed
from serviceplans.models import PlanProduct, ServicePlan
from serviceplans.rules import ProductTerms, full_terms, problems
from tenants import plans, summaries
from tenants.models import Tenant
from tenants.states import TenantState
from tests import factories
from tests.cast import signed_in
from tests.queries import counted

pytestmark = pytest.mark.django_db
GOLD = [full_terms(Product.HYBRID, Edition.ELITE)]


def fields(*terms: ProductTerms, **more) -> dict:
    """Return what a browser sends for these terms."""
    sent = {"hybrid_edition": "enterprise", "saas_edition": "enterprise", **more}
    for each in terms:
        sent |= {f"{each.product}_included": "on", f"{each.product}_edition": each.edition}
        sent |= {f"{each.product}_workloads": list(each.workloads), f"{each.product}_features": list(each.features)}
    return sent


def forced(by, plan, terms) -> None:
    """Change the plan past the rule of the app above, up to where the database asks at commit."""
    with transaction.atomic(), connection.cursor() as cursor:
        services.update_plan(by=by, plan=plan, name="Gold", terms=terms)
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


@pytest.mark.parametrize("product", Product.values)
@pytest.mark.parametrize("edition", Edition.values)
def test_a_plan_with_all_that_an_edition_allows_is_in_rule_and_one_more_is_not(product, edition):
    assert problems([full_terms(product, edition)]) == []
    for workload in set(Workload.values) - set(workloads_allowed(product, edition)):
        assert [p.field for p in problems([ProductTerms(product, edition, (workload,))])] == [f"{product}_workloads"]
    for feature in set(Feature.values) - set(features_allowed(product, edition)):
        terms = full_terms(product, edition)
        assert [p.field for p in problems([ProductTerms(product, edition, terms.workloads, (feature,))])] == [
            f"{product}_features"
        ]


@pytest.mark.parametrize(
    ("limits", "field"),
    [
        ({"backup_interval_min_hours": 0}, "hybrid_backup_interval_min_hours"),
        ({"backup_interval_min_hours": 5, "backup_interval_max_hours": 4}, "hybrid_backup_interval_max_hours"),
        ({"retention_min_days": 366 * 100 + 1}, "hybrid_retention_min_days"),
        ({"retention_min_days": 30, "retention_max_days": 29}, "hybrid_retention_max_days"),
    ],
)
def test_limits_are_ranges(limits, field):
    assert [p.field for p in problems([ProductTerms("hybrid", "elite", ("vmware",), **limits)])] == [field]


@pytest.mark.parametrize(
    "changes",
    [
        {"edition": "business", "workloads": ["endpoints"]},
        {"edition": "business", "features": ["data_governance"]},
        {"workloads": ["vmware"]},
        {"workloads": []},
        {"edition": "platinum"},
        {"retention_min_days": 9, "retention_max_days": 8},
    ],
)
def test_the_database_refuses_what_the_catalogue_does_not_have(scoped, changes):
    plan = factories.make_plan(scoped, products=("saas",))
    with pytest.raises(DatabaseError), transaction.atomic():
        PlanProduct.objects.filter(plan=plan).update(**changes)


def test_a_plan_is_created_once_per_name(ada, scoped):
    services.create_plan(by=ada, msp=scoped, name=" Gold ", terms=GOLD)
    with pytest.raises(DomainError, match="Another service plan has this name") as refusal:
        services.create_plan(by=ada, msp=scoped, name="gOLD", terms=GOLD)
    assert refusal.value.field == "name"
    event = Event.objects.get(action="plan.created")
    assert event.object_label == "Gold"
    assert event.changes["Hybrid Workloads: edition"] == [None, "Elite"]


def test_a_copy_says_the_same_and_is_no_default(ada, scoped):
    default = services.create_default_plan(by=ada, msp=scoped, products=Product.values)
    copy = services.copy_plan(by=ada, plan=default, name="Copy")
    assert services.terms_of(copy) == services.terms_of(default)
    assert not copy.is_default


@pytest.mark.parametrize("person", ["tom", "rita"])
def test_only_an_msp_administrator_changes_plans(person, request, scoped):
    by, plan = request.getfixturevalue(person), factories.make_plan(scoped)
    terms = services.terms_of(plan)
    with pytest.raises(PermissionDenied):
        services.create_plan(by=by, msp=scoped, name="Gold", terms=terms)
    with pytest.raises(PermissionDenied):
        plans.update_plan(by=by, plan=plan, version=1, name="Gold", terms=terms)
    with pytest.raises(PermissionDenied):
        plans.delete_plan(by=by, plan=plan)


def test_a_plan_in_use_is_not_deleted_and_says_where_it_is_used(ada, harbour):
    plan = factories.make_plan(harbour.msp)
    tenant = factories.make_tenant(harbour, plan)
    with pytest.raises(DomainError, match="1 product uses this plan") as refusal:
        plans.delete_plan(by=ada, plan=plan)
    assert [link.url for link in refusal.value.links] == [f"/customers/{harbour.pk}/products/{tenant.pk}/"]
    with pytest.raises(DatabaseError, match="deleted_plan_is_not_in_use"), transaction.atomic():
        ServicePlan.objects.filter(pk=plan.pk).update(deleted_at=harbour.created_at)
    with pytest.raises(DatabaseError), transaction.atomic():
        ServicePlan.objects.filter(pk=plan.pk).delete()


def test_the_default_plan_stays(ada, scoped):
    plan = factories.make_plan(scoped, is_default=True)
    with pytest.raises(DomainError, match="default service plan"):
        plans.delete_plan(by=ada, plan=plan)
    with pytest.raises(DatabaseError), transaction.atomic():
        ServicePlan.objects.filter(pk=plan.pk).update(is_default=False)


def test_a_deleted_plan_leaves_its_name(ada, scoped):
    plan = factories.make_plan(scoped, "Gold")
    plans.delete_plan(by=ada, plan=plan)
    assert list(ServicePlan.objects.for_user(ada)) == []
    services.create_plan(by=ada, msp=scoped, name="Gold", terms=GOLD)


def test_a_change_reaches_the_products_and_the_list(ada, harbour):
    plan = factories.make_plan(harbour.msp, "Gold", products=("hybrid",))
    ready = factories.make_tenant(harbour, plan)
    summaries.refresh([harbour.pk])
    plans.update_plan(by=ada, plan=plan, version=1, name="Platinum", terms=GOLD)
    ready.refresh_from_db()
    summary = CustomerSummary.objects.get(customer=harbour)
    assert (ready.state, summary.plan_low, summary.edition_low) == (TenantState.UPDATING, "platinum", 3)
    assert summary.products[0]["e"] == "elite"
    event = Event.objects.get(action="plan.edited")
    assert event.changes["Hybrid Workloads: edition"] == ["Enterprise", "Elite"]
    assert event.changes["Name"] == ["Gold", "Platinum"]


def test_a_new_name_alone_moves_no_product(ada, harbour):
    plan = factories.make_plan(harbour.msp, "Gold")
    ready = factories.make_tenant(harbour, plan)
    with counted() as statements:
        plans.update_plan(by=ada, plan=plan, version=1, name="Silver", terms=services.terms_of(plan))
    ready.refresh_from_db()
    assert ready.state == TenantState.READY
    assert CustomerSummary.objects.get(customer=harbour).plan_low == "silver"
    # Neither the products nor the parts of the plan are read one by one or written.
    assert not [sql for sql in statements if 'FROM "tenants_tenantworkload"' in sql]
    assert not [sql for sql in statements if sql.startswith('UPDATE "serviceplans_planproduct"')]


@pytest.mark.parametrize(
    ("terms", "reason"),
    [
        ([full_terms("saas", "elite")], "would not cover Hybrid Workloads"),
        ([full_terms("hybrid", "business")], "it has 2 storage regions"),
    ],
)
def test_a_change_that_would_put_a_product_out_of_rule_is_refused_above_and_beneath(ada, harbour, terms, reason):
    plan = factories.make_plan(harbour.msp, products=("hybrid",))
    factories.make_tenant(harbour, plan, regions=("us-east-1", "eu-central-1"))
    with pytest.raises(DomainError, match="1 product would no longer comply") as refusal:
        plans.update_plan(by=ada, plan=plan, version=1, name="Gold", terms=terms)
    assert reason in refusal.value.links[0].label
    with pytest.raises(DatabaseError, match=r"plan_covers_product|business_has_one_region"):
        forced(ada, plan, terms)


def test_users_of_a_workload_stand_in_the_way_of_dropping_it(ada, harbour):
    plan = factories.make_plan(harbour.msp, products=("saas",))
    tenant = factories.make_tenant(harbour, plan, Product.SAAS)
    tenant.workloads.create(msp_id=harbour.msp_id, workload="m365", user_count=3)
    with pytest.raises(DomainError) as refusal:
        plans.update_plan(
            by=ada, plan=plan, version=1, name="Gold", terms=[ProductTerms("saas", "elite", ("salesforce",))]
        )
    assert "users of Microsoft 365" in refusal.value.links[0].label


def test_the_second_of_two_people_is_told_what_the_first_one_changed(ada, scoped):
    plan = services.create_plan(by=ada, msp=scoped, name="Gold", terms=GOLD)
    plans.update_plan(by=ada, plan=plan, version=1, name="Silver", terms=GOLD)
    with pytest.raises(Conflict) as conflict:
        plans.update_plan(by=ada, plan=plan, version=1, name="Bronze", terms=GOLD)
    assert conflict.value.by == "Ada Arnold"


# -- Pages --------------------------------------------------------------------------------------------------------


def test_the_list_counts_what_the_reader_may_see(ada, tom, harbour, sibling):
    plan = factories.make_plan(harbour.msp, "Gold")
    for customer in (harbour, sibling):
        factories.make_tenant(customer, plan)
    assert "2</td>" in signed_in(ada).get("/service-plans/").content.decode()
    page = signed_in(tom).get("/service-plans/").content.decode()
    assert "1</td>" in page
    assert "Create Service Plan" not in page
    assert "Sibling Studios" not in signed_in(tom).get(f"/service-plans/{plan.pk}/").content.decode()


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", ["Both", "Business", "Elite"]),
        ("q=eli", ["Elite"]),
        ("product=saas", ["Both", "Business"]),
        ("edition=business", ["Business"]),
        ("product=hybrid&edition=business", []),
        ("workload=m365&edition=enterprise", ["Both"]),
        ("sort=-in_use", ["Elite", "Business", "Both"]),
        ("sort=-editions", ["Elite", "Both", "Business"]),
    ],
)
def test_filters_hold_for_one_and_the_same_product_of_a_plan(ada, harbour, query, found):
    factories.make_plan(harbour.msp, "Both")
    factories.make_plan(harbour.msp, "Business", edition="business", products=("saas",))
    elite = factories.make_plan(harbour.msp, "Elite", edition="elite", products=("hybrid",))
    factories.make_tenant(harbour, elite)
    page = signed_in(ada).get(f"/service-plans/?{query}").content.decode()
    assert re.findall(r">(Both|Business|Elite)</a>", page) == found


def test_a_plan_is_created_copied_edited_and_deleted_by_forms(ada, harbour):
    client = signed_in(ada)
    key = client.get("/service-plans/create/").context["submit_key"]
    created = client.post("/service-plans/create/", {**fields(*GOLD, name="Gold"), "submit_key": key})
    plan = ServicePlan.objects.get(name="Gold")
    assert (created.status_code, created.url) == (302, f"/service-plans/{plan.pk}/")
    assert services.terms_of(plan) == GOLD

    copy = client.get(f"/service-plans/{plan.pk}/copy/")
    assert copy.context["form"].initial["name"] == "Copy of Gold"
    assert copy.context["form"].initial["hybrid_edition"] == "elite"

    tenant = factories.make_tenant(harbour, plan)
    edit = f"/service-plans/{plan.pk}/edit/"
    assert "1 product of 1 customer" in client.get(edit).content.decode()
    changed = fields(full_terms("hybrid", "enterprise"), name="Gold", version=1)
    assert set(client.post(edit, changed).context["form"].errors) == {"confirm_impact"}
    assert client.post(edit, {**changed, "confirm_impact": "on"}).status_code == 302
    assert client.post(edit, changed).status_code == 409

    page = client.get(f"/service-plans/{plan.pk}/").content.decode()
    assert "Harbour Logistics" in page
    refused = client.post(f"/service-plans/{plan.pk}/delete/")
    assert refused.status_code == 422
    assert f"/customers/{harbour.pk}/products/{tenant.pk}/" in refused.content.decode()
    other = factories.make_plan(harbour.msp)
    with scope.entered("worker", msp=harbour.msp_id):
        Tenant.objects.filter(pk=tenant.pk).update(service_plan=other)
    assert client.post(f"/service-plans/{plan.pk}/delete/").status_code == 302


def test_a_plan_of_another_msp_does_not_exist(eve, scoped):
    plan = factories.make_plan(scoped)
    client = signed_in(eve)
    for page in ("", "edit/", "copy/", "delete/"):
        assert client.get(f"/service-plans/{plan.pk}/{page}").status_code == 404
        assert client.post(f"/service-plans/{plan.pk}/{page}").status_code in (404, 405)


def test_a_form_without_a_product_or_with_junk_says_so(ada, scoped):
    client = signed_in(ada)
    key = client.get("/service-plans/create/").context["submit_key"]
    nothing = client.post("/service-plans/create/", {**fields(name="Gold"), "submit_key": key})
    assert "Include at least one product" in str(nothing.context["form"].errors)
    junk = fields(full_terms("saas", "business"), name="", saas_retention_min_days="-1", submit_key=key)
    junk["saas_workloads"] = ["endpoints", "nonsense"]
    errors = client.post("/service-plans/create/", junk).context["form"].errors
    assert set(errors) == {"name", "saas_workloads", "saas_retention_min_days"}


def test_the_plan_page_offers_nothing_to_readers(rita, harbour):
    plan = factories.make_plan(harbour.msp)
    tenant = factories.make_tenant(harbour, plan, expiry=harbour.msp.today() + timedelta(days=3))
    page = signed_in(rita).get(f"/service-plans/{plan.pk}/").content.decode()
    assert "edit/" not in page
    assert f"/products/{tenant.pk}/" in page
