"""Health in a real browser: no page of it has a fault in either theme, wide or narrow, full or empty."""

from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from health import alerts, intake, rollups
from msc.access import scope
from tests.chromium import arrived
from tests.factories import make_customer, make_plan, make_tenant
from tests.health.conftest import run, usage

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def reported(northwind):
    """Harbour with a failing and a sound data source, usage of two days and the alerts that follow."""
    now, today = timezone.now(), northwind.today()
    with scope.entered("portal", msp=northwind.pk):
        harbour = make_customer(northwind, "Harbour Logistics")
        tenant = make_tenant(
            harbour, make_plan(northwind), quota=("10", today - timedelta(days=5), today + timedelta(days=9))
        )
    ago = lambda hours: (now - timedelta(hours=hours)).isoformat()  # noqa: E731
    runs = [
        run(tenant, "good", started_at=ago(3), ended_at=ago(2)),
        run(tenant, "older", started_at=ago(31), ended_at=ago(30), data_source="srv-2"),
        run(tenant, "bad", started_at=ago(5), ended_at=ago(4), data_source="srv-2", status="failed"),
    ]
    used = [usage(tenant, day=str(today - timedelta(days=back)), cu_consumed="4.5") for back in (1, 2)]
    with scope.entered("portal", msp=northwind.pk):
        assert intake.store_runs(northwind, list(enumerate(runs))).created == 3
        assert intake.store_usage(northwind, list(enumerate(used))).created == 2
    while rollups.drain(northwind):
        pass
    assert alerts.evaluate(northwind) > 0
    return harbour


def test_the_health_tab_shows_what_was_reported(window, ada, reported, accessible):
    page = window(ada)
    page.goto(f"/customers/{reported.pk}/health/")
    expect(page.get_by_role("cell", name="srv-2")).to_be_visible()
    expect(page.locator("tbody").get_by_text("Failed", exact=True)).to_be_visible()
    accessible(page)


def test_the_first_columns_of_alerts_fit_a_window_of_1280(window, ada, reported):
    page = window(ada)
    page.goto("/alerts/")
    expect(page.locator("tbody").get_by_text("Harbour Logistics").first).to_be_visible()
    assert page.locator(".table-region").evaluate("region => region.scrollWidth <= region.clientWidth")


def test_the_health_tab_of_a_customer_without_a_product(window, ada, northwind, accessible):
    with scope.entered("portal", msp=northwind.pk):
        empty = make_customer(northwind, "Empty Company")
    page = window(ada)
    page.goto(f"/customers/{empty.pk}/health/")
    arrived(page, "Empty Company")
    accessible(page)


def test_the_pages_around_it(window, ada, reported, accessible):
    page = window(ada)
    for address, heading in (
        ("/alerts/", "Alerts"),
        ("/alerts/subscriptions/", "Alerts by e-mail"),
        ("/consumption/", "Consumption"),
        ("/api/v1/docs/", "API"),
        ("/settings/credentials/", "API credentials"),
    ):
        page.goto(address)
        expect(page.get_by_role("heading", name=heading, level=1, exact=True)).to_be_visible()
        accessible(page)


def test_the_table_of_the_chart_is_printed_though_it_is_closed(window, ada, reported):
    page = window(ada)
    page.goto(f"/customers/{reported.pk}/")
    expect(page.get_by_text("Show as table")).to_be_visible()
    expect(page.locator(".chart-table table")).to_be_hidden()
    page.emulate_media(media="print")
    expect(page.locator(".chart-table table")).to_be_visible()
