"""Sign-in in a real browser: by keyboard, without JavaScript, with passkeys."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from msc.access import scope
from msc.access.models import User
from msc.people.services import invite_administrator
from tests.chromium import arrived, stands
from tests.factories import PASSWORD
from tests.people.providing import claims, issuer, says, set_up
from tests.people.signing_in import app_code, events, last_code, last_link, texts

NEW = "another-horse-another-battery"
__all__ = ["issuer"]
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(300)]


def _to_the_code(page: Page, person: User) -> None:
    page.goto("/account/sign-in/?next=/profile/")
    expect(page.locator("[name=login]")).to_be_focused()
    page.keyboard.type(person.email)
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_label("Password")).to_have_count(0)
    stands(page)


def _again(page: Page) -> None:
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_label("Password")).to_have_count(0)
    stands(page)


@pytest.fixture
def desk(window: Callable[..., Page], ada: User) -> Page:
    return window(ada)


def _give_a_device(page: Page) -> None:
    """Give the browser a device that keeps passkeys and knows its owner."""
    session = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    options = {"protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True}
    options |= {"isUserVerified": True, "automaticPresenceSimulation": True}
    session.send("WebAuthn.addVirtualAuthenticator", {"options": options})


def test_signing_in_by_keyboard_alone(page, portal, ada, accessible, picture):
    page.goto("/account/sign-in/")
    accessible(page)
    picture(page, "sign-in")
    _to_the_code(page, ada)
    arrived(page, "Enter the code")
    accessible(page)
    picture(page, "sign-in-code")
    page.keyboard.type(last_code())
    page.keyboard.press("Enter")
    arrived(page, "Trust this browser?")
    accessible(page)
    page.get_by_role("button", name="Do not trust it").focus()
    page.keyboard.press("Enter")
    arrived(page, "Profile")
    accessible(page)
    expect(page).to_have_url(f"{portal}/profile/")


def test_an_error_stands_beside_its_field_and_nothing_typed_is_lost(page, ada, accessible):
    page.goto("/account/sign-in/")
    page.get_by_label("E-mail").fill(ada.email)
    page.get_by_label("Password").fill("wrong")
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_label("Password")).to_have_attribute("aria-invalid", "true")
    expect(page.get_by_label("Password")).to_have_accessible_description(re.compile("do not belong together"))
    expect(page.get_by_label("Password")).to_be_focused()
    expect(page.get_by_label("E-mail")).to_have_value(ada.email)
    accessible(page)


def test_an_invitation_is_accepted(page, ada, northwind, accessible):
    with scope.entered("portal", msp=northwind.pk):
        names = {"first_name": "Bob", "last_name": "New"}
        invite_administrator(by=ada, msp=northwind, email="bob@new.example", role="read_only", **names)
    page.goto(re.search(r"(/invitation/\S+)", texts()[-1]).group())
    stands(page)
    accessible(page)
    _choose_a_password(page)
    arrived(page, "Sign in")
    expect(page.get_by_text("Your password is set")).to_be_visible()


def test_a_forgotten_password_is_chosen_anew(page, portal, ada, accessible):
    page.goto("/account/sign-in/")
    page.get_by_role("link", name="I forgot my password").click()
    arrived(page, "Choose a new password")
    page.get_by_label("E-mail").fill(ada.email)
    page.get_by_role("button", name="Send the link").click()
    expect(page).to_have_url(f"{portal}/account/reset/sent/")
    page.goto(last_link())
    stands(page)
    accessible(page)
    _choose_a_password(page)
    expect(page).to_have_url(f"{portal}/account/reset/done/")


def _choose_a_password(page: Page) -> None:
    fields = page.locator("input[type=password]")
    fields.first.fill(NEW)
    fields.last.fill(NEW)
    fields.last.press("Enter")


def test_signing_in_and_out_without_javascript(window, ada):
    page = window(script=False)
    page.goto("/account/sign-in/?next=/profile/")
    expect(page.get_by_role("button", name="Sign in with a passkey")).to_be_hidden()
    page.get_by_label("E-mail").fill(ada.email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Continue").click()
    arrived(page, "Enter the code")
    page.get_by_label("Code from the e-mail").fill(last_code())
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("button", name="Do not trust it").click()
    arrived(page, "Profile")
    page.goto("/account/sign-out/")
    page.get_by_role("button", name="Sign out").click()
    arrived(page, "Sign in")


def test_a_passkey_is_added_and_signs_in_alone(desk, accessible, picture):
    page = desk
    _give_a_device(page)
    page.goto("/profile/")
    page.get_by_role("link", name="Add a passkey").click()
    expect(page.get_by_label("Password")).to_be_visible()
    accessible(page)
    _again(page)
    accessible(page)
    page.get_by_label("Name of this passkey").fill("Laptop")
    picture(page, "passkey")
    page.get_by_role("button", name="Make the passkey").click()
    arrived(page, "Recovery codes")
    accessible(page)
    picture(page, "recovery-codes")
    page.get_by_role("link", name="I've saved these codes").click()
    expect(page.get_by_text("Laptop")).to_be_visible()
    accessible(page)
    picture(page, "profile")

    page.goto("/account/sign-out/")
    page.get_by_role("button", name="Sign out").click()
    page.get_by_role("button", name="Sign in with a passkey").click()
    page.wait_for_url(lambda url: "/account/" not in url)
    page.goto("/profile/")
    arrived(page, "Profile")
    assert events("session.opened")[-1].detail == {"method": "passkey"}


def test_a_passkey_confirms_a_password(desk, ada, accessible):
    page = desk
    _give_a_device(page)
    page.goto("/account/passkeys/add/")
    _again(page)
    page.get_by_role("button", name="Make the passkey").click()
    arrived(page, "Recovery codes")
    page.context.clear_cookies()
    _to_the_code(page, ada)
    arrived(page, "Confirm that it is you")
    accessible(page)
    page.get_by_role("button", name="Use a passkey").click()
    arrived(page, "Trust this browser?")
    page.get_by_role("button", name="Trust it for 30 days").click()
    arrived(page, "Profile")
    assert events("session.opened")[-1].detail == {"method": "password, passkey"}

    page.get_by_role("link", name="Remove Passkey").click()
    page.get_by_role("link", name="Use a security key").or_(page.get_by_role("link", name="Use a passkey")).click()
    page.get_by_role("button", name="Use a passkey").click()
    page.get_by_role("button", name="Remove the passkey").click()
    expect(page.get_by_text("The passkey is removed.")).to_be_visible()


def test_a_browser_without_a_passkey_says_what_to_do(page):
    session = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    session.send(
        "WebAuthn.addVirtualAuthenticator",
        {"options": {"protocol": "ctap2", "transport": "internal", "hasUserVerification": True}},
    )
    page.goto("/account/sign-in/")
    page.get_by_role("button", name="Sign in with a passkey").click()
    expect(page.locator("[data-passkey-error]")).to_contain_text("another way")


def test_an_authenticator_app_is_added(desk, accessible, picture):
    page = desk
    page.goto("/profile/")
    page.get_by_role("link", name="Add an app").click()
    _again(page)
    accessible(page)
    picture(page, "authenticator-app")
    seed = page.get_by_role("textbox", name="Key").input_value()
    page.get_by_label("Code from the app").fill(app_code(seed))
    page.get_by_role("button", name="Add the app").click()
    arrived(page, "Recovery codes")
    expect(page.get_by_role("listitem")).to_have_count(10)


def test_the_profile_is_edited_in_a_dialog(desk, accessible):
    page = desk
    page.goto("/profile/")
    page.get_by_role("link", name="Edit").click()
    expect(page.get_by_role("dialog")).to_be_visible()
    accessible(page)
    page.get_by_label("First name").fill("Ada Maria")
    page.get_by_label("Phone number").fill("12")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_label("Phone number")).to_have_attribute("aria-invalid", "true")
    page.get_by_label("Phone number").fill("+49 30 123456")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("definition").filter(has_text="Ada Maria Arnold")).to_be_visible()


@pytest.mark.parametrize(
    "address",
    [
        "/account/reset/",
        "/account/reset/sent/",
        "/account/reset/1-abc-def/",
        "/account/reset/done/",
        "/account/refused/",
    ],
)
def test_the_other_cards_are_accessible(page, accessible, address):
    page.goto(address)
    accessible(page)


def test_single_sign_on_is_set_up_and_offered(desk, ada, accessible, picture):
    page = desk
    page.goto("/settings/sign-in/")
    accessible(page)
    for label, text in {"Name of the provider": "Northwind ID", "Issuer": "https://id.northwind.example"}.items():
        page.get_by_label(label).fill(text)
    page.get_by_label("Client ID").fill("msc")
    page.get_by_label("Client secret").fill("a-secret-of-1234")
    page.get_by_label("Enable single sign-on").check()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Single sign-on is saved.")).to_be_visible()
    picture(page, "single-sign-on")
    page.context.clear_cookies()
    page.goto(f"/sign-in/{ada.msp.slug}/")
    expect(page.get_by_role("button", name="Sign in through Northwind ID")).to_be_visible()
    accessible(page)
    picture(page, "single-sign-on-page")


def test_a_browser_walks_to_the_provider_and_back(page, portal, issuer, settings, ada):
    settings.MSC_ORIGIN = portal
    provider = set_up(ada.msp, issuer)
    says(issuer, claims=claims(ada.email))
    page.goto(f"/sign-in/{provider.msp.slug}/?next=/profile/")
    page.get_by_role("button", name="Sign in through Northwind ID").click()
    arrived(page, "Profile")
    assert events("session.opened")[-1].detail == {"method": "single sign-on"}
