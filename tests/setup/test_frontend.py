"""The front-end files: what is collected, and that pages ask for nothing else."""

import re

import pytest

from msc.frontend import FILES, ICONS, ROOT, sprite, without_source_map

ICON = (
    '<svg class="icon" width="24" viewBox="0 0 24 24" fill="none"><path stroke="none" d="M0 0"/><path d="M1 1"/></svg>'
)
SOURCES = [
    path
    for name in ("templates", "msc", "customers", "tenants", "serviceplans", "health")
    for path in (ROOT / name).rglob("*")
    if path.suffix in {".html", ".py"}
]


@pytest.mark.parametrize(
    "text",
    [
        "a{}\n/*# sourceMappingURL=a.css.map */",
        "f()\n//# sourceMappingURL=a.js.map",
        "f()\n//# sourceMappingURL=a.js.map\n",
    ],
)
def test_the_name_of_a_source_map_is_removed(text):
    assert "sourceMappingURL" not in without_source_map(text)
    assert without_source_map(text).startswith(text[:3])


def test_a_sprite_keeps_an_icons_shapes_and_drawing_attributes():
    icon = ICON.replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" ')
    assert sprite({"plus": icon}) == (
        '<svg xmlns="http://www.w3.org/2000/svg"><symbol id="plus" viewBox="0 0 24 24" fill="none">'
        '<path d="M1 1" /></symbol></svg>'
    )


def test_icons_stand_once_and_in_order():
    assert list(ICONS) == sorted(set(ICONS))


def test_pages_ask_for_exactly_the_files_that_are_collected():
    asked = {name for path in SOURCES for name in re.findall(r"[\"']vendor/([\w.-]+)[\"']", path.read_text())}
    assert asked == {*FILES, "icons.svg"}


def test_pages_ask_only_for_icons_of_the_sprite():
    asked = {
        name
        for path in SOURCES
        for name in re.findall(r"\bicon\(\"([a-z0-9-]+)\"|{% icon \"([a-z0-9-]+)\"", path.read_text())
    }
    assert {name for names in asked for name in names if name} <= set(ICONS)


@pytest.mark.parametrize("name", ["package-lock.json", "requirements/run.txt", "requirements/dev.txt"])
def test_locks_name_no_address(name):
    assert "://" not in (ROOT / name).read_text()
