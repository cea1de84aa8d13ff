"""Take the guide's pictures from a demonstration that `make run` has started: `make screenshots PORT=8000`."""

import os
import re
import shutil
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.request import urlopen

from playwright.sync_api import BrowserContext, Page, sync_playwright

ROOT = Path(__file__).resolve().parent.parent
PICTURES = ROOT / "docs" / "guide" / "images"
ACCOUNTS = Path(os.environ.get("MSC_VAR", ROOT / "var")) / "demo-accounts.txt"
BASE = f"http://localhost:{os.environ.get('PORT', '8000')}"
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
WIDE, NARROW = (1280, 800), (360, 740)
PATIENCE_SECONDS = 20


@dataclass(frozen=True)
class Picture:
    """A page to show: its name, its path, and what to press before the picture is taken."""

    name: str
    path: str
    press: str = ""
    dark: bool = False
    narrow: bool = False
    whole: bool = False


def pictures(customer: str) -> Iterator[Picture]:
    """Return the pictures of the guide, most of them of the customer at this path."""
    yield Picture("customers", "/customers/")
    yield Picture("customers-dark", "/customers/", dark=True)
    yield Picture("customers-narrow", "/customers/", narrow=True)
    yield Picture("customers-filters", "/customers/?product=hybrid", press="Filters")
    yield Picture("customers-columns", "/customers/", press="Edit columns")
    yield Picture("customers-export", "/customers/", press="Export to CSV")
    yield Picture("customer-create", "/customers/create/")
    yield Picture("customer", customer, whole=True)
    yield Picture("customer-dark", customer, dark=True)
    yield Picture("customer-narrow", customer, narrow=True)
    yield Picture("customer-health", f"{customer}health/", whole=True)
    yield Picture("customer-health-narrow", f"{customer}health/", narrow=True)
    yield Picture("service-plans", "/service-plans/")
    yield Picture("alerts", "/alerts/")
    yield Picture("alerts-dark", "/alerts/", dark=True)
    yield Picture("consumption", "/consumption/")
    yield Picture("events", "/events/audit/")


def main() -> None:
    """Sign in as the first account of the demonstration and take every picture."""
    chromium = shutil.which("chromium")
    if chromium is None or not ACCOUNTS.exists():
        sys.exit("Start the demonstration with make run, and install Chromium.")
    PICTURES.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        context = browser.new_context(reduced_motion="reduce")
        page = context.new_page()
        sign_in(page)
        page.goto(f"{BASE}/customers/?q=harbour")
        customer = page.locator("tbody a").first.get_attribute("href") or ""
        for picture in pictures(customer):
            take(context, picture)
        browser.close()


def sign_in(page: Page) -> None:
    """Sign in with the password of the demonstration and the code out of its mail page."""
    accounts = ACCOUNTS.read_text()
    address = re.search(r"\S+@\S+", accounts)
    password = re.search(r"password (\S+)", accounts)
    if address is None or password is None:
        sys.exit(f"{ACCOUNTS} names no account.")
    known = _codes(address.group())
    page.goto(f"{BASE}/account/sign-in/")
    page.fill("[name=login]", address.group())
    page.fill("[name=password]", password.group(1))
    page.keyboard.press("Enter")
    page.wait_for_url("**/code/**")
    page.fill("[name=code]", _new_code(address.group(), known))
    page.keyboard.press("Enter")
    page.wait_for_url("**/trust/**")
    page.locator("main button[type=submit]").last.click()
    page.wait_for_url("**/customers/**")


def _new_code(address: str, known: list[str]) -> str:
    until = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < until:
        fresh = [code for code in _codes(address) if code not in known]
        if fresh:
            return fresh[0]
        time.sleep(0.5)
    sys.exit("No code came to the demonstration's mail page.")


def _codes(address: str) -> list[str]:
    """Return the codes in the newest e-mails to the address."""
    listed = _read("/demo/mail/")
    codes = []
    for path in list(dict.fromkeys(re.findall(r'href="(/demo/mail/[^"/]+/)"', listed)))[:4]:
        text = _read(path)
        if address in text and (code := re.search(r"\b\d{6}\b", text)):
            codes.append(code.group())
    return codes


def _read(path: str) -> str:
    with urlopen(BASE + path) as answer:  # noqa: S310 - the demonstration on this machine
        text: str = answer.read().decode()
        return text


def take(context: BrowserContext, picture: Picture) -> None:
    """Open the page in its theme and width and keep the picture."""
    width, height = NARROW if picture.narrow else WIDE
    page = context.new_page()
    page.emulate_media(color_scheme="dark" if picture.dark else "light", reduced_motion="reduce")
    page.set_viewport_size({"width": width, "height": height})
    page.goto(BASE + picture.path)
    if picture.press:
        page.locator("main a, main button").filter(has_text=picture.press).first.click()
        page.get_by_role("dialog").locator(".dialog-foot").wait_for()
    page.screenshot(path=PICTURES / f"{picture.name}.png", full_page=picture.whole)
    page.close()
    print(f"docs/guide/images/{picture.name}.png")


if __name__ == "__main__":
    main()
