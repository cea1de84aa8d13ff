"""Lighthouse on pages of the demonstration: `make lighthouse`, that is `python -m msc.stack -m bench.lighthouse`.

Desktop preset, signed in by the session's cookie, each page as often as asked; the median counts, the worst is told.
"""

import json
import os
import re
import secrets
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "msc.settings")
os.environ.setdefault("SECRET_KEY", secrets.token_urlsafe(64))
os.environ |= {"MSC_LOG_LEVEL": "ERROR", "MSC_DEMO": "1"}
django.setup()

from django.conf import settings  # noqa: E402 - Django is set up first
from django.core.management import call_command  # noqa: E402
from django.test import Client  # noqa: E402
from django.urls import reverse  # noqa: E402

from bench.web import WebServer, serve  # noqa: E402
from health.models import DataSource  # noqa: E402
from msc.access import scope  # noqa: E402
from msc.access.models import User  # noqa: E402
from msc.access.roles import Role  # noqa: E402
from msc.demo.people import EVERYBODY  # noqa: E402

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "performance.md"
PROGRAM = ROOT / "node_modules" / "lighthouse" / "cli" / "index.js"
CATEGORIES = ("performance", "accessibility", "best-practices")
FIRST_VIEW_LIMIT, LATER_LIMIT = 150_000, 30_000
BEGIN, END = "<!-- lighthouse: written by make lighthouse -->", "<!-- end of lighthouse -->"


class Report(NamedTuple):
    """What one run of Lighthouse says of a page; bytes as they came over the wire."""

    scores: dict[str, int]
    first_view: int
    document: int
    shift: float
    paint_ms: float
    faults: frozenset[str]


def main() -> int:
    """Load the demonstration, look at every page and write the table."""
    times = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    call_command("migrate", database="owner", verbosity=0)
    call_command("collectstatic", interactive=False, verbosity=0)
    call_command("load_demo")
    cookie, pages = _person_and_pages()
    rows, good = [], True
    with serve({}, cookie) as server, tempfile.TemporaryDirectory(prefix="msc-lighthouse-") as folder:
        for title, path, signed_in in pages:
            reports = [_look(server, path, cookie if signed_in else "", Path(folder)) for _ in range(times)]
            rows.append(_row(title, reports))
            good = good and all(_median(reports, name) == 100 for name in CATEGORIES)
            print(rows[-1], _faults(reports), flush=True)
    _write(times, rows)
    return 0 if good else 1


def _person_and_pages() -> tuple[str, list[tuple[str, str, bool]]]:
    """Return the cookie of an MSP administrator of the demonstration, and titles, paths and whether one signs in."""
    address = next(account.email for account in EVERYBODY if account.role == Role.MSP_ADMIN)
    with scope.entered("support"):
        person = User.objects.select_related("msp").get(email=address)
    client = Client(headers={"Host": "localhost"})
    with scope.entered("portal", msp=person.msp_id, person=person.pk):
        client.force_login(person)
        source = DataSource.objects.for_user(person).order_by("customer_id").first()
    if source is None:
        raise SystemExit("The demonstration has no data source.")
    customer = reverse("customers:page", args=[source.customer_id])
    name = settings.SESSION_COOKIE_NAME
    return f"{name}={client.cookies[name].value}", [
        ("Customers", reverse("customers:list"), True),
        ("Customer page", customer, True),
        ("Health tab", f"{customer}health/", True),
        ("Sign-in", reverse("account_login"), False),
    ]


def _look(server: WebServer, path: str, cookie: str, folder: Path) -> Report:
    """Run Lighthouse once and read its report."""
    output = folder / "report.json"
    command = ["node", str(PROGRAM), f"http://localhost:{server.port}{path}", "--preset=desktop", "--quiet"]
    command += [f"--only-categories={','.join(CATEGORIES)}", "--output=json", f"--output-path={output}"]
    command += ["--chrome-flags=--headless=new --no-sandbox --disable-gpu", "--no-enable-error-reporting"]
    if cookie:
        command.append("--extra-headers=" + json.dumps({"Cookie": cookie}))
    environment = {**os.environ, "CHROME_PATH": shutil.which("chromium") or ""}
    subprocess.run(command, env=environment, check=True, timeout=300)  # noqa: S603 - our own program
    return _read(json.loads(output.read_text()))


def _read(found: dict[str, Any]) -> Report:
    audits = found["audits"]
    requests = audits["network-requests"]["details"]["items"]
    return Report(
        scores={name: round(100 * found["categories"][name]["score"]) for name in CATEGORIES},
        first_view=sum(request["transferSize"] for request in requests),
        document=sum(request["transferSize"] for request in requests if request.get("resourceType") == "Document"),
        shift=audits["cumulative-layout-shift"]["numericValue"],
        paint_ms=audits["largest-contentful-paint"]["numericValue"],
        faults=frozenset(_refused(found)),
    )


def _refused(found: dict[str, Any]) -> Iterator[str]:
    """Yield the audits that keep a category from 100."""
    for name in CATEGORIES:
        for reference in found["categories"][name]["auditRefs"]:
            score = found["audits"][reference["id"]]["score"]
            if reference["weight"] and score is not None and score < 0.9:
                yield reference["id"]


def _median(reports: list[Report], name: str) -> int:
    return round(statistics.median(report.scores[name] for report in reports))


def _faults(reports: list[Report]) -> str:
    return ", ".join(sorted(frozenset().union(*(report.faults for report in reports))))


def _row(title: str, reports: list[Report]) -> str:
    scores = [f"{_median(reports, name)} ({min(report.scores[name] for report in reports)})" for name in CATEGORIES]
    first, later = max(report.first_view for report in reports), max(report.document for report in reports)
    paint = statistics.median(report.paint_ms for report in reports)
    shift = max(report.shift for report in reports)
    cells = [title, *scores, f"{paint:.0f}", f"{shift:.3f}", f"{first:,}", f"{later:,}"]
    return f"| {' | '.join(cells)} |"


def _write(times: int, rows: list[str]) -> None:
    """Replace the table in docs/performance.md; the words around it stay."""
    version = json.loads((PROGRAM.parent.parent / "package.json").read_text())["version"]
    heading = (
        f"{datetime.now(UTC):%Y-%m-%d}, Lighthouse {version}, desktop preset, {times} runs each on {os.cpu_count()} cores"
        " shared with other work: median (worst)."
    )
    columns = (
        "| page | performance | accessibility | best practices | largest paint, ms | layout shift |"
        f" first view, bytes ({FIRST_VIEW_LIMIT:,}) | later, bytes ({LATER_LIMIT:,}) |"
    )
    table = [
        BEGIN,
        heading,
        "",
        columns,
        "|---|--:|--:|--:|--:|--:|--:|--:|",
        *rows,
        END,
    ]
    words = PAGE.read_text()
    PAGE.write_text(re.sub(f"{BEGIN}.*?{END}", lambda _: "\n".join(table), words, flags=re.DOTALL))


if __name__ == "__main__":
    sys.exit(main())
