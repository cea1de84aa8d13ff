"""Products and service plans in a real browser: add, read, suspend, delete, change a plan."""

from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect

from customers.models import Customer
from msc.access import scope
from tenants import summaries, tasks
from tenants.models import Tenant
from tenants.states import TenantState
from tests import factories
from tests.chromium import arrived

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(300)]


@pytest.fixture
def harbour_page(window, ada, northwind) -> Page:
    """The page of a customer without a product, in an MSP with two plans."""
    with scope.entered("portal", msp=northwind.pk):
        customer = factories.make_customer(northwind, "Harbour Logistics")
        factories.make_plan(northwind, "Gold")
        factories.make_plan(northwind, "Small", edition="business")
    page = window(ada)
    page.goto(f"/customers/{customer.pk}/")
    return page


@pytest.fixture
def in_every_state(northwind):
    """A customer for each state of a product; returns their ids by state."""
    today = northwind.today()
    with scope.entered("portal", msp=northwind.pk):
        plan, made = factories.make_plan(northwind, "Gold"), {}
        for state in (s for s in TenantState if s != TenantState.DELETED):
            customer = factories.make_customer(northwind, f"{state.label} Company")
            quota = ("12.5", today, today + timedelta(days=365))
            factories.make_tenant(customer, plan, state=state, quota=quota, regions=("us-east-1", "eu-central-1"))
            if state == TenantState.READY:
                saas = factories.make_tenant(
                    customer, plan, "saas", regions=("westeurope",), expiry=today - timedelta(days=3)
                )
                saas.workloads.create(msp=northwind, workload="m365", user_count=1240, preserved_user_count=17)
            made[state.value] = customer.pk
        summaries.refresh(list(made.values()))
    return made


def state_of(msp, customer: str = "Harbour Logistics") -> str:
    with scope.entered("portal", msp=msp.pk):
        return Tenant.objects.get(customer=Customer.objects.get(identity__name=customer)).state


def made_ready(page: Page) -> None:
    tasks.apply_changes()
    page.reload()


def test_a_product_is_added_by_keyboard_with_every_rule_beside_its_field(harbour_page, northwind, accessible, picture):
    page = harbour_page
    page.get_by_role("link", name="Add Hybrid Workloads").press("Enter")
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_label("Service Plan")).to_be_focused()
    expect(dialog.get_by_label("License Expiry Date")).not_to_have_value("")
    dialog.get_by_label("Service Plan").select_option("Small (Business)")
    dialog.get_by_text("View plan").click()
    expect(dialog.get_by_text("VMware, File server")).to_be_visible()
    dialog.get_by_label("Commercial").check()
    years = str(northwind.today().year + 8)
    expect(dialog.locator("#id_license_expiry")).to_have_value(f"{years}-{northwind.today():%m-%d}")
    for place in ("AWS us-east-1", "Azure westeurope"):
        dialog.get_by_label(place).check()
    dialog.get_by_label("Quota (CU)").fill("5")
    page.keyboard.press("Enter")
    expect(dialog.get_by_text("exactly one storage region")).to_be_visible()
    expect(dialog.get_by_text("Enter the date from which the quota counts.")).to_be_visible()
    expect(dialog.get_by_label("Quota (CU)")).to_have_value("5")
    accessible(page)
    picture(page, "add-product")
    dialog.get_by_label("Azure westeurope").uncheck()
    dialog.get_by_label("Quota (CU)").fill("")
    dialog.get_by_role("button", name="Add Hybrid Workloads").click()
    expect(page.get_by_text("has been added")).to_be_visible()
    expect(page.get_by_role("heading", name="Hybrid Workloads")).to_be_visible()
    assert state_of(northwind) == TenantState.CREATING


def test_a_product_is_suspended_activated_deleted_and_kept(harbour_page, northwind):
    page = harbour_page
    with scope.entered("portal", msp=northwind.pk):
        customer = Customer.objects.get(identity__name="Harbour Logistics")
        factories.make_tenant(customer, factories.make_plan(northwind))
    page.reload()
    steps = (
        ("Suspend Hybrid Workloads", "still billed", "Suspend Hybrid Workloads", "is suspended", TenantState.SUSPENDED),
        ("Activate Hybrid Workloads", "accepted again", "Activate Hybrid Workloads", "active again", TenantState.READY),
        (
            "Delete Hybrid Workloads",
            "removed for good",
            "Delete Hybrid Workloads",
            "will be deleted",
            TenantState.DELETING,
        ),
        ("Cancel deletion Hybrid", "Nothing is removed", "Cancel the deletion", "is cancelled", TenantState.READY),
    )
    for link, consequence, button, said, state in steps:
        page.get_by_role("link", name=link).click()
        dialog = page.get_by_role("dialog")
        expect(dialog.get_by_role("heading", name="Harbour Logistics")).to_be_visible()
        expect(dialog.get_by_text(consequence)).to_be_visible()
        dialog.get_by_role("button", name=button).click()
        expect(page.locator("#messages").get_by_text(said)).to_be_visible()
        assert state_of(northwind) == state


def test_a_product_is_edited_through_the_provisioner(harbour_page, northwind):
    page = harbour_page
    with scope.entered("portal", msp=northwind.pk):
        customer = Customer.objects.get(identity__name="Harbour Logistics")
        factories.make_tenant(customer, factories.make_plan(northwind, "Old"))
    page.reload()
    page.get_by_role("link", name="Edit Hybrid Workloads").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Service Plan").select_option("Gold (Enterprise)")
    dialog.get_by_label("AWS eu-central-1").check()
    dialog.get_by_role("button", name="Save").click()
    expect(page.get_by_text("This usually takes a few seconds.")).to_be_visible()
    made_ready(page)
    expect(page.get_by_text("AWS eu-central-1, AWS us-east-1")).to_be_visible()
    assert state_of(northwind) == TenantState.READY


def test_a_quota_is_renewed_and_an_overlap_asks_first(harbour_page, northwind, accessible):
    page, today = harbour_page, northwind.today()
    last = today + timedelta(days=29)
    with scope.entered("portal", msp=northwind.pk):
        customer = Customer.objects.get(identity__name="Harbour Logistics")
        quota = ("100", today - timedelta(days=30), last)
        tenant = factories.make_tenant(customer, factories.make_plan(northwind), quota=quota)
    page.reload()
    page.get_by_role("link", name="Edit Hybrid Workloads").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("License Expiry Date").fill((today + timedelta(days=300)).isoformat())
    dialog.get_by_role("link", name="Renew for").press("Enter")
    begins = dialog.get_by_label("Quota Effective Date")
    expect(begins).to_have_value((last + timedelta(days=1)).isoformat())
    begins.fill((today + timedelta(days=10)).isoformat())
    dialog.get_by_label("Quota (CU)").fill("250")
    dialog.get_by_role("button", name="Save").click()
    expect(dialog.get_by_text("The quota overlaps other quotas.")).to_be_visible()
    expect(dialog.get_by_label("License Expiry Date")).to_have_value((today + timedelta(days=300)).isoformat())
    accessible(page)
    dialog.get_by_label("End it on").check()
    dialog.get_by_role("button", name="Save").click()
    expect(page.get_by_text("has been saved")).to_be_visible()
    expect(page.locator(f"#card-{tenant.pk}").get_by_text("Coming Quota")).to_be_visible()


def test_a_card_and_a_page_show_by_themselves_that_a_product_is_ready(harbour_page, northwind):
    page = harbour_page
    with scope.entered("portal", msp=northwind.pk):
        customer = Customer.objects.get(identity__name="Harbour Logistics")
        plan = factories.make_plan(northwind)
        tenants = [
            factories.make_tenant(customer, plan, each, state=TenantState.CREATING) for each in ("hybrid", "saas")
        ]
    page.reload()
    card = page.locator(f"#card-{tenants[0].pk}")
    expect(card.get_by_text("Creating", exact=True)).to_be_visible()
    expect(card.get_by_role("link", name="Refresh")).to_be_visible()
    tasks.apply_one()
    expect(card.get_by_text("Ready", exact=True)).to_be_visible(timeout=20_000)
    expect(card.get_by_role("link", name="Edit Hybrid Workloads")).to_be_visible()
    expect(page.locator("#announcer")).to_have_text("Hybrid Workloads: Ready")
    page.goto(f"/customers/{customer.pk}/products/{tenants[1].pk}/")
    expect(page.get_by_text("This usually takes a few seconds.")).to_be_visible()
    tasks.apply_one()
    expect(page.locator(".page-actions").get_by_role("link", name="Edit")).to_be_visible(timeout=20_000)
    expect(page.get_by_text("This usually takes a few seconds.")).to_have_count(0)


def test_cards_pages_and_dialogs_pass_in_every_state(window, ada, in_every_state, accessible, picture):
    page = window(ada)
    for state, customer in in_every_state.items():
        page.goto(f"/customers/{customer}/")
        accessible(page)
        page.locator(".card-of-product").first.scroll_into_view_if_needed()
        picture(page, f"product-{state}")
    page.get_by_role("link", name="Hybrid Workloads", exact=True).click()
    arrived(page, "Workloads and users")
    accessible(page)
    picture(page, "product-page")
    page.goto("/customers/products/")
    accessible(page)


def test_a_plan_says_what_it_touches_and_changes_it(window, ada, in_every_state, accessible, picture):
    page = window(ada)
    page.goto("/service-plans/")
    accessible(page)
    picture(page, "service-plans")
    page.get_by_role("link", name="Gold").click()
    arrived(page, "Products on this plan")
    accessible(page)
    picture(page, "service-plan")
    page.get_by_role("link", name="Edit").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_text("6 products of 5 customers use this plan.")).to_be_visible()
    dialog.get_by_label("Edition").first.select_option("business")
    dialog.get_by_role("button", name="Save").click()
    expect(dialog.get_by_text("5 products would no longer comply")).to_be_visible()
    accessible(page)
    picture(page, "plan-refused")
    dialog.get_by_label("Edition").first.select_option("elite")
    dialog.get_by_role("button", name="Save").click()
    expect(dialog.get_by_text("Tick this to change the products as well.")).to_be_visible()
    dialog.get_by_label("Change all 6 products").check()
    dialog.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Gold has been saved.")).to_be_visible()


def test_everything_works_without_javascript(window, ada, northwind):
    with scope.entered("portal", msp=northwind.pk):
        customer = factories.make_customer(northwind, "Harbour Logistics")
        factories.make_plan(northwind, "Gold")
    page = window(ada, script=False)
    page.goto(f"/customers/{customer.pk}/")
    page.get_by_role("link", name="Add SaaS Apps and Endpoints").click()
    page.get_by_label("Service Plan").select_option("Gold (Enterprise)")
    page.get_by_label("Commercial").check()
    page.get_by_label("Azure westeurope").check()
    page.get_by_label("Microsoft 365: User Count").fill("40")
    page.get_by_role("button", name="Add SaaS Apps and Endpoints").click()
    expect(page.get_by_text("40 users, 0 preserved")).to_be_visible()
    expect(page.get_by_text(str(northwind.today().year + 3)).first).to_be_visible()
    page.get_by_role("link", name="Delete SaaS Apps and Endpoints").click()
    page.get_by_role("button", name="Delete SaaS Apps and Endpoints").click()
    expect(page.get_by_text("Until then the deletion can be cancelled.")).to_be_visible()
