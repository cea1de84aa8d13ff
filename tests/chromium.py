"""Debian's Chromium for tests that need a browser; without it they are skipped by name."""

import shutil
from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.test.testcases import LiveServerThread, _StaticFilesHandler
from playwright.sync_api import Browser, Page, sync_playwright

from tests.sign_in import cookie_of

PROGRAM = shutil.which("chromium")
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """Run one Chromium for all tests of this worker."""
    if PROGRAM is None:
        pytest.skip("Chromium is not installed.")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=PROGRAM, args=ARGUMENTS)
        yield browser
        browser.close()


class Window:
    """A page of a person, and everything that the browser complained about."""

    def __init__(self, page: Page, base: str) -> None:
        self.page, self.base, self.complaints = page, base, list[str]()
        page.on("console", self._listen)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def _listen(self, message) -> None:
        # A form that comes back with 409 or 422 is an answer and no fault.
        if message.type == "error" and not any(code in message.text for code in ("(Unprocessable", "(Conflict")):
            self.complaints.append(message.text)

    def open(self, path: str) -> Page:
        """Go to a path of the portal."""
        self.page.goto(self.base + path)
        return self.page

    def violations(self) -> list[str]:
        """Return what axe finds on the page as it is."""
        found = Axe().run(self.page).response["violations"]
        return [f"{one['id']}: {[node['target'] for node in one['nodes']][:3]}" for one in found]


@pytest.fixture(scope="session")
def portal(django_db_setup) -> Iterator[str]:
    """Serve the portal with its collected static files and return its address."""
    server = LiveServerThread("localhost", _StaticFilesHandler, connections_override={})
    server.daemon = True
    server.start()
    server.is_ready.wait()
    if server.error:
        raise server.error
    yield f"http://localhost:{server.port}"
    server.terminate()


@pytest.fixture
def window(chromium, portal):
    """Return a function that opens a window in which a person is signed in."""
    contexts = []

    def make(person=None, *, dark=False, width=1280, height=800, script=True) -> Window:
        context = chromium.new_context(
            viewport={"width": width, "height": height},
            color_scheme="dark" if dark else "light",
            java_script_enabled=script,
        )
        contexts.append(context)
        if person is not None:
            context.add_cookies([cookie_of(person, portal)])
        context.set_default_timeout(15_000)
        return Window(context.new_page(), portal)

    yield make
    for context in contexts:
        context.close()
