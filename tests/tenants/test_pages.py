"""The pages of products: what they show, to whom, and what their forms do."""

from datetime import timedelta

import pytest
from django.utils import timezone

from customers.models import CustomerSummary
from health import intake
from msc.access import scope
from msc.errors import DomainError
from msc.pages.when import absolute
from serviceplans.catalogue import Edition, Product
from serviceplans.models import StorageRegion
from tenants import tasks, transitions
from tenants.models import Tenant
from tenants.states import TenantState, TenantType
from tests import factories
from tests.cast import signed_in
from tests.health.conftest import usage

pytestmark = pytest.mark.django_db


@pytest.fixture
def plan(scoped):
    return factories.make_plan(scoped, "Gold")


@pytest.fixture
def hybrid(harbour, plan):
    return factories.make_tenant(harbour, plan)


def address(tenant, action: str = "") -> str:
    return f"/customers/{tenant.customer_id}/products/{tenant.pk}/{action}"


def region(name: str) -> int:
    return StorageRegion.objects.get(name=name).pk


def send(client, url: str, **fields):
    """Send a create form with the key that it carries."""
    key = client.get(url).context["submit_key"]
    return client.post(url, {**fields, "submit_key": key})


def test_the_customer_page_shows_a_card_for_each_product_and_a_way_to_add_the_other(ada, hybrid):
    page = signed_in(ada).get(f"/customers/{hybrid.customer_id}/").content.decode()
    assert "Hybrid Workloads" in page
    assert "Add SaaS Apps and Endpoints" in page
    assert "AWS us-east-1" in page
    assert address(hybrid, "suspend/") in page


def test_only_those_who_may_add_products_are_offered_it(rita, hybrid):
    page = signed_in(rita).get(f"/customers/{hybrid.customer_id}/").content.decode()
    assert "SaaS Apps and Endpoints" in page
    assert "Add SaaS Apps and Endpoints" not in page


def test_a_product_has_no_history_for_those_who_may_not_see_events(ada, tom, hybrid):
    assert 'id="panel-history"' in signed_in(ada).get(address(hybrid)).content.decode()
    assert 'id="panel-history"' not in signed_in(tom).get(address(hybrid)).content.decode()


@pytest.mark.parametrize(("name", "words"), [("ada", "Create a service plan"), ("tom", "Ask your MSP administrator")])
def test_without_a_plan_the_form_says_who_can_create_one(request, harbour, name, words):
    client = signed_in(request.getfixturevalue(name))
    assert words in client.get(f"/customers/{harbour.pk}/products/add/hybrid/").content.decode()


def test_a_product_is_added_with_what_the_form_fills_in(ada, harbour, plan):
    client = signed_in(ada)
    url = f"/customers/{harbour.pk}/products/add/hybrid/"
    form = client.get(url, headers={"HX-Request": "true"}).context["form"]
    assert form.initial["service_plan"] == plan
    assert form.initial["license_expiry"] == harbour.msp.today() + timedelta(days=30)
    answer = send(
        client, url, service_plan=plan.pk, tenant_type="evaluation", license_expiry="", regions=[region("us-east-1")]
    )
    assert answer.status_code == 302
    tenant = Tenant.objects.get(customer=harbour)
    assert (tenant.tenant_type, tenant.license_expiry) == ("evaluation", harbour.msp.today() + timedelta(days=30))
    assert CustomerSummary.objects.get(customer=harbour).products[0]["t"] == tenant.pk


def test_every_broken_rule_stands_beside_its_field(ada, harbour, plan):
    business = factories.make_plan(harbour.msp, "Small", edition=Edition.BUSINESS)
    today = harbour.msp.today()
    answer = send(
        signed_in(ada),
        f"/customers/{harbour.pk}/products/add/hybrid/",
        service_plan=business.pk,
        tenant_type="evaluation",
        license_expiry=today + timedelta(days=31),
        regions=[region("westeurope"), region("eu-central-1")],
        quota="5",
        quota_effective_on=today,
        quota_end_on=today,
    )
    assert answer.status_code == 422
    errors = answer.context["form"].errors
    assert set(errors) == {"license_expiry", "regions", "quota_end_on"}
    assert "exactly one storage region" in errors["regions"][0]


@pytest.mark.parametrize("product", ["hybrid", "saas"])
def test_twenty_equal_submits_make_one_product(ada, harbour, plan, product):
    client = signed_in(ada)
    url = f"/customers/{harbour.pk}/products/add/{product}/"
    fields = {
        "service_plan": plan.pk,
        "tenant_type": "commercial",
        "license_expiry": "",
        "regions": [region("us-east-1")],
        "submit_key": client.get(url).context["submit_key"],
    }
    assert {client.post(url, fields).status_code for _ in range(20)} == {302}
    assert Tenant.objects.filter(customer=harbour).count() == 1


def test_a_plan_and_a_region_of_another_msp_do_not_exist_in_the_form(ada, harbour, plan, eastgate):
    with scope.entered("portal", msp=eastgate.pk):
        foreign = factories.make_plan(eastgate)
    answer = send(
        signed_in(ada),
        f"/customers/{harbour.pk}/products/add/hybrid/",
        service_plan=foreign.pk,
        tenant_type="evaluation",
        regions=[region("eu-west-3")],
    )
    assert answer.status_code == 422
    assert set(answer.context["form"].errors) == {"service_plan", "regions"}


def test_the_product_page_shows_everything(ada, hybrid):
    today = hybrid.customer.msp.today()
    hybrid.quota_periods.create(
        msp_id=hybrid.msp_id, quota="12.5", effective_on=today, end_on=today + timedelta(days=90)
    )
    transitions.suspend_tenant(by=ada, tenant=hybrid)
    page = signed_in(ada).get(address(hybrid)).content.decode()
    for text in ("Gold", "Enterprise", "Suspended", "12.5 CU", "VMware", "suspended the product", "Activate"):
        assert text in page


def test_a_tenant_administrator_sees_no_history_and_only_assigned_customers(tom, hybrid, sibling, plan):
    client = signed_in(tom)
    assert "suspended the product" not in client.get(address(hybrid)).content.decode()
    other = factories.make_tenant(sibling, plan)
    for action in ("", "edit/", "suspend/", "activate/", "delete/", "cancel-deletion/"):
        assert client.get(address(other, action)).status_code == 404
    assert client.get(f"/customers/{hybrid.customer_id}/products/{other.pk}/").status_code == 404


def test_a_read_only_administrator_sees_no_buttons_and_may_do_nothing(rita, hybrid):
    client = signed_in(rita)
    page = client.get(address(hybrid)).content.decode()
    assert "suspend/" not in page
    for action in ("edit/", "suspend/", "activate/", "delete/", "cancel-deletion/"):
        assert client.get(address(hybrid, action)).status_code == 403
        assert client.post(address(hybrid, action)).status_code == 403


def test_an_edit_moves_on_through_the_provisioner_and_a_quota_does_not(ada, hybrid, plan):
    client = signed_in(ada)
    silver = factories.make_plan(hybrid.customer.msp, "Silver")
    fields = {"tenant_type": "commercial", "license_expiry": hybrid.license_expiry, "version": hybrid.version}
    today = hybrid.customer.msp.today()
    quota = {"quota": "3", "quota_effective_on": today, "quota_end_on": today + timedelta(days=30)}
    assert client.post(address(hybrid, "edit/"), {**fields, **quota, "service_plan": plan.pk}).status_code == 302
    hybrid.refresh_from_db()
    assert (hybrid.state, hybrid.version) == (TenantState.READY, 2)
    stale = client.post(address(hybrid, "edit/"), {**fields, "service_plan": silver.pk})
    assert stale.status_code == 409
    assert ("Service Plan", "Gold (Enterprise)", "Silver (Enterprise)") in [
        (field.label, field.theirs, field.mine) for field in stale.context["told"].merge.contested
    ]
    again = client.post(address(hybrid, "edit/"), {**fields, **quota, "version": 2, "service_plan": silver.pk})
    assert again.status_code == 302
    hybrid.refresh_from_db()
    assert (hybrid.state, hybrid.service_plan) == (TenantState.UPDATING, silver)
    assert hybrid.quota_periods.count() == 1


def test_a_conversion_is_confirmed_and_gets_the_longest_license(ada, harbour, plan):
    tenant = factories.make_tenant(harbour, plan, tenant_type=TenantType.EVALUATION)
    client = signed_in(ada)
    fields = {
        "service_plan": plan.pk,
        "tenant_type": "commercial",
        "license_expiry": tenant.license_expiry,
        "version": tenant.version,
    }
    refused = client.post(address(tenant, "edit/"), fields)
    assert set(refused.context["form"].errors) == {"confirm_commercial"}
    assert client.post(address(tenant, "edit/"), {**fields, "confirm_commercial": "on"}).status_code == 302
    tenant.refresh_from_db()
    assert tenant.tenant_type == TenantType.COMMERCIAL
    assert tenant.license_expiry.year == harbour.msp.today().year + 8


def test_a_product_that_is_suspended_says_why_it_cannot_be_edited(ada, hybrid):
    transitions.suspend_tenant(by=ada, tenant=hybrid)
    page = signed_in(ada).get(address(hybrid, "edit/"))
    assert page.status_code == 200
    assert "Activate it first." in page.content.decode()


def test_deleting_a_customer_names_the_products_in_the_way(ada, hybrid):
    client = signed_in(ada)
    page = client.get(f"/customers/{hybrid.customer_id}/delete/").content.decode()
    assert "Hybrid Workloads must be deleted first." in page
    assert address(hybrid) in page
    assert client.post(f"/customers/{hybrid.customer_id}/delete/").status_code == 422


def test_the_terms_of_the_chosen_plan_show_in_place(ada, plan, eastgate):
    client = signed_in(ada)
    assert "VMware" in client.get(f"/service-plans/terms/hybrid/?service_plan={plan.pk}").content.decode()
    with scope.entered("portal", msp=eastgate.pk):
        foreign = factories.make_plan(eastgate)
    for junk in (foreign.pk, "", "abc", "9" * 40):
        assert "Choose a plan" in client.get(f"/service-plans/terms/hybrid/?service_plan={junk}").content.decode()
    assert client.get("/service-plans/terms/nothing/").status_code == 404


def test_the_expiry_follows_the_type(ada, harbour):
    client = signed_in(ada)
    part = client.get(f"/customers/{harbour.pk}/products/add/saas/expiry/?tenant_type=commercial").content.decode()
    assert f'value="{harbour.msp.today().year + 3}-' in part
    assert client.get(f"/customers/{harbour.pk}/products/add/saas/expiry/?tenant_type=sandbox").status_code == 404


def test_the_menu_of_the_list_leads_to_adding(ada, harbour, plan):
    client = signed_in(ada)
    assert "Add SaaS Apps and Endpoints" in client.get(f"/customers/{harbour.pk}/products/add/").content.decode()
    factories.make_tenant(harbour, plan, Product.SAAS)
    assert "Add Hybrid Workloads to Harbour" in client.get(f"/customers/{harbour.pk}/products/add/").content.decode()


def test_the_history_of_a_product_says_the_real_name_of_its_customer(ada, hybrid):
    client = signed_in(ada)
    assert client.post(address(hybrid, "suspend/")).status_code == 302
    page = client.get(address(hybrid)).content.decode()
    assert "suspended the product Hybrid Workloads of Harbour Logistics" in page


def test_a_typed_expiry_outlives_the_choice_of_another_type(ada, harbour):
    client, today = signed_in(ada), harbour.msp.today()
    url = f"/customers/{harbour.pk}/products/add/saas/expiry/"
    typed, proposed = (today + timedelta(days=days) for days in (100, 30))
    kept = client.get(url, {"tenant_type": "commercial", "license_expiry": typed.isoformat()}).content.decode()
    assert f'value="{typed.isoformat()}"' in kept
    replaced = client.get(url, {"tenant_type": "commercial", "license_expiry": proposed.isoformat()}).content.decode()
    assert f'value="{today.year + 3}-' in replaced
    assert client.get(url, {"tenant_type": "commercial", "license_expiry": "x" * 5000}).status_code == 200


def test_deleting_a_customer_says_until_when_a_product_is_in_the_way(ada, harbour, plan):
    tenant = factories.make_tenant(harbour, plan, state=TenantState.DELETING)
    factories.make_tenant(harbour, plan, Product.SAAS)
    page = signed_in(ada).get(f"/customers/{harbour.pk}/delete/").content.decode()
    assert "SaaS Apps and Endpoints must be deleted first." in page
    assert f"Hybrid Workloads will be deleted on {absolute(tenant.delete_on)}" in page
    assert "cancel its deletion" in page


def test_a_product_added_by_mistake_and_then_its_customer_can_be_deleted_today(ada, harbour, hybrid):
    client, today = signed_in(ada), harbour.msp.today()
    assert "This product has no data: choose today" in client.get(address(hybrid, "delete/")).content.decode()
    assert client.post(address(hybrid, "delete/"), {"delete_on": today}).status_code == 302
    assert "is being deleted now" in client.get(f"/customers/{harbour.pk}/delete/").content.decode()
    assert tasks.purge_due(timezone.now()) == 1
    assert client.post(f"/customers/{harbour.pk}/delete/").status_code == 302


def test_a_product_with_data_is_not_deleted_today(ada, hybrid):
    today = hybrid.customer.msp.today()
    record = usage(hybrid, day=today.isoformat())
    assert intake.store_usage(hybrid.msp, [(1, record)], timezone.now()).kept
    client = signed_in(ada)
    assert "choose today" not in client.get(address(hybrid, "delete/")).content.decode()
    answer = client.post(address(hybrid, "delete/"), {"delete_on": today})
    assert answer.status_code == 422
    assert "Choose a date after today." in answer.context["form"].errors["delete_on"][0]
    with pytest.raises(DomainError, match="after today"):
        transitions.delete_tenant(by=ada, tenant=hybrid, delete_on=today)


def test_a_plan_in_use_links_to_the_products_beyond_the_first_ten(ada, scoped, plan):
    for _ in range(12):
        factories.make_tenant(factories.make_customer(scoped), plan)
    page = signed_in(ada).get(f"/service-plans/{plan.pk}/delete/").content.decode()
    assert "12 products use this plan." in page
    assert f'<a href="/customers/products/?plan={plan.pk}">and 2 more' in page


def test_deleting_a_customer_leaves_the_open_list_as_it_is(ada, scoped):
    client = signed_in(ada)
    for page, expected in (
        ("/customers/?q=a&product=hybrid", {"HX-Trigger": "dialog:done"}),
        ("/customers/{}/", {"HX-Redirect": "/customers/"}),
        ("/customers/products/", {"HX-Redirect": "/customers/"}),
    ):
        customer = factories.make_customer(scoped)
        opened_on = f"http://testserver{page.format(customer.pk)}"
        headers = {"HX-Request": "true", "HX-Current-URL": opened_on}
        answer = client.post(f"/customers/{customer.pk}/delete/", headers=headers)
        assert answer.status_code == 204
        assert {name: answer[name] for name in expected} == expected
