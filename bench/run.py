"""Build the data, start the portal as in production, measure, write docs/performance.md."""

import os
import time

import psycopg
from django.core.management import call_command
from django.test import Client
from django.urls import reverse

from bench import filters, pages, report
from bench.capture import statements
from bench.dataset import SCALES, Dataset, build
from bench.export import measure_export
from bench.measure import Figure, Request, bare_sql, measure
from bench.profile import profile
from bench.row_security import Cost, kept, measure_cost
from bench.web import WebServer, serve
from msc.access import scope

#: With more customers the runs of a month take longer to make than all else together.
MOST_WITH_HEALTH = 100_000
#: With more, the plans of the role that the policies do not bind take seconds, and say nothing of the policies' cost.
MOST_WITH_ROW_SECURITY = 100_000
#: The first of the pages are those of the customer list; what row-level security costs is measured on them.
PAGES_OF_THE_LIST = 8


def main(scale: str) -> None:
    """Measure at one of the scales 10k, 100k and 1m."""
    began = time.monotonic()
    owner_url = os.environ["MIGRATION_DATABASE_URL"]
    data, client = _ground(scale, with_health=SCALES[scale] <= MOST_WITH_HEALTH)
    built = time.monotonic() - began
    with serve({}, f"msc-session={client.cookies['msc-session'].value}") as server:
        figures = [_one(server, client, data, request) for request in pages.requests(data)]
        figures += _worst_sorts(server, client, data)
        filtered = filters.measure_filters(server, data)
        export = measure_export(server, os.environ["DATABASE_URL"], data)
    print(f"bench: export {export.seconds:.2f} s, {export.ratio:.1f} x COPY", flush=True)
    spent = profile(client, reverse("customers:list") + "?size=50")
    more = {
        "profile": spent,
        "filters": filters.kept(filtered),
        "row_security": kept(_costs(client, data)) if data.customers <= MOST_WITH_ROW_SECURITY else [],
        "load": os.getloadavg()[1],
        "built_seconds": round(built),
        "total_seconds": round(time.monotonic() - began),
    }
    report.keep(scale, figures, export, _server_version(owner_url), more)


def measure_row_security(scale: str) -> None:
    """Measure what row-level security costs, and nothing else; the other figures of the scale stay."""
    data, client = _ground(scale, with_health=False)
    report.keep_part(scale, "row_security", kept(_costs(client, data)))


def measure_filters(scale: str) -> None:
    """Measure combinations of filters, and nothing else; the other figures of the scale stay."""
    data, client = _ground(scale, with_health=False)
    with serve({}, f"msc-session={client.cookies['msc-session'].value}") as server:
        report.keep_part(scale, "filters", filters.kept(filters.measure_filters(server, data)))


def _ground(scale: str, *, with_health: bool) -> tuple[Dataset, Client]:
    """Build the data and sign in."""
    began = time.monotonic()
    call_command("migrate", database="owner", verbosity=0)
    call_command("collectstatic", interactive=False, verbosity=0)
    data = build(os.environ["MIGRATION_DATABASE_URL"], SCALES[scale], with_health=with_health)
    print(f"bench: {data.customers:,} customers built in {time.monotonic() - began:.0f} s", flush=True)
    return data, _signed_in(data)


def _signed_in(data: Dataset) -> Client:
    client = Client(headers={"Host": "localhost"})
    with scope.entered("portal", msp=data.msp.pk, person=data.admin.pk):
        client.force_login(data.admin)
    return client


def _one(server: WebServer, client: Client, data: Dataset, request: Request) -> Figure:
    sent = statements(client, request.path, fragment=request.fragment)
    bare = bare_sql(os.environ["DATABASE_URL"], data.msp.pk, sent)
    figure = measure(server, request, bare)
    print(
        f"bench: {request.name:34} {figure.p50:7.1f} ms  {figure.ratio:5.1f} x  {figure.queries} queries"
        f"  SQL {figure.sql_ms:.1f} ms  {figure.size:,} bytes",
        flush=True,
    )
    return figure


def _costs(client: Client, data: Dataset) -> list[Cost]:
    """Measure what row-level security costs the pages of the customer list."""
    urls = os.environ["DATABASE_URL"], os.environ["MIGRATION_DATABASE_URL"]
    costs = [measure_cost(*urls, data.msp.pk, client, request) for request in pages.requests(data)[:PAGES_OF_THE_LIST]]
    for cost in costs:
        print(f"bench: row-level security, {cost.name}: {cost.share_of_page:+.1%} of the page", flush=True)
    return costs


def _worst_sorts(server: WebServer, client: Client, data: Dataset) -> list[Figure]:
    """Return the three slowest of all sorts."""
    figures = [_one(server, client, data, request) for request in pages.sorted_lists()]
    return sorted(figures, key=lambda figure: figure.ratio, reverse=True)[:3]


def _server_version(owner_url: str) -> str:
    with psycopg.connect(owner_url) as link:
        return str(link.info.server_version // 10_000)
