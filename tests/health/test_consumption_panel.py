"""The customer page's Consumption Units: what is drawn, what is a gap, and the same figures as a table."""

import re
from datetime import date, timedelta
from decimal import Decimal

import pytest
import time_machine
from django.utils import timezone

from customers.models import CustomerSummary
from health import intake, rollups
from health.charts import HEIGHT, SLOT, ceiling, chart_of
from health.consumption import use_of
from msc.access import scope
from serviceplans.catalogue import Product
from tenants import tasks, transitions
from tests.factories import make_tenant, make_usage
from tests.health.conftest import usage
from tests.queries import counted
from tests.sign_in import client_of

pytestmark = pytest.mark.django_db
TODAY = date(2026, 11, 24)
FIRST = date(2026, 8, 27)
LONG_AGO = date(2026, 1, 2)


@pytest.fixture(autouse=True)
def noon():
    with time_machine.travel("2026-11-24T12:00:00+01:00", tick=False):
        yield


@pytest.fixture
def page(ada, harbour):
    return lambda person=ada: client_of(person).get(f"/customers/{harbour.pk}/").content.decode()


@pytest.fixture
def used(harbour, plan):
    """Every day of a year from one product, a few from the other; two days without a record, one of them yesterday."""
    hybrid = make_tenant(harbour, plan, expiry=LONG_AGO)
    saas = make_tenant(harbour, plan, Product.SAAS, expiry=date(2026, 11, 21))
    days = {TODAY - timedelta(days=back): "2" for back in range(1, 365)}
    make_usage(hybrid, days | {date(2026, 11, 23): None, date(2026, 10, 1): None, date(2026, 9, 1): "0"})
    make_usage(saas, {date(2026, 11, 20): "0.5", date(2026, 11, 21): "0.25", date(2026, 11, 22): "1"})
    return hybrid, saas


def test_without_a_usage_record_it_says_so(page, hybrid):
    make_usage(hybrid, {TODAY: None, FIRST - timedelta(days=1): "9"})
    assert "No data yet" in page()


def test_the_window_is_90_days_that_end_today(ada, harbour, hybrid):
    make_usage(hybrid, {FIRST: "1", FIRST - timedelta(days=1): "100", TODAY: "2", TODAY + timedelta(days=1): "100"})
    assert use_of(ada, harbour, TODAY).total == 3


def test_totals_gaps_and_zeros_are_told_apart(ada, harbour, used):
    use = use_of(ada, harbour, TODAY)
    hybrid, saas = use.uses
    assert (hybrid.total, saas.total, use.total) == (Decimal(172), Decimal("1.75"), Decimal("173.75"))
    assert sorted(hybrid.unknown) == [date(2026, 10, 1), date(2026, 11, 23)]  # today is not over
    assert date(2026, 11, 19) not in saas.unknown  # it did not stand yet
    assert use.unknown_days == 2


def test_a_product_without_any_usage_record_is_unknown_and_not_zero(page, harbour, plan, ada):
    hybrid = make_tenant(harbour, plan, expiry=LONG_AGO)
    make_tenant(harbour, plan, Product.SAAS, expiry=LONG_AGO)
    make_usage(hybrid, {TODAY - timedelta(days=back): "1" for back in range(1, 90)} | {date(2026, 10, 1): None})
    hybrid_use, saas_use = use_of(ada, harbour, TODAY).uses
    assert (hybrid_use.total, saas_use.total, len(hybrid_use.unknown), len(saas_use.unknown)) == (88, None, 1, 89)
    text = " ".join(page().split())
    assert "0.00 CU" not in text
    assert "<dd>Unknown</dd>" in text
    assert "Hybrid Workloads: 1 day without a usage record" in text
    assert "SaaS Apps and Endpoints: 89 days without a usage record" in text
    chart = chart_of(use_of(ada, harbour, TODAY))
    assert [(gap.width // SLOT, gap.place) for gap in chart.gaps] == [(1, 1), (89, 2)]
    assert (chart.rows[1].cells, chart.rows[1].total) == (["1.00", "Unknown"], "at least 1.00")


def test_the_chart_has_a_slot_per_day_and_a_ground_under_gaps(ada, harbour, used):
    chart = chart_of(use_of(ada, harbour, TODAY))
    assert (len(chart.slots), chart.width, chart.top) == (90, 90 * SLOT, 3)
    # The first product's gaps lie in the lower half, the second's in the upper.
    half = HEIGHT // 2
    assert [(gap.x // SLOT, gap.width // SLOT, gap.y, gap.height, gap.place) for gap in chart.gaps] == [
        (35, 1, half, half, 1),
        (88, 1, half, half, 1),
        (88, 1, 0, half, 2),
    ]
    assert [len(slot.bars) for slot in chart.slots if slot.bars == []] == [0] * 4  # zero, two unknown, today
    lower, upper = chart.slots[87].bars
    assert (float(lower.y) + float(lower.height), float(upper.y) + float(upper.height)) == (HEIGHT, float(lower.y))
    assert chart.slots[87].words == "22 Nov 2026. Hybrid Workloads: 2.00; SaaS Apps and Endpoints: 1.00"


def test_the_table_has_the_same_figures(page, used):
    text = page()
    rows = re.findall(r'<tr><th scope="row">(.*?)</th>(.*?)</tr>', text, re.DOTALL)
    cells = {day: re.findall(r">([^<]*)</td>", rest) for day, rest in rows}
    assert cells["22 Nov 2026"] == ["2.00", "1.00", "3.00"]
    assert cells["23 Nov 2026"] == ["Unknown", "Unknown", "Unknown"]
    assert cells["1 Oct 2026"] == ["Unknown", "-", "Unknown"]
    assert cells["1 Sep 2026"] == ["0.00", "-", "0.00"]
    assert cells["24 Nov 2026"] == ["-", "-", "-"]
    assert len([day for day in cells if re.fullmatch(r"\d+ \w+ 2026", day)]) == 90
    assert "173.75 CU" in text
    assert "Hybrid Workloads: 2 days without a usage record" in text
    assert "SaaS Apps and Endpoints: 1 day without a usage record" in text
    assert "at least 173.75 CU" in text


def test_the_drawing_has_a_title_a_description_and_no_style(page, used):
    text = page()
    drawing = re.search(r'<svg class="chart-field".*?</svg>', text, re.DOTALL)[0]
    assert '<title id="chart-title">Consumption units per day, 27 Aug 2026 to 24 Nov 2026</title>' in drawing
    assert "Hybrid Workloads: 172.00 CU" in re.search(r'<desc id="chart-words">(.*?)</desc>', drawing, re.DOTALL)[1]
    assert "style=" not in drawing
    assert len(drawing) < 40_000


def test_it_is_there_for_whoever_sees_the_customer_and_costs_two_statements(request, page, harbour, used):
    for name in ("ada", "rita", "tom"):
        assert "173.75 CU" in page(request.getfixturevalue(name))
    with counted() as queries:
        use_of(request.getfixturevalue("ada"), harbour, TODAY)
    assert len(queries) == 2


@pytest.mark.parametrize(
    ("value", "top"),
    [("0", "1"), ("0.03", "0.03"), ("0.031", "0.04"), ("1", "1"), ("2.54", "3"), ("99", "100"), ("1001", "1500")],
)
def test_the_scale_ends_at_a_round_number(value, top):
    assert ceiling(Decimal(value)) == Decimal(top)


@pytest.mark.parametrize("is_gone", [False, True])
def test_the_lists_column_and_the_customers_page_agree(ada, harbour, plan, scoped, page, is_gone):
    """A deleted product is not listed, but what it used in the 90 days is still told, in both places alike."""
    hybrid = make_tenant(harbour, plan, expiry=LONG_AGO)
    saas = make_tenant(harbour, plan, Product.SAAS, expiry=LONG_AGO)
    records = [
        usage(hybrid, day="2026-11-20", cu_consumed="1.5"),
        usage(hybrid, day=str(FIRST), cu_consumed="2"),
        usage(hybrid, day=str(FIRST - timedelta(days=1)), cu_consumed="64"),
        usage(saas, day="2026-11-21", workload="m365", cu_consumed="0.25"),
    ]
    assert intake.store_usage(scoped, list(enumerate(records))).created == 4
    if is_gone:
        transitions.delete_tenant(by=ada, tenant=saas)
        assert tasks.purge_due(timezone.now() + timedelta(days=8)) == 1
    while rollups.drain(scoped):
        pass
    with scope.entered("portal", msp=scoped.pk):
        assert CustomerSummary.objects.get(customer=harbour).cu_90d == Decimal("3.75")
        assert use_of(ada, harbour, TODAY).total == Decimal("3.75")
    assert "3.75 CU" in page()
