"""Collects the front-end files that the portal uses from node_modules into var/frontend, a folder of static files."""

import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree as ET

from msc.stylesheet import Vocabulary, trimmed, vocabulary

ROOT = Path(__file__).resolve().parent.parent
MODULES = ROOT / "node_modules"
TARGET = ROOT / "var" / "frontend" / "vendor"

FILES = {
    "tabler.css": "@tabler/core/dist/css/tabler.min.css",
    "htmx.js": "htmx.org/dist/htmx.min.js",
    # Inter in all weights, with the letters of Western European languages.
    "inter.woff2": "@fontsource-variable/inter/files/inter-latin-wght-normal.woff2",
}

# Where pages are made.
SOURCES = ("templates", "static/js", "msc", "serviceplans", "customers", "tenants", "health")

# Names from @tabler/icons, all outline; `msc.pages.icons` and the component c-icon show them.
ICONS = (
    "activity",
    "address-book",
    "adjustments-horizontal",
    "alert-circle",
    "alert-triangle",
    "archive",
    "arrow-back-up",
    "arrow-down",
    "arrow-left",
    "arrow-right",
    "arrow-up",
    "bell",
    "building",
    "calendar",
    "chart-bar",
    "check",
    "chevron-down",
    "chevron-left",
    "chevron-right",
    "chevron-up",
    "circle-check",
    "circle-x",
    "clock",
    "cloud",
    "columns",
    "copy",
    "database",
    "device-laptop",
    "dots-vertical",
    "download",
    "external-link",
    "eye",
    "eye-off",
    "file-import",
    "file-text",
    "filter",
    "fingerprint",
    "grip-vertical",
    "help-circle",
    "history",
    "home",
    "hourglass",
    "info-circle",
    "key",
    "list",
    "list-details",
    "loader",
    "lock",
    "logout",
    "mail",
    "map-pin",
    "menu-2",
    "minus",
    "moon",
    "package",
    "pencil",
    "phone",
    "player-pause",
    "player-play",
    "plus",
    "printer",
    "question-mark",
    "refresh",
    "search",
    "selector",
    "send",
    "server",
    "settings",
    "shield",
    "shield-lock",
    "sort-ascending",
    "sort-descending",
    "star",
    "sun",
    "template",
    "trash",
    "upload",
    "user",
    "user-check",
    "user-plus",
    "users",
    "x",
)

_SVG = "{http://www.w3.org/2000/svg}"
# Manifest storage would look for the map, which is not collected.
_SOURCE_MAP = re.compile(r"^\s*(?://|/\*)[#@]\s*sourceMappingURL=\S*?(?:\s*\*/)?\s*$", re.MULTILINE)


def without_source_map(text: str) -> str:
    """Return a script or style sheet without the comment that names its source map."""
    return _SOURCE_MAP.sub("", text)


def symbol(name: str, svg: str) -> ET.Element:
    """Turn one icon file into a symbol of the sprite that keeps the icon's drawing attributes."""
    icon = ET.fromstring(svg)  # noqa: S314 - a file of a package whose hash is known
    kept = {key: value for key, value in icon.attrib.items() if key not in {"class", "width", "height"}}
    element = ET.Element(f"{_SVG}symbol", {"id": name, **kept})
    # Tabler's icons begin with an invisible frame that only costs bytes.
    element.extend(shape for shape in icon if shape.get("stroke") != "none")
    return element


def sprite(icons: dict[str, str]) -> str:
    """Return one SVG file with a symbol for every icon, given by name and file text."""
    ET.register_namespace("", _SVG.strip("{}"))
    root = ET.Element(f"{_SVG}svg")
    root.extend(symbol(name, svg) for name, svg in icons.items())
    for element in root.iter():
        element.tail = element.text = None
    return ET.tostring(root, encoding="unicode")


def collect() -> None:
    """Write the files that pages use; what stood there before is replaced or removed."""
    TARGET.mkdir(parents=True, exist_ok=True)
    known = vocabulary(_text(path) for path in _sources())
    files = {name: _collected(MODULES / source, known) for name, source in FILES.items()}
    outline = MODULES / "@tabler" / "icons" / "icons" / "outline"
    files["icons.svg"] = sprite({name: _text(outline / f"{name}.svg") for name in ICONS}).encode()
    for name, content in files.items():
        fresh = TARGET / f".{name}"
        fresh.write_bytes(content)
        fresh.replace(TARGET / name)
    for path in TARGET.iterdir():
        if path.name not in files:
            path.unlink()


def _collected(source: Path, known: Vocabulary) -> bytes:
    if source.suffix not in {".css", ".js"}:
        return source.read_bytes()
    text = without_source_map(_text(source))
    return (trimmed(text, known) if source.suffix == ".css" else text).encode()


def _sources() -> Iterator[Path]:
    """Yield the files in which a class of a style sheet may be named."""
    for folder in SOURCES:
        yield from (path for path in (ROOT / folder).rglob("*") if path.suffix in {".html", ".js", ".py"})


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def strip_lock() -> None:
    """Remove the addresses of sponsors' pages from package-lock.json."""
    path = ROOT / "package-lock.json"
    lock = json.loads(_text(path))
    for package in lock["packages"].values():
        package.pop("funding", None)
    path.write_text(json.dumps(lock, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    {"collect": collect, "lock": strip_lock}[sys.argv[1]]()
