"""Administrators, credentials, settings, events and support's pages in a real browser."""

import pytest
from django.conf import settings as its_settings
from playwright.sync_api import expect

from msc.access import scope
from msc.events import log
from tests import factories
from tests.chromium import arrived
from tests.support.browser import support_client

pytestmark = [pytest.mark.needs("chromium"), pytest.mark.django_db(transaction=True), pytest.mark.timeout(300)]


@pytest.fixture
def changed(northwind, ada, tom, rita):
    """An event with before and after about a hidden customer."""
    with scope.entered("portal", msp=northwind.pk):
        customer = factories.make_customer(northwind, "Zebra Incorporated", account_name="ACC-77", admins=(tom,))
        factories.make_customer(northwind, "Harbour Logistics")
        log.record_sign_in(ada, method="password, code")
        return log.record(
            by=ada,
            action="customer.edited",
            on=customer,
            label="ACC-77",
            customer_id=customer.pk,
            changes={"Hidden": (False, True)},
            private={"Customer Name": ("Zebra Inc", "Zebra Incorporated")},
            private_label="Zebra Incorporated",
        )


@pytest.fixture
def page(window, ada):
    return window(ada)


def test_every_page_is_accessible(page, changed, tom, accessible, picture):
    for name, path in (
        ("administrators", "/settings/administrators/"),
        ("administrator", f"/settings/administrators/{tom.pk}/"),
        ("assigned", f"/settings/administrators/{tom.pk}/customers/"),
        ("invite", "/settings/administrators/invite/"),
        ("settings", "/settings/"),
        ("credentials", "/settings/credentials/"),
        ("credential", "/settings/credentials/create/"),
        ("audit", "/events/audit/"),
        ("log-ins", "/events/log-ins/"),
        ("outbox", "/events/e-mails/"),
        ("event", f"/events/{changed.pk}/"),
    ):
        page.goto(path)
        accessible(page)
        picture(page, name)


def test_an_administrator_is_invited_and_switched_off(page):
    page.goto("/settings/administrators/")
    page.get_by_role("link", name="Invite Administrator").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("First name").fill("Bob")
    dialog.get_by_label("Last name").fill("Newcomer")
    dialog.get_by_label("Email address").fill("no address")
    dialog.get_by_label("Read-only administrator").check()
    dialog.get_by_role("button", name="Send invitation").click()
    expect(dialog.get_by_text("Enter an email address such as")).to_be_visible()
    dialog.get_by_label("Email address").fill("bob@new.example")
    dialog.get_by_role("button", name="Send invitation").click()
    arrived(page, "Bob Newcomer")
    page.get_by_role("link", name="Switch off").click()
    dialog.get_by_role("button", name="Switch off").click()
    expect(page.get_by_text("Switched off", exact=True)).to_be_visible()


def test_a_secret_is_shown_in_the_dialog(page):
    page.goto("/settings/credentials/")
    page.get_by_role("link", name="Create credential").first.click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Name").fill("Backup server Kiel")
    dialog.get_by_label("Send runs").check()
    dialog.get_by_role("button", name="Create credential").click()
    secret = dialog.get_by_label("Secret of Backup server Kiel").input_value()
    assert secret.startswith("msc_")
    dialog.get_by_role("link", name="I have copied it").click()
    expect(page.get_by_role("rowheader", name="Backup server Kiel")).to_be_visible()
    assert secret not in page.content()


def test_supports_pages_hold_to_the_policy(window, portal, changed, sam, picture):
    value = support_client(sam).cookies[its_settings.SESSION_COOKIE_NAME].value
    cookie = {"name": its_settings.SESSION_COOKIE_NAME, "value": value, "url": portal, "httpOnly": True}
    page = window()
    page.context.add_cookies([cookie])
    for path in ("", "customers/customer/", "access/msp/", "access/msp/act/open/", "events/event/"):
        page.goto(f"/support/{path}")
        expect(page.get_by_role("link", name="Managed Services Center")).to_be_visible()
    page.goto("/support/customers/customer/?q=acc")
    page.get_by_role("link", name="ACC-77").click()
    arrived(page, "View customer")
    assert "Zebra" not in page.content()
    picture(page, "support-customer")
