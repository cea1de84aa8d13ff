"""Every page of the portal that the grid's tables name, as axe sees it, in both themes."""

from collections.abc import Iterator

import pytest
from django.conf import settings
from playwright.sync_api import Page

from tests.chromium import faults, stands
from tests.grid.engine import Answer
from tests.grid.places import url
from tests.grid.table import TABLE_OF, TABLES

pytestmark = pytest.mark.needs("chromium")

#: Who sees most comes first; a page of the sign-in is seen before it, where that is possible.
READERS = ("ada", "sam", "nobody")


def reader_of(name: str) -> str | None:
    """Return who looks at the page of an address, or None where it answers nobody with one."""
    statuses = TABLE_OF[name].row(name, "GET").statuses
    readers = reversed(READERS) if name in TABLES["sign_in"].names else READERS
    return next((reader for reader in readers if reader in statuses and statuses[reader]["own"] == 200), None)


def addresses(reader: str) -> Iterator[str]:
    """Return the names whose page this reader looks at."""
    return (name for name in TABLE_OF if reader_of(name) == reader)


def is_page(answer: Answer) -> bool:
    """Whether the answer is a whole page: not a file, not data, not a part of a dialog."""
    return b"<html" in answer.body


def faults_of(page: Page, path: str) -> list[str]:
    """Return what is wrong with a page wide and light, and with its colours and its width where it is narrow and dark."""
    page.emulate_media(color_scheme="light", reduced_motion="reduce")
    page.set_viewport_size({"width": 1280, "height": 800})
    page.goto(path)
    stands(page)
    found = faults(page)
    page.emulate_media(color_scheme="dark", reduced_motion="reduce")
    page.set_viewport_size({"width": 360, "height": 800})
    return found + [f"dark, narrow: {fault}" for fault in faults(page, only=("color-contrast",))]


@pytest.mark.timeout(600)
@pytest.mark.parametrize("reader", READERS)
def test_every_page_is_for_everybody(stage, window, portal, reader):
    page, owned = window(), stage.world.owned["own"]
    if cookie := stage.world.cookies.get(reader):
        page.context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": cookie, "url": portal}])
    paths = [path for name in addresses(reader) if is_page(stage.ask(reader, "GET", path := url(name, owned)))]
    assert paths
    wrong = [fault for path in paths for fault in faults_of(page, path)]
    assert not wrong, "\n".join(wrong)
