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


def first_name(page):
    return page.locator("tbody th").first


def test_sorting_paging_and_searching_keep_the_page_and_its_address(desk):
    page = desk.open("/shop/?size=25")
    page.evaluate("window.sameDocument = true")
    page.click("#sort-name")
    expect(first_name(page)).to_have_text("Customer 29")
    expect(page.locator("#sort-name")).to_be_focused()
    page.click("#page-next")
    expect(first_name(page)).to_have_text("Customer 04")
    expect(page.locator("#announcer")).to_have_text("30 customers, page 2 of 2")
    page.fill("#q", "customer 1")
    page.press("#q", "Enter")
    expect(page.locator("tbody tr")).to_have_count(10)
    assert page.evaluate("window.sameDocument")
    assert page.url.endswith("q=customer+1")
    page.go_back()
    expect(first_name(page)).to_have_text("Customer 04")
    expect(page.locator("header.topbar")).to_be_visible()
    assert desk.complaints == []


def test_filters_open_apply_and_go_by_their_chip(desk):
    page = desk.open("/shop/")
    page.click("#open-filters")
    page.locator("#dialog").get_by_label("Hidden").select_option("yes")
    page.get_by_role("button", name="Apply").click()
    expect(page.locator(".empty-title")).to_have_text("No customers match")
    page.get_by_role("link", name="Remove filter Hidden: Yes").click()
    expect(page.locator("tbody tr")).to_have_count(30)
    assert desk.complaints == []


@pytest.mark.parametrize("listed_up_to", [1, 200], ids=["asked of the server", "narrowed on the page"])
def test_long_choices_are_found_and_keep_what_is_ticked(desk, northwind, ada, monkeypatch, listed_up_to):
    monkeypatch.setattr("msc.pages.panels.TYPE_AHEAD_FROM", listed_up_to)
    for number in range(12):
        factories.make_person(northwind, name=f"Zoe Number{number}")
    page = desk.open("/shop/")
    page.click("#open-filters")
    choices = page.get_by_role("group", name="Created by").first
    choices.get_by_role("searchbox").fill("arnold")
    choices.get_by_role("checkbox", name="ada arnold").check()
    choices.get_by_role("searchbox").fill("number7")
    expect(choices.get_by_role("checkbox", name="zoe number7")).to_be_visible()
    expect(choices.get_by_role("checkbox")).to_have_count(2)
    choices.get_by_role("checkbox", name="zoe number7").check()
    page.get_by_role("button", name="Apply").click()
    expect(page.locator(".chip")).to_have_count(2)
    assert "find-" not in page.url
    assert desk.complaints == []


def test_columns_are_hidden_moved_and_come_back(desk):
    page = desk.open("/shop/")
    page.click("#open-columns")
    page.get_by_label("Account name", exact=True).uncheck()
    page.get_by_role("button", name="Move Open alerts up").press("Enter")
    expect(page.get_by_role("button", name="Move Open alerts up")).to_be_focused()
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator('th[data-column="account"]')).to_have_count(0)
    page.reload()
    names = page.locator("thead th[data-column]").evaluate_all("all => all.map(one => one.dataset.column)")
    assert names == ["name", "products", "alerts", "hidden", "used", "created"]
    page.click("#open-columns")
    page.get_by_role("button", name="Reset").click()
    expect(page.locator('th[data-column="account"]')).to_have_count(1)
    assert desk.complaints == []


def test_a_width_is_dragged_pressed_and_kept_on_the_server(desk):
    page = desk.open("/shop/")
    head = page.locator('th[data-column="account"]')
    handle = head.locator(".width-handle")
    box, before = handle.bounding_box(), head.bounding_box()["width"]
    page.mouse.move(box["x"] + 5, box["y"] + 10)
    page.mouse.down()
    page.mouse.move(box["x"] + 85, box["y"] + 10, steps=4)
    with page.expect_response(re.compile("panel=widths")):
        page.mouse.up()
    assert head.bounding_box()["width"] == pytest.approx(before + 80, abs=2)
    handle.focus()
    with page.expect_response(re.compile("panel=widths")):
        page.keyboard.press("ArrowLeft")
    page.reload()
    assert head.bounding_box()["width"] == pytest.approx(before + 64, abs=2)
    with page.expect_response(re.compile("panel=widths")):
        handle.dblclick()
    page.reload()
    assert head.bounding_box()["width"] == pytest.approx(180, abs=2)
    assert desk.complaints == []


def test_a_file_is_saved_with_the_ticked_columns(desk):
    page = desk.open("/shop/?q=customer+0")
    page.click("#open-export")
    page.get_by_label("Select all").check()
    page.get_by_role("checkbox", name="Account name").uncheck()
    with page.expect_download() as download:
        page.get_by_role("button", name="Export").click()
    with Path(download.value.path()).open(newline="", encoding="utf-8-sig") as file:
        lines = list(csv.reader(file))
    assert (len(lines), len(lines[0]), lines[1][0]) == (11, 9, "Customer 00")
    assert download.value.suggested_filename.endswith(".csv")
    expect(page.locator("#dialog")).not_to_be_visible()
    assert desk.complaints == []


def test_a_dialog_keeps_what_was_typed_and_closes_when_it_worked(desk):
    page = desk.open("/shop/?q=customer+07")
    page.get_by_role("button", name="More options for Customer 07").click()
    page.get_by_role("link", name="Edit", exact=True).click()
    page.get_by_label("Note").fill("typed")
    page.locator("#dialog").get_by_role("button", name="Create").click()
    expect(page.get_by_text("This field is required.")).to_be_visible()
    expect(page.get_by_role("textbox", name="Account name")).to_be_focused()
    expect(page.get_by_label("Note")).to_have_value("typed")
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="More options for Customer 07")).to_be_focused()
    page.get_by_role("button", name="More options for Customer 07").click()
    page.get_by_role("link", name="Delete").click()
    page.get_by_role("button", name="Yes, delete").click()
    expect(page.locator(".empty-title")).to_have_text("No customers match")
    expect(page.locator("#messages")).to_contain_text("Deleted.")
    assert desk.complaints == []


def test_an_answer_that_fails_is_told_in_the_dialog(desk):
    page = desk.open("/shop/")
    page.route("**/create/", lambda route: route.fulfill(status=500, body="<html><body>Oops</body></html>"))
    page.get_by_role("link", name="Create Customer").click()
    expect(page.get_by_role("alert")).to_contain_text("nothing was saved")
    expect(page.locator("#dialog")).to_be_visible()


def test_everything_works_without_javascript(window, ada, filled):
    desk = window(ada, script=False)
    page = desk.open("/shop/")
    page.fill("#q", "customer 1")
    page.press("#q", "Enter")
    expect(page.locator("tbody tr")).to_have_count(10)
    page.click("#open-columns")
    page.get_by_role("button", name="Move Account name up").click()
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator("thead th").first).to_have_text("Account name")
    page.click("#open-filters")
    page.get_by_label("Hidden").select_option("no")
    page.get_by_role("button", name="Apply").click()
    expect(page.locator(".chip")).to_contain_text("Hidden: No")
    page.get_by_role("button", name="More options for").first.click()
    page.get_by_role("link", name="Edit", exact=True).click()
    page.get_by_role("textbox", name="Account name").fill("")
    page.get_by_role("button", name="Create").click()
    expect(page.get_by_text("This field is required.")).to_be_visible()
    page.get_by_role("link", name="Cancel").click()
    expect(page.locator("h1")).to_have_text("Customers")


@pytest.mark.parametrize("width", [1280, 360])
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_nobody_is_shut_out_of_a_list_and_its_windows(window, ada, filled, dark, width):
    desk = window(ada, dark=dark, width=width)
    page = desk.open("/shop/?hidden=no&size=25")
    assert desk.violations() == []
    for opener in ("#open-filters", "#open-columns", "#open-export"):
        page.click(opener)
        page.locator("#dialog .dialog-foot").wait_for()
        assert desk.violations() == []
        page.keyboard.press("Escape")
    page.locator(".row-menu").first.click()
    assert desk.violations() == []
    for path in ("/shop/?hidden=junk&sort=junk", "/shop/?q=nobody", "/shop/create/", "/shop/settings/", "/nowhere/"):
        desk.open(path)
        assert desk.violations() == [], path
    assert [text for text in desk.complaints if "404" not in text] == []


def test_a_list_does_not_move_while_it_loads(desk):
    page = desk.open("/shop/")
    shift = page.evaluate(
        """() => new Promise(resolve => new PerformanceObserver(list => resolve(
            list.getEntries().reduce((sum, one) => sum + one.value, 0))).observe({type: 'layout-shift', buffered: true})
            || setTimeout(() => resolve(0), 500))"""
    )
    assert shift < 0.01
