"""A page of Chromium that must break no policy, and what every page must pass."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from unittest.mock import patch

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page
from pytest_django.live_server_helper import LiveServer

#: The standard that every page meets.
AXE = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}


@pytest.fixture(scope="session")
def browser(chromium: Browser) -> Browser:
    """Use the one Chromium of this worker: two cannot be driven from one thread."""
    return chromium


@pytest.fixture(scope="session")
def live_server(django_db_setup: None) -> Iterator[LiveServer]:
    """Run the portal as in production: its own middleware serves the collected files."""
    with patch("django.contrib.staticfiles.handlers.StaticFilesHandler", lambda application: application):
        server = LiveServer("localhost")
    yield server
    server.stop()


@pytest.fixture
def context(chromium: Browser) -> Iterator[BrowserContext]:
    """Fail the test when a page breaks the Content Security Policy or a script throws."""
    complaints: list[str] = []
    context = chromium.new_context()
    context.set_default_timeout(10_000)
    context.on(
        "console",
        lambda message: (
            complaints.append(f"{message.text} {message.location}") if "Security Policy" in message.text else None
        ),
    )
    context.on("weberror", lambda error: complaints.append(str(error.error)))
    yield context
    context.close()
    assert complaints == []


@pytest.fixture
def page(context: BrowserContext) -> Page:
    """Open a page of nobody yet."""
    return context.new_page()


@pytest.fixture
def accessible() -> Callable[[Page], None]:
    """Return the check that axe finds nothing on the page, in both themes, wide and narrow."""

    def check(page: Page) -> None:
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
            for width in (1280, 360):
                page.set_viewport_size({"width": width, "height": 800})
                found = Axe().run(page, options=AXE)
                assert not found.response["violations"], f"{page.url} {scheme} {width}: {found.generate_report()}"
                assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), f"{page.url} at {width}"

    return check


@pytest.fixture
def picture() -> Callable[[Page, str], None]:
    """Return what keeps a picture of the page for the guide, when MSC_PICTURES names the folder for them."""
    folder = os.environ.get("MSC_PICTURES")

    def keep(page: Page, name: str) -> None:
        if folder:
            page.emulate_media(color_scheme="light", reduced_motion="reduce")
            page.set_viewport_size({"width": 1000, "height": 640})
            page.screenshot(path=Path(folder) / f"{name}.png")

    return keep
