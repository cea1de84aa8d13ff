"""Debian's Chromium for tests that need a browser; without it they are skipped by name.

`page` is a window of nobody, `window(ada, dark=True)` one of somebody, `accessible(page)` what every page must pass.
Playwright's click does not wait for the page it leads to: say with `expect` what stands there before reading from it.
"""

import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.test.testcases import LiveServerThread
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, ViewportSize, expect, sync_playwright

from msc.access.models import User
from tests.sign_in import cookie_of

PROGRAM = shutil.which("chromium")
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
PATIENCE_MS = 20_000
#: The standard that every page meets.
AXE = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
THEMES, WIDTHS = ("dark", "light"), (360, 1280)
DESK: ViewportSize = {"width": 1280, "height": 800}
PAPER: ViewportSize = {"width": 1000, "height": 640}


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """Run one Chromium for all tests of this worker: two cannot be driven from one thread."""
    if PROGRAM is None:
        pytest.skip("Chromium is not installed.")
    expect.set_options(timeout=PATIENCE_MS)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=PROGRAM, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def portal(django_db_setup: object) -> Iterator[str]:
    """Serve the portal as in production, its own middleware serves the files; return its address."""
    server = LiveServerThread("localhost", lambda application: application, connections_override={})
    server.daemon = True
    server.start()
    server.is_ready.wait()
    if server.error:
        raise server.error
    yield f"http://localhost:{server.port}"
    server.terminate()


class Complaints(list[str]):
    """What browsers found wrong: scripts that threw, files that are missing, policies that were broken."""

    def listen_to(self, context: BrowserContext) -> None:
        context.on("console", self._read)
        context.on("weberror", lambda error: self.append(str(error.error)))

    def _read(self, message: ConsoleMessage) -> None:
        # A form that comes back with 409 or 422 is an answer, and so is a whole page that says 403 or 404.
        answered = any(code in message.text for code in ("(Unprocessable", "(Conflict"))
        of_the_page = message.page is not None and message.location["url"] == message.page.url
        # What axe tries on a page has no address; what a page does has one.
        of_axe = not message.location["url"]
        if message.type == "error" and not (answered or of_the_page or of_axe):
            self.append(f"{message.text} {message.location}")


@pytest.fixture
def complaints() -> Complaints:
    """Return what the windows of this test complain of; at its end there must be nothing left."""
    return Complaints()


@pytest.fixture
def window(chromium: Browser, portal: str, complaints: Complaints) -> Iterator[Callable[..., Page]]:
    """Return a function that opens a window, of a person who is signed in or of nobody."""
    contexts = []

    def make(person: User | None = None, *, dark: bool = False, width: int = 1280, script: bool = True) -> Page:
        context = chromium.new_context(
            base_url=portal,
            viewport={"width": width, "height": DESK["height"]},
            color_scheme="dark" if dark else "light",
            reduced_motion="reduce",
            java_script_enabled=script,
        )
        contexts.append(context)
        complaints.listen_to(context)
        context.set_default_timeout(PATIENCE_MS)
        if person is not None:
            context.add_cookies([cookie_of(person, portal)])
        return context.new_page()

    yield make
    for context in contexts:
        context.close()
    assert complaints == []


@pytest.fixture
def page(window: Callable[..., Page]) -> Page:
    """Open a window of nobody yet."""
    return window()


def stands(page: Page) -> None:
    """Wait until the page is loaded and has its heading; a page that is only committed has no body yet."""
    page.wait_for_load_state("load")
    expect(page.locator("main h1").first).to_be_visible()


def arrived(page: Page, heading: str) -> None:
    """Wait until the page with this heading stands."""
    expect(page.get_by_role("heading", name=heading)).to_be_visible()
    stands(page)


def faults(page: Page, only: Sequence[str] = ()) -> list[str]:
    """Return what axe finds on the page as it is, by some of its rules, and whether it is wider than its window."""
    options: dict[str, Any] = {"runOnly": {"type": "rule", "values": list(only)}} if only else AXE
    found: list[dict[str, Any]] = Axe().run(page, options=options).response["violations"]
    wrong = [f"{one['id']}: {[node['target'] for node in one['nodes']][:3]}" for one in found]
    if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
        wrong.append("wider than its window")
    return [f"{page.url}: {one}" for one in wrong]


@pytest.fixture
def accessible() -> Callable[[Page], None]:
    """Return the check that a page which stands has no fault in either theme, wide and narrow."""

    def check(page: Page) -> None:
        stands(page)
        before, wrong = page.viewport_size, []
        for theme in THEMES:
            page.emulate_media(color_scheme=theme, reduced_motion="reduce")
            for width in WIDTHS:
                page.set_viewport_size({"width": width, "height": DESK["height"]})
                wrong += [f"{theme}, {width}: {fault}" for fault in faults(page)]
        page.set_viewport_size(before or DESK)
        assert not wrong, "\n".join(wrong)

    return check


@pytest.fixture
def picture() -> Callable[[Page, str], None]:
    """Return what keeps a picture of the page for the guide, when MSC_PICTURES names the folder for them."""
    folder = os.environ.get("MSC_PICTURES")

    def keep(page: Page, name: str) -> None:
        if folder:
            before = page.viewport_size
            page.set_viewport_size(PAPER)
            page.screenshot(path=Path(folder) / f"{name}.png")
            page.set_viewport_size(before or DESK)

    return keep
