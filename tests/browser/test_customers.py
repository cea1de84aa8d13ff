"""The main job in a real browser: find, create, look at, edit and import customers."""

import re

import pytest
from playwright.sync_api import expect

from customers import tasks
from customers.models import Customer
from msc.access import scope
from tenants import summaries
from tests import factories
from tests.chromium import arrived

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(300)]


LONG = "Zweckverband der kommunalen Wasserversorgung und Abwasserbeseitigung Oberes Mittleres Unteres Tal AöR"


@pytest.fixture
def office(window, ada, tom, northwind):
    with scope.entered("portal", msp=northwind.pk):
        gold, basic = factories.make_plan(northwind, "Gold"), factories.make_plan(northwind, "Basic")
        made = {
            name: factories.make_customer(northwind, name, admins=(tom,))
            for name in ("Harbour Logistics", "Stadtwerke München", "Ångström Instruments", "O'Brien & Sons", LONG)
        }
        factories.make_customer(northwind, "St. Mary's Hospital", account_name="Blue Falcon")
        factories.make_contact(made["Harbour Logistics"], job_role="Head of IT", is_primary=True)
        for name, plan, product in (
            ("Harbour Logistics", gold, "hybrid"),
            ("Harbour Logistics", gold, "saas"),
            ("Stadtwerke München", basic, "hybrid"),
            ("Ångström Instruments", basic, "saas"),
        ):
            factories.make_tenant(made[name], plan, product)
        summaries.refresh([customer.pk for customer in made.values()])
    page = window(ada)
    page.goto("/customers/")
    return page


def names(page):
    return expect(page.locator("tbody th a"))


def test_a_customer_is_created_in_the_dialog_by_keyboard(office, accessible, picture):
    office.get_by_role("link", name="Create Customer").press("Enter")
    dialog = office.get_by_role("dialog")
    expect(dialog.get_by_label("Customer Name", exact=False).first).to_be_focused()
    expect(dialog.get_by_label("Account Name")).to_be_hidden()
    office.keyboard.type("Secret Hospital")
    office.keyboard.press("Tab")
    office.keyboard.press("Space")
    expect(dialog.get_by_label("Account Name")).to_be_visible()
    office.keyboard.press("Enter")
    expect(dialog.get_by_text("Enter the account name that is shown instead")).to_be_visible()
    expect(dialog.get_by_label("Customer Name", exact=False).first).to_have_value("Secret Hospital")
    accessible(office)
    picture(office, "create-customer")
    dialog.get_by_label("Account Name").fill("Red Fox")
    dialog.get_by_label("Address").fill("1 Pier\nKiel")
    dialog.get_by_label("Phone Number").fill("+49 431 123456")
    dialog.get_by_label("Tom Tenant").check()
    dialog.get_by_role("button", name="Create customer").click()
    expect(office.get_by_text("Secret Hospital has been created")).to_be_visible()
    expect(office.locator("tbody th a").first).to_have_text("Secret Hospital")


def test_a_search_finds_names_without_their_marks(office):
    office.get_by_role("searchbox").fill("munchen")
    office.keyboard.press("Enter")
    expect(office.get_by_text("1\u20131 of 1")).to_be_visible()
    names(office).to_have_text(["Stadtwerke München"])
    expect(office).to_have_url(re.compile("q=munchen"))


def test_the_list_and_a_customers_page_are_for_everybody(office, accessible, picture):
    accessible(office)
    picture(office, "customers")
    office.get_by_role("link", name="Harbour Logistics").click()
    arrived(office, "Account Details")
    accessible(office)
    picture(office, "customer")
    office.get_by_role("link", name="History").click()
    expect(office).to_have_url(re.compile("/history/"))
    arrived(office, "Harbour Logistics")
    accessible(office)


def test_the_windows_of_the_list_show_what_there_is(office, picture):
    office.get_by_role("link", name="Filters").click()
    office.get_by_role("dialog").get_by_label("Hybrid Workloads").check()
    office.get_by_role("dialog").get_by_label("Gold").check()
    picture(office, "customers-filters")
    office.get_by_role("dialog").get_by_role("button", name="Apply").click()
    expect(office.get_by_role("link", name="Remove filter Products: Hybrid Workloads")).to_be_visible()
    names(office).to_have_text(["Harbour Logistics"])
    office.get_by_role("link", name="Edit columns").click()
    expect(office.get_by_role("dialog").get_by_text("Quota Effective Date", exact=True)).to_be_visible()
    picture(office, "customers-columns")


def test_a_contact_is_added_and_the_customer_edited_from_its_page(office):
    office.get_by_role("link", name="Harbour Logistics").click()
    arrived(office, "Account Details")
    office.get_by_role("link", name="Add contact").click()
    dialog = office.get_by_role("dialog")
    dialog.get_by_label("Name").fill("Carla Contact")
    dialog.get_by_label("Email").fill("carla@harbour.example")
    dialog.get_by_role("button", name="Add contact").click()
    expect(office.get_by_role("link", name="carla@harbour.example")).to_be_visible()
    office.get_by_role("link", name="Edit account details").click()
    dialog.get_by_label("Phone Number").fill("0431")
    dialog.get_by_role("button", name="Save").click()
    expect(dialog.get_by_text("Enter the whole number with its country code")).to_be_visible()
    dialog.get_by_label("Phone Number").fill("+49 431 654321")
    dialog.get_by_role("button", name="Save").click()
    expect(office.get_by_role("link", name="+49 431 654321")).to_be_visible()


def test_a_customer_without_product_is_deleted_after_a_question(office):
    row = office.get_by_role("row").filter(has_text="O'Brien")
    row.get_by_role("button", name="More options").click()
    office.get_by_role("link", name="Delete").locator("visible=true").click()
    office.get_by_role("dialog").get_by_role("button", name="Yes, Delete").click()
    expect(office.get_by_text("has been deleted")).to_be_visible()
    expect(office.get_by_role("link", name="O'Brien & Sons")).to_have_count(0)


def test_a_file_is_imported_after_its_lines_were_seen(office, accessible, picture, tmp_path, northwind):
    file = tmp_path / "customers.csv"
    good = "Name;Address;Phone Number\nÖrebro Freight;2 Quay;+46 8 123 456 78\n"
    file.write_text(good + "Bad Number Ltd;2 Quay;12\n", encoding="utf-8-sig")
    office.get_by_role("link", name="Import").click()
    expect(office).to_have_url(re.compile("/import/$"))
    accessible(office)
    office.get_by_label("CSV file").set_input_files(file)
    office.get_by_role("button", name="Check the file").click()
    expect(office.get_by_text("Being checked")).to_be_visible()
    tasks.work_on_imports()
    expect(office.locator("#import-state").get_by_text("before you can import this file")).to_be_visible()
    accessible(office)
    picture(office, "import")
    file.write_text(good, encoding="utf-8-sig")
    office.get_by_role("link", name="choose it again").click()
    office.get_by_label("CSV file").set_input_files(file)
    office.get_by_role("button", name="Check the file").click()
    expect(office.get_by_text("Being checked")).to_be_visible()
    tasks.work_on_imports()
    office.get_by_role("button", name="Import 1 customer").click()
    expect(office.get_by_text("Being imported")).to_be_visible()
    tasks.work_on_imports()
    expect(office.locator("#import-state").get_by_text("1 customer has been created")).to_be_visible()
    with scope.entered("portal", msp=northwind.pk):
        assert Customer.objects.filter(identity__name="Örebro Freight").exists()


def test_without_javascript_the_account_name_waits_in_the_form(window, ada):
    page = window(ada, script=False)
    page.goto("/customers/create/")
    expect(page.get_by_label("Account Name")).to_be_hidden()
    page.get_by_label("Hide Customer Name").check()
    page.get_by_label("Customer Name", exact=False).first.fill("Secret Hospital")
    page.get_by_label("Account Name").fill("Blue Falcon")
    page.get_by_label("Address").fill("1 Pier")
    page.get_by_label("Phone Number").fill("+49 431 123456")
    page.get_by_role("button", name="Create customer").click()
    expect(page.get_by_text("Secret Hospital has been created")).to_be_visible()


def test_the_breadcrumb_leads_back_to_the_list_as_it_was(office):
    office.get_by_role("searchbox").fill("harbour")
    office.keyboard.press("Enter")
    expect(office).to_have_url(re.compile("q=harbour"))
    names(office).to_have_text(["Harbour Logistics"])
    office.get_by_role("link", name="Harbour Logistics").click()
    arrived(office, "Account Details")
    office.get_by_role("link", name="History").click()
    expect(office).to_have_url(re.compile("/history/"))
    office.get_by_label("Breadcrumb").get_by_role("link", name="Customers").click()
    expect(office).to_have_url(re.compile("/customers/\\?q=harbour"))
