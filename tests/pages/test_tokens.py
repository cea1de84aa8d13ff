"""The colors of both themes against what they are seen on: text 4.5 to 1, rings and meaningful graphics 3 to 1."""

import re
from collections.abc import Mapping

import pytest

from msc.frontend import ROOT

SURFACES = ("surface", "surface-page", "surface-head", "surface-hover", "surface-raised")
TEXTS = ("text", "text-quiet", "accent", "accent-hover", "good", "warn", "bad", "bad-hover")
#: The ring of the focus, edges of fields and tracks, fills of bars and days.
GRAPHICS = ("accent", "line-control", "good", "warn", "bad", "text-quiet")
#: Text on a color of its own.
PAIRS = (
    ("on-primary", "primary"), ("on-primary", "primary-hover"), ("good", "good-soft"), ("warn", "warn-soft"),
    ("bad", "bad-soft"), ("accent", "accent-soft"), ("text", "line-soft"),
)  # fmt: skip


def themes() -> Mapping[str, Mapping[str, str]]:
    sheet = (ROOT / "static" / "css" / "tokens.css").read_text()
    light, dark = (
        dict(re.findall(r"--([\w-]+): ([^;]+);", re.search(rule + r" \{(.*?)\n\}", sheet, re.DOTALL)[1]))
        for rule in (":root", r'\[data-bs-theme="dark"\]')
    )
    return {"light": light, "dark": {**light, **dark}}


def luminance(theme: Mapping[str, str], name: str) -> float:
    value = theme[name]
    while reference := re.fullmatch(r"var\(--([\w-]+)\)", value):
        value = theme[reference[1]]
    parts = [int(value[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(theme: Mapping[str, str], one: str, other: str) -> float:
    low, high = sorted((luminance(theme, one), luminance(theme, other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("name", ["light", "dark"])
def test_colors_stand_out(name):
    theme = themes()[name]
    wrong = [
        f"{one} on {other}: {found:.2f}"
        for ones, others, least in ((TEXTS, SURFACES, 4.5), (GRAPHICS, SURFACES, 3))
        for one in ones
        for other in others
        if (found := contrast(theme, one, other)) < least
    ]
    wrong += [f"{one} on {other}: {found:.2f}" for one, other in PAIRS if (found := contrast(theme, one, other)) < 4.5]
    assert wrong == []


def test_the_dark_theme_has_steps_that_can_be_seen():
    dark = themes()["dark"]
    steps = [("surface-page", "surface"), ("surface", "surface-head"), ("surface", "surface-raised")]
    assert all(contrast(dark, low, high) > 1.1 for low, high in steps)
