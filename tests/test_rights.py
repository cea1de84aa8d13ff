"""Each right that a page needs bears: with any one of them taken away, the grid turns red."""

import pytest

from msc.pages.views import PortalView
from tests.grid.looks import looks_at
from tests.grid.places import patterns

EVERYBODY_MAY = "profile.edit"
VIEWS = {
    pattern.name: pattern.view
    for pattern in patterns()
    if isinstance(pattern.view, type)
    and issubclass(pattern.view, PortalView)
    and pattern.view.needs not in ("", EVERYBODY_MAY)
}


@pytest.mark.parametrize("name", VIEWS)
def test_without_its_right_a_page_turns_the_grid_red(stage, monkeypatch, name):
    monkeypatch.setattr(VIEWS[name], "needs", EVERYBODY_MAY)
    refused = [look for look in looks_at(name) if look.status == 403 and not look.query]
    assert any(look.take(stage).status != 403 for look in refused)
