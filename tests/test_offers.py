"""No page offers its reader what they may not do: every link and button leads to what is not refused."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from html import unescape
from typing import Any

import pytest
from django.urls import Resolver404, resolve

from msc import navigation
from msc.access.roles import PERMISSIONS, Role
from msc.pages.templatetags import pages as tags
from msc.pages.views import PortalView
from tests.grid.places import patterns, url
from tests.grid.table import TABLE_OF

READERS = ("ada", "tom", "rita")
EVERYBODY_MAY = "profile.edit"
_ADDRESS = re.compile(r'\s(href|hx-get|action|formaction|data-href)="(/[^"?#]*)')
VIEWS = {
    pattern.name: pattern.view
    for pattern in patterns()
    if isinstance(pattern.view, type) and issubclass(pattern.view, PortalView)
}
SHOWN = [
    (name, reader)
    for name in sorted(VIEWS)
    for reader in READERS
    if TABLE_OF[name].row(name, "GET").statuses.get(reader, {"own": 0})["own"] == 200
]


def offers(stage, reader: str, name: str) -> set[tuple[str, str]]:
    """Return the method and the name of every address that the page shows to the reader."""
    answer = stage.ask(reader, "GET", url(name, stage.world.owned["own"]))
    assert answer.status == 200
    return set(addresses(answer.body.decode()))


def addresses(text: str) -> Iterator[tuple[str, str]]:
    for attribute, address in _ADDRESS.findall(text):
        try:
            found = resolve(unescape(address))
        except Resolver404:  # a file
            continue
        yield "POST" if attribute.endswith("action") else "GET", found.view_name


def refused(stage, reader: str, name: str) -> list[str]:
    """Return what the page offers although the table of the grid refuses it."""
    return [
        f"{method} {offered}"
        for method, offered in offers(stage, reader, name)
        if offered in TABLE_OF and TABLE_OF[offered].row(offered, method).statuses.get(reader, {}).get("own") == 403
    ]


@pytest.mark.parametrize(("name", "reader"), SHOWN)
def test_nothing_is_offered_that_is_refused(stage, name, reader):
    assert refused(stage, reader, name) == []


def test_the_pages_offer_what_there_is_to_do(stage):
    found = {
        offered
        for name in ("customers:page", "tenants:detail", "people:administrators", "serviceplans:page")
        for _, offered in offers(stage, "ada", name)
    }
    assert found >= {"customers:edit", "tenants:suspend", "people:deactivate", "tenants:edit_plan", "people:invite"}


# -- Each right that an offer needs bears: taken away, the test above turns red ------------------------------------


def bears(permission: str, page: str) -> bool:
    """Whether somebody sees the page who does not hold the right."""
    return bool(PERMISSIONS[page] - PERMISSIONS[permission] - {Role.SUPPORT})


BUTTONS = [
    (name, kind, number)
    for name, view in VIEWS.items()
    for kind in ("actions", "row_actions")
    for number, action in enumerate(getattr(view, kind, ()))
    if bears(action.needs, view.needs)
]


def freed(declared: Sequence[Any], number: int) -> tuple[Any, ...]:
    """Return what is declared, with one of them offered to everybody."""
    return (*declared[:number], replace(declared[number], needs=EVERYBODY_MAY), *declared[number + 1 :])


@pytest.mark.parametrize(("name", "kind", "number"), BUTTONS)
def test_without_its_right_a_button_is_noticed(stage, monkeypatch, name, kind, number):
    monkeypatch.setattr(VIEWS[name], kind, freed(getattr(VIEWS[name], kind), number))
    assert any(refused(stage, reader, name) for shown, reader in SHOWN if shown == name)


@pytest.mark.parametrize("number", [n for n, entry in enumerate(navigation.MENU) if bears(entry.needs, "plan.view")])
def test_without_its_right_an_entry_of_the_menu_is_noticed(stage, monkeypatch, number):
    monkeypatch.setattr(navigation, "MENU", freed(navigation.MENU, number))
    tags._menu.cache_clear()
    try:
        assert any(refused(stage, reader, "serviceplans:list") for reader in READERS)
    finally:
        tags._menu.cache_clear()


@pytest.mark.parametrize(
    ("of", "number"),
    [(of, n) for of, tabs in navigation.TABS.items() for n, tab in enumerate(tabs) if bears(tab.needs, tabs[0].needs)],
)
def test_without_its_right_a_tab_is_noticed(stage, monkeypatch, of, number):
    monkeypatch.setitem(navigation.TABS, of, freed(navigation.TABS[of], number))
    assert any(refused(stage, reader, navigation.TABS[of][0].url_name) for reader in READERS)


def test_there_are_rights_to_take_away():
    assert len(BUTTONS) > 10
