"""Dialogs in a real browser: what was entered is kept, and the keyboard focus is never lost."""

import pytest
from playwright.sync_api import expect

from msc.access import scope
from msc.events.models import Event
from tenants import summaries
from tests import factories
from tests.chromium import arrived
from tests.sign_in import cookie_of

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(300), pytest.mark.needs("chromium")]

NAMES = ("Alder Freight", "Birch Foods", "Cedar Labs")


@pytest.fixture
def customers(northwind, tom):
    with scope.entered("portal", msp=northwind.pk):
        gold = factories.make_plan(northwind, "Gold")
        made = [factories.make_customer(northwind, name, admins=(tom,)) for name in NAMES]
        factories.make_tenant(made[0], gold, "hybrid")
        summaries.refresh([customer.pk for customer in made])
    return made


@pytest.fixture
def office(window, ada, customers):
    page = window(ada)
    page.goto("/customers/")
    return page


def menu_button(page, name):
    return page.get_by_role("button", name=f"More options for {name}")


def choose(page, name, entry):
    """Open a row's menu and an entry of it, by keyboard alone."""
    menu_button(page, name).focus()
    page.keyboard.press("Enter")
    wanted = page.locator(".menu:popover-open").get_by_role("link", name=entry)
    while not wanted.evaluate("entry => entry === document.activeElement"):
        page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    return page.locator("#dialog")


def answered_by(complaints, status):
    """Take what the browser says of an answer with this status, and only that, as meant."""
    assert complaints
    assert all(f"status of {status} " in complaint for complaint in complaints)
    complaints.clear()


def asked(page):
    return page.get_by_role("dialog", name="Discard your changes?")


def create_dialog(page):
    page.get_by_role("link", name="Create Customer").press("Enter")
    field = page.locator("#dialog").get_by_label("Customer Name", exact=False).first
    expect(field).to_be_focused()
    return field


def test_a_menu_is_worked_by_keyboard(office):
    button = menu_button(office, "Birch Foods")
    button.focus()
    office.keyboard.press("Enter")
    entries = office.locator(".menu:popover-open a")
    expect(entries.first).to_be_focused()
    office.keyboard.press("ArrowDown")
    expect(entries.nth(1)).to_be_focused()
    office.keyboard.press("End")
    expect(entries.last).to_be_focused()
    office.keyboard.press("ArrowDown")
    expect(entries.first).to_be_focused()
    office.keyboard.press("Escape")
    expect(button).to_be_focused()
    expect(office.locator(".menu:popover-open")).to_have_count(0)


def test_the_focus_returns_to_the_row_after_its_change_is_saved(office):
    dialog = choose(office, "Birch Foods", "Edit")
    expect(dialog.get_by_label("Address")).to_be_visible()
    dialog.get_by_label("Address").fill("7 Changed Street")
    dialog.get_by_label("Phone Number").press("Enter")
    expect(office.get_by_text("Birch Foods has been saved")).to_be_visible()
    expect(menu_button(office, "Birch Foods")).to_be_focused()


def test_the_focus_goes_to_the_next_row_after_a_deletion_which_is_never_one_key_away(office, accessible):
    dialog = choose(office, "Birch Foods", "Delete")
    expect(dialog.get_by_role("link", name="Cancel")).to_be_focused()
    accessible(office)
    office.keyboard.press("Enter")
    expect(dialog).to_be_hidden()
    expect(menu_button(office, "Birch Foods")).to_be_focused()
    dialog = choose(office, "Birch Foods", "Delete")
    expect(dialog.get_by_role("link", name="Cancel")).to_be_focused()
    dialog.get_by_role("button", name="Yes, Delete").press("Enter")
    expect(office.get_by_text("has been deleted")).to_be_visible()
    expect(menu_button(office, "Birch Foods")).to_have_count(0)
    expect(menu_button(office, "Cedar Labs")).to_be_focused()


def test_the_focus_stays_among_the_filters_when_one_is_removed(office):
    office.goto("/customers/?product=hybrid&q=Alder")
    chip = office.get_by_role("link", name="Remove filter Products: Hybrid Workloads")
    chip.press("Enter")
    expect(chip).to_have_count(0)
    assert office.evaluate("document.activeElement.closest('#results') !== null")


def test_the_focus_returns_after_the_page_is_loaded_again(office, customers):
    office.goto(f"/customers/{customers[0].pk}/")
    arrived(office, "Account Details")
    opener = office.get_by_role("link", name="Edit account details")
    opener.press("Enter")
    dialog = office.locator("#dialog")
    dialog.get_by_label("Address").fill("7 Changed Street")
    dialog.get_by_label("Phone Number").press("Enter")
    expect(office.locator("main").get_by_text("7 Changed Street")).to_be_visible()
    expect(opener).to_be_focused()


@pytest.mark.parametrize("way", ["Escape", "button", "beside"])
def test_a_dialog_asks_before_it_drops_what_was_entered(office, accessible, way):
    leave = {
        "Escape": lambda: office.keyboard.press("Escape"),
        "button": lambda: office.locator("#dialog").get_by_role("link", name="Close").press("Enter"),
        "beside": lambda: office.mouse.click(5, 400),
    }[way]
    create_dialog(office)
    leave()
    expect(office.locator("#dialog")).to_be_hidden()
    field = create_dialog(office)
    office.keyboard.type("Dogwood Dairy")
    for _ in range(3):  # a browser lets a page prevent Escape once
        leave()
        expect(asked(office).get_by_role("button", name="Keep editing")).to_be_focused()
        office.keyboard.press("Escape")
        expect(asked(office)).to_be_hidden()
        expect(field).to_have_value("Dogwood Dairy")
        field.focus()
    leave()
    accessible(office)
    office.keyboard.press("Tab")
    expect(asked(office).get_by_role("button", name="Discard changes")).to_be_focused()
    office.keyboard.press("Enter")
    expect(office.locator("#dialog")).to_be_hidden()
    expect(office.get_by_role("link", name="Create Customer")).to_be_focused()


def test_a_new_sign_in_in_another_tab_does_not_stop_a_dialog(office, northwind, complaints):
    field = create_dialog(office)
    office.keyboard.type("Dogwood Dairy")
    office.locator("#dialog").get_by_label("Address").fill("1 Pier")
    office.locator("#dialog").get_by_label("Phone Number").fill("+49 431 123456")
    csrf = next(cookie for cookie in office.context.cookies() if cookie["name"] == "msc-csrf")
    office.context.add_cookies([csrf | {"value": "x" * 32}])
    field.press("Enter")
    expect(office.get_by_text("Dogwood Dairy has been created")).to_be_visible()
    answered_by(complaints, 403)
    with scope.entered("portal", msp=northwind.pk):
        assert not Event.objects.filter(action="access.refused").exists()


def test_a_form_of_someone_else_is_not_sent_under_a_new_sign_in(office, portal, tom, complaints):
    field = create_dialog(office)
    office.keyboard.type("Dogwood Dairy")
    csrf = next(cookie for cookie in office.context.cookies() if cookie["name"] == "msc-csrf")
    office.context.add_cookies([csrf | {"value": "x" * 32}, cookie_of(tom, portal)])
    field.press("Enter")
    expect(office.get_by_role("alert").get_by_text("Someone else is now signed in")).to_be_visible()
    answered_by(complaints, 403)
    expect(field).to_have_value("Dogwood Dairy")


def test_a_dialog_survives_the_end_of_its_session(office, ada, portal, complaints):
    field = create_dialog(office)
    office.keyboard.type("Dogwood Dairy")
    office.locator("#dialog").get_by_label("Address").fill("1 Pier")
    office.locator("#dialog").get_by_label("Phone Number").fill("+49 431 123456")
    office.context.clear_cookies(name="msc-session")
    field.press("Enter")
    notice = office.get_by_role("alert").filter(has_text="Your session has ended")
    expect(notice.get_by_role("link", name="Sign in in a new tab")).to_have_attribute("target", "_blank")
    expect(field).to_have_value("Dogwood Dairy")
    answered_by(complaints, 401)
    office.context.add_cookies([cookie_of(ada, portal)])
    field.press("Enter")
    expect(office.get_by_text("Dogwood Dairy has been created")).to_be_visible()


def test_a_low_window_scrolls_the_whole_dialog(office):
    office.set_viewport_size({"width": 320, "height": 256})
    field = create_dialog(office)
    box = field.bounding_box()
    assert 0 <= box["y"] <= 256 - box["height"]
    assert office.locator("#dialog-body").evaluate("it => it.scrollHeight > it.clientHeight")


def test_a_field_in_error_keeps_its_arrow_and_its_choices_their_color(office, customers):
    office.goto(f"/customers/{customers[1].pk}/products/add/hybrid/")
    office.get_by_label("Service Plan").select_option("")
    office.get_by_role("button", name="Add Hybrid Workloads").click()
    plan = office.get_by_label("Service Plan")
    expect(plan).to_have_attribute("aria-invalid", "true")
    assert "url(" in plan.evaluate("it => getComputedStyle(it).backgroundImage")
    label = office.locator(".field-group .form-check-label").first
    legend = office.locator(".field-group legend").first
    color = "it => getComputedStyle(it).color"
    assert label.evaluate(color) == legend.evaluate(color)


def test_an_id_is_copied_by_keyboard_and_the_button_says_so(office, customers, northwind):
    with scope.entered("portal", msp=northwind.pk):
        tenant = customers[0].tenants.get()
    office.context.grant_permissions(["clipboard-read", "clipboard-write"])
    office.goto(f"/customers/{customers[0].pk}/products/{tenant.pk}/")
    expect(office).to_have_title("Hybrid Workloads of Alder Freight · Managed Services Center")
    button = office.get_by_role("button", name="Copy product ID")
    button.press("Enter")
    expect(button).to_have_text("Copied")
    expect(button.locator("+ [role=status]")).to_have_text("Copied")
    expect(button).to_be_focused()
    assert office.evaluate("navigator.clipboard.readText()") == str(tenant.pk)


def test_a_message_stays_while_it_is_focused_and_an_error_until_it_is_dismissed(office):
    office.clock.install()
    office.goto("/customers/")
    office.evaluate(
        """() => {
            const note = (words, passing) =>
                `<div class="toast-note"${passing}><span>${words}</span><button type="button" data-dismiss>Dismiss</button></div>`;
            document.getElementById("messages").innerHTML = note("Saved", " data-passing") + note("Failed", "");
            document.dispatchEvent(new CustomEvent("htmx:after:swap", { detail: { ctx: { request: {} } } }));
        }"""
    )
    saved = office.locator(".toast-note", has_text="Saved")
    saved.get_by_role("button").focus()
    office.clock.run_for(60_000)
    expect(saved).to_be_visible()
    saved.get_by_role("button").evaluate("it => it.blur()")
    office.clock.run_for(60_000)
    expect(saved).to_have_count(0)
    expect(office.locator(".toast-note", has_text="Failed")).to_be_visible()


def test_only_the_fields_of_the_chosen_protocol_are_shown(window, ada):
    page = window(ada)
    page.goto("/settings/sign-in/")
    expect(page.get_by_label("Client ID")).to_be_visible()
    expect(page.get_by_label("Certificate")).to_be_hidden()
    expect(page.get_by_role("button", name="Copy Redirect URI")).to_be_visible()
    page.get_by_label("SAML 2.0").check()
    expect(page.get_by_label("Client ID")).to_be_hidden()
    expect(page.get_by_label("Certificate")).to_be_visible()
    expect(page.get_by_role("button", name="Copy Assertion consumer service")).to_be_visible()
    expect(page.get_by_role("button", name="Copy Redirect URI")).to_be_hidden()
