"""Write the figures: kept as data per scale in docs/performance.json, shown as tables in docs/performance.md."""

import json
import os
import platform
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import django
from django.utils import timezone

from bench import filters, row_security
from bench.export import ExportFigure
from bench.measure import Figure

DOCS = Path(__file__).resolve().parent.parent / "docs"
DATA = DOCS / "performance.json"
PAGE = DOCS / "performance.md"
BEGIN, END = "<!-- figures: written by make bench -->", "<!-- end of figures -->"
SCALES = ("10k", "100k", "1m")


def keep(
    scale: str, figures: Sequence[Figure], export: ExportFigure, server_version: str, more: dict[str, Any]
) -> None:
    """Put the figures of one scale in the place of its earlier ones and write the page anew."""
    data = json.loads(DATA.read_text()) if DATA.exists() else {}
    data[scale] = {
        "date": timezone.now().date().isoformat(),
        "versions": f"Python {platform.python_version()}, Django {django.get_version()}, PostgreSQL {server_version}",
        "pages": [{**asdict(figure), "ratio": figure.ratio} for figure in figures],
        "export": {**asdict(export), "ratio": export.ratio},
        **more,
    }
    DATA.write_text(json.dumps(data, indent=1) + "\n")
    write_page(data)


def keep_part(scale: str, part: str, figures: object) -> None:
    """Put one part of the figures of a scale, which must have been measured whole, in the place of its earlier one."""
    data = json.loads(DATA.read_text())
    data[scale][part] = figures
    DATA.write_text(json.dumps(data, indent=1) + "\n")
    write_page(data)


def write_page(data: dict[str, Any]) -> None:
    """Replace the figures in docs/performance.md; the words around them stay."""
    lines = [BEGIN, ""]
    for scale in (scale for scale in SCALES if scale in data):
        lines += _scale(scale, data[scale])
    lines += _growth(data)
    words = PAGE.read_text()
    before, rest = words.split(BEGIN)
    after = rest.split(END)[1]
    PAGE.write_text(before + "\n".join([*lines, END]) + after)


def _scale(scale: str, entry: dict[str, Any]) -> list[str]:
    lines = [
        f"### {scale} customers",
        "",
        f"{entry['date']}, {entry['versions']}, 2 workers, {_machine(entry)}.",
        "Times in milliseconds; x = multiple of the static page.",
        "",
        "| request | p50 | p95 | static | x | goal | queries | SQL | bare SQL | bytes sent | worker peak MB |",
        "|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|",
    ]
    lines += [_row(page) for page in entry["pages"]]
    lines += [
        "",
        _export_sentence(entry["export"]),
        "",
        *filters.table(entry.get("filters", {})),
        *row_security.table(entry.get("row_security", [])),
        *_profile(entry.get("profile", {})),
    ]
    return lines


def _machine(entry: dict[str, Any]) -> str:
    """Say how busy the machine was over the last five minutes and how long it all took."""
    load = f"load {entry['load']:.0f} on {os.cpu_count()} cores, " if "load" in entry else ""
    return f"{load}data built in {entry['built_seconds']} s, {entry['total_seconds']} s in all"


def _profile(spent: dict[str, float]) -> list[str]:
    """Say where the time of the list page goes, the largest parts first."""
    if not spent:
        return []
    whole = sum(spent.values())
    ordered = sorted(spent.items(), key=lambda part: part[1], reverse=True)
    return [
        f"Where the time of the first page goes, inside one process ({whole:.1f} ms without server and network):",
        "",
        "| part | ms | share |",
        "|---|--:|--:|",
        *(f"| {name} | {spent:.2f} | {spent / whole:.0%} |" for name, spent in ordered),
        "",
    ]


def _export_sentence(export: dict[str, Any]) -> str:
    return (
        f"CSV of everything ({export['rows']:,} rows): {export['seconds']:.2f} s, COPY {export['copy_seconds']:.2f} s,"
        f" ratio {export['ratio']:.1f} (goal 3); first byte after {export['first_byte'] * 1000:.0f} ms (goal 100);"
        f" the worker grew by {export['memory_growth'] / 1e6:.0f} MB (goal 30)."
    )


def _row(page: dict[str, Any]) -> str:
    goal = page["request"]["goal"]
    verdict = "met" if page["ratio"] <= goal else f"missed by {page['ratio'] - goal:.1f}"
    return (
        f"| {page['request']['name']} | {page['p50']:.1f} | {page['p95']:.1f} | {page['static_p50']:.1f} |"
        f" {page['ratio']:.1f} | {goal:.0f}, {verdict} | {page['queries']} | {page['sql_ms']:.1f} |"
        f" {page['bare_sql_ms']:.1f} | {page['size']:,} | {page['peak_memory'] / 1e6:.0f} |"
    )


def _growth(data: dict[str, Any]) -> list[str]:
    present = [scale for scale in SCALES if scale in data]
    if len(present) < 2:
        return []
    smallest = {page["request"]["name"]: page["ratio"] for page in data[present[0]]["pages"]}
    lines = [
        "### Growth",
        "",
        f"Multiple of the static page at each scale, and how much slower than at {present[0]} (goal at 1m: 1.5).",
        "",
        "| request | " + " | ".join(present) + " | growth |",
        "|---|" + "--:|" * (len(present) + 1),
    ]
    by_scale = {scale: {page["request"]["name"]: page["ratio"] for page in data[scale]["pages"]} for scale in present}
    for name, first in smallest.items():
        ratios = [by_scale[scale].get(name) for scale in present]
        cells = [f"{ratio:.1f}" if ratio else "-" for ratio in ratios]
        growth = f"{ratios[-1] / first:.2f}" if ratios[-1] else "-"
        lines.append(f"| {name} | {' | '.join(cells)} | {growth} |")
    return [*lines, ""]
