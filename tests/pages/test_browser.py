"""Lists and dialogs in a real browser, with and without JavaScript."""

import csv
import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

from customers.models import CustomerSummary
from msc.access import scope
from tests import factories

pytestmark = [pytest.mark.urls("tests.pages.portal"), pytest.mark.django_db(transaction=True)]


@pytest.fixture
def filled(northwind, ada):
    with scope.entered("portal", msp=northwind.pk):
        for number in range(30):
            customer = factories.make_customer(northwind, f"Customer {number:02}")
            products = [{"product": "hybrid"}, {"product": "saas"}][: number % 3]
            CustomerSummary.objects.filter(pk=customer.pk).update(products=products, quota_used_high=number * 4)


@pytest.fixture
def desk(window, ada, filled):
    return window(ada)


def first_name(desk):
    return desk.locator("tbody th").first


def test_sorting_paging_and_searching_keep_the_page_and_its_address(desk):
    desk.goto("/shop/?size=25")
    desk.evaluate("window.sameDocument = true")
    desk.click("#sort-name")
    expect(first_name(desk)).to_have_text("Customer 29")
    expect(desk.locator("#sort-name")).to_be_focused()
    desk.click("#page-next")
    expect(first_name(desk)).to_have_text("Customer 04")
    expect(desk.locator("#announcer")).to_have_text("30 customers, page 2 of 2")
    desk.fill("#q", "customer 1")
    desk.press("#q", "Enter")
    expect(desk.locator("tbody tr")).to_have_count(10)
    assert desk.evaluate("window.sameDocument")
    expect(desk).to_have_url(re.compile(r"q=customer\+1$"))
    desk.go_back()
    expect(first_name(desk)).to_have_text("Customer 04")
    expect(desk.locator("header.topbar")).to_be_visible()


def test_filters_open_apply_and_go_by_their_chip(desk):
    desk.goto("/shop/")
    desk.click("#open-filters")
    desk.locator("#dialog").get_by_label("Hidden").select_option("yes")
    desk.get_by_role("button", name="Apply").click()
    expect(desk.locator(".empty-title")).to_have_text("No customers match")
    desk.get_by_role("link", name="Remove filter Hidden: Yes").click()
    expect(desk.locator("tbody tr")).to_have_count(30)


@pytest.mark.parametrize("listed_up_to", [1, 200], ids=["asked of the server", "narrowed on the page"])
def test_long_choices_are_found_and_keep_what_is_ticked(desk, northwind, ada, monkeypatch, listed_up_to):
    monkeypatch.setattr("msc.pages.panels.TYPE_AHEAD_FROM", listed_up_to)
    for number in range(12):
        factories.make_person(northwind, name=f"Zoe Number{number}")
    desk.goto("/shop/")
    desk.click("#open-filters")
    choices = desk.get_by_role("group", name="Created by").first
    choices.get_by_role("searchbox").fill("arnold")
    choices.get_by_role("checkbox", name="ada arnold").check()
    choices.get_by_role("searchbox").fill("number7")
    expect(choices.get_by_role("checkbox", name="zoe number7")).to_be_visible()
    expect(choices.get_by_role("checkbox")).to_have_count(2)
    choices.get_by_role("checkbox", name="zoe number7").check()
    desk.get_by_role("button", name="Apply").click()
    expect(desk.locator("a.chip")).to_have_count(2)
    assert "find-" not in desk.url


def test_columns_are_hidden_moved_and_come_back(desk):
    desk.goto("/shop/")
    desk.click("#open-columns")
    desk.get_by_label("Account name", exact=True).uncheck()
    desk.get_by_role("button", name="Move Open alerts up").press("Enter")
    expect(desk.get_by_role("button", name="Move Open alerts up")).to_be_focused()
    desk.get_by_role("button", name="Save", exact=True).click()
    expect(desk.locator('th[data-column="account"]')).to_have_count(0)
    desk.reload()
    names = desk.locator("thead th[data-column]").evaluate_all("all => all.map(one => one.dataset.column)")
    assert names == ["name", "products", "alerts", "hidden", "used", "created"]
    desk.click("#open-columns")
    desk.get_by_role("button", name="Reset").click()
    expect(desk.locator('th[data-column="account"]')).to_have_count(1)


def test_a_width_is_dragged_typed_and_kept_on_the_server(desk):
    desk.goto("/shop/")
    head = desk.locator('th[data-column="account"]')
    handle = head.locator(".width-handle")
    box, before = handle.bounding_box(), head.bounding_box()["width"]
    desk.mouse.move(box["x"] + 5, box["y"] + 10)
    desk.mouse.down()
    desk.mouse.move(box["x"] + 85, box["y"] + 10, steps=4)
    with desk.expect_response(re.compile("panel=widths")):
        desk.mouse.up()
    assert head.bounding_box()["width"] == pytest.approx(before + 80, abs=3)
    desk.click("#open-columns")
    desk.get_by_role("spinbutton", name="Width of Account name in pixels").fill("248")
    with desk.expect_response(re.compile("panel=columns")):
        desk.get_by_role("button", name="Save", exact=True).click()
    desk.reload()
    assert head.bounding_box()["width"] == pytest.approx(248, abs=2)
    with desk.expect_response(re.compile("panel=widths")):
        handle.dblclick()
    desk.reload()
    assert head.bounding_box()["width"] == pytest.approx(180, abs=2)


def test_the_keyboard_reaches_the_first_row_without_a_stop_at_each_border(desk):
    desk.goto("/shop/")
    expect(desk.locator(".width-handle").first).to_be_attached()
    assert desk.locator("thead [tabindex], thead [role=separator]").count() == 0


def test_a_new_order_is_announced(desk):
    desk.goto("/shop/?size=25")
    desk.click("#sort-alerts")
    expect(desk.locator("#announcer")).to_have_text("30 customers, page 1 of 2, sorted by Open alerts, descending")
    desk.click("#page-next")
    expect(desk.locator("#announcer")).to_have_text("30 customers, page 2 of 2")


def test_a_row_is_a_card_in_a_narrow_window(window, ada, filled):
    phone = window(ada, width=360)
    phone.goto("/shop/?q=customer+02")
    card = phone.locator("tbody tr").first
    expect(phone.locator("thead")).to_be_hidden()
    assert card.bounding_box()["width"] <= 360
    label = "getComputedStyle(document.querySelector('td[data-label=\"Account name\"]'), '::before').content"
    assert phone.evaluate(label) == '"Account name"'
    phone.get_by_role("button", name="More", exact=True).click()
    phone.get_by_role("link", name="Open alerts").click()
    expect(phone).to_have_url(re.compile("sort=-alerts"))
    assert phone.evaluate("document.documentElement.scrollWidth") <= 360


def test_a_file_is_saved_with_the_ticked_columns(desk):
    desk.goto("/shop/?q=customer+0")
    desk.click("#open-export")
    desk.get_by_label("Select all").check()
    desk.get_by_role("checkbox", name="Account name").uncheck()
    with desk.expect_download() as download:
        desk.get_by_role("button", name="Export").click()
    with Path(download.value.path()).open(newline="", encoding="utf-8-sig") as file:
        lines = list(csv.reader(file))
    assert (len(lines), len(lines[0]), lines[1][0]) == (11, 9, "Customer 00")
    assert download.value.suggested_filename.endswith(".csv")
    expect(desk.locator("#dialog")).not_to_be_visible()


def test_a_dialog_keeps_what_was_typed_and_closes_when_it_worked(desk):
    desk.goto("/shop/?q=customer+07")
    desk.get_by_role("button", name="More options for Customer 07").click()
    desk.get_by_role("link", name="Edit", exact=True).click()
    desk.get_by_role("textbox", name="Account name").fill("")
    desk.get_by_label("Note").fill("typed")
    desk.locator("#dialog").get_by_role("button", name="Create").click()
    expect(desk.get_by_text("Fill in this field.")).to_be_visible()
    expect(desk.get_by_role("textbox", name="Account name")).to_be_focused()
    expect(desk.get_by_label("Note")).to_have_value("typed")
    desk.keyboard.press("Escape")
    desk.get_by_role("button", name="Discard changes").click()
    expect(desk.get_by_role("button", name="More options for Customer 07")).to_be_focused()
    desk.get_by_role("button", name="More options for Customer 07").click()
    desk.get_by_role("link", name="Delete").click()
    desk.get_by_role("button", name="Yes, delete").click()
    expect(desk.locator(".empty-title")).to_have_text("No customers match")
    expect(desk.locator("#messages")).to_contain_text("Deleted.")


def test_an_answer_that_fails_is_told_in_the_dialog(desk, complaints):
    desk.goto("/shop/")
    desk.route("**/create/", lambda route: route.fulfill(status=500, body="<html><body>Oops</body></html>"))
    desk.get_by_role("link", name="Create Customer").click()
    expect(desk.get_by_role("alert")).to_contain_text("nothing was saved")
    expect(desk.locator("#dialog")).to_be_visible()
    assert "500 (Internal Server Error)" in complaints.pop()


def test_everything_works_without_javascript(window, ada, filled):
    desk = window(ada, script=False)
    desk.goto("/shop/")
    desk.fill("#q", "customer 1")
    desk.press("#q", "Enter")
    expect(desk.locator("tbody tr")).to_have_count(10)
    desk.click("#open-columns")
    desk.get_by_role("button", name="Move Account name up").click()
    expect(desk.locator("[data-column-item]").first).to_contain_text("Account name")
    desk.get_by_role("button", name="Save", exact=True).click()
    expect(desk.locator("thead th").first).to_have_text("Account name")
    desk.click("#open-filters")
    desk.get_by_label("Hidden").select_option("no")
    desk.get_by_role("button", name="Apply").click()
    expect(desk.locator(".chip")).to_contain_text("Hidden: No")
    desk.get_by_role("button", name="More options for").first.click()
    desk.get_by_role("link", name="Edit", exact=True).click()
    desk.get_by_role("textbox", name="Account name").fill("")
    desk.get_by_role("button", name="Create").click()
    expect(desk.get_by_text("Fill in this field.")).to_be_visible()
    desk.get_by_role("link", name="Cancel").click()
    expect(desk.locator("h1")).to_have_text("Customers")


# Some forty audits: on a busy machine more than the two minutes of every other test.
@pytest.mark.timeout(600)
def test_nobody_is_shut_out_of_a_list_and_its_windows(desk, accessible):
    desk.goto("/shop/?hidden=no&size=25")
    accessible(desk)
    for opener in ("#open-filters", "#open-columns", "#open-export"):
        desk.click(opener)
        expect(desk.locator("#dialog .dialog-foot")).to_be_visible()
        accessible(desk)
        desk.keyboard.press("Escape")
    desk.locator(".row-menu").first.click()
    expect(desk.get_by_role("link", name="Edit", exact=True)).to_be_visible()
    accessible(desk)
    for path in ("/shop/?hidden=junk&sort=junk", "/shop/?q=nobody", "/shop/create/", "/shop/settings/", "/nowhere/"):
        desk.goto(path)
        accessible(desk)


def test_a_list_does_not_move_while_it_loads(desk):
    desk.goto("/shop/")
    shift = desk.evaluate(
        """() => new Promise(resolve => new PerformanceObserver(list => resolve(
            list.getEntries().reduce((sum, one) => sum + one.value, 0))).observe({type: 'layout-shift', buffered: true})
            || setTimeout(() => resolve(0), 500))"""
    )
    assert shift < 0.01
