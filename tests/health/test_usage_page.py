"""What a product's consumption is made of: usage by day, workload and measure, equal to the sums."""

import csv
import io
import re
from decimal import Decimal

import pytest
import time_machine
from django.db.models import Sum

from health import intake, rollups
from health.models import TenantDay
from msc.access import scope
from tests.factories import make_customer, make_plan, make_tenant
from tests.health.conftest import usage
from tests.sign_in import client_of

pytestmark = pytest.mark.django_db
NOON = "2026-11-24T12:00:00+01:00"


@pytest.fixture(autouse=True)
def noon():
    with time_machine.travel(NOON, tick=False):
        yield


def fill(msp, tenant) -> None:
    """Report three measures of two workloads on three days, with derived records beside them and on a day alone."""
    records = [
        usage(tenant, day=f"2026-11-{day}", workload=workload, measure=measure, cu_consumed=cu)
        for day in (18, 19, 20)
        for workload, measure, cu in (
            ("file_server", "Stored data", "1.5"),
            ("file_server", "Archived data", "0.25"),
            ("vmware", "Stored data", "4"),
        )
    ]
    derived = [usage(tenant, day=f"2026-11-{day}", workload="nas", cu_consumed="32") for day in (20, 21)]
    assert intake.store_usage(msp, list(enumerate(records))).created == 9
    assert intake.store_usage(msp, list(enumerate(derived)), is_derived=True).created == 2
    while rollups.drain(msp):
        pass


def address(tenant) -> str:
    return f"/customers/{tenant.customer_id}/products/{tenant.pk}/usage/"


def sums(text: str) -> dict[str, str]:
    return dict(re.findall(r"<dt>(.*?)</dt><dd>(.*?) CU</dd>", text))


def test_the_sums_of_measures_equal_the_daily_totals(ada, hybrid, scoped):
    fill(scoped, hybrid)
    browser = client_of(ada)
    assert sums(browser.get(address(hybrid)).content.decode()) == {
        "Consumed": "49.25",
        "File server, Archived data": "0.75",
        "File server, Stored data": "4.50",
        "NAS, Stored data": "32.00",
        "VMware, Stored data": "12.00",
    }
    assert TenantDay.objects.aggregate(total=Sum("cu"))["total"] == Decimal("49.25")
    assert (
        sums(browser.get(address(hybrid), {"since": "2026-11-20", "until": "2026-11-20"}).content.decode())["Consumed"]
        == "5.75"
    )
    page = browser.get(f"/customers/{hybrid.customer_id}/products/{hybrid.pk}/").content.decode()
    rows = re.findall(r'<tr><th scope="row">([^<]*)</th><td>([^<]*)</td><td class="end">(\d+)</td>', page)
    assert rows == [
        ("File server", "Archived data", "3"),
        ("File server", "Stored data", "3"),
        ("NAS", "Stored data", "1"),
        ("VMware", "Stored data", "3"),
    ]
    assert address(hybrid) in page


@pytest.mark.django_db(transaction=True)
def test_the_file_has_a_line_per_day_and_measure(northwind, ada):
    with scope.entered("portal", msp=northwind.pk):
        tenant = make_tenant(make_customer(northwind), make_plan(northwind))
        fill(northwind, tenant)
    answer = client_of(ada).get(address(tenant), {"export": "all", "sort": "day"})
    head, *lines = csv.reader(io.StringIO(b"".join(answer.streaming_content).decode("utf-8-sig")))
    assert head[:6] == ["Day", "Workload", "Measure", "Amount", "Unit", "Consumed (CU)"]
    assert len(lines) == 10
    assert lines[0][:1] == ["2026-11-18"]
    assert sum(Decimal(line[5]) for line in lines) == Decimal("49.25")
    assert [line[1] for line in lines if line[0] == "2026-11-21"] == ["NAS"]


def test_a_product_without_usage_says_that_it_is_unknown(ada, hybrid):
    browser = client_of(ada)
    assert "No usage records yet" in browser.get(address(hybrid)).content.decode()
    page = browser.get(f"/customers/{hybrid.customer_id}/products/{hybrid.pk}/").content.decode()
    assert "what the product consumed is unknown" in page


@pytest.mark.parametrize(("name", "status"), [("ada", 200), ("rita", 200), ("tom", 404), ("eve", 404), ("sam", 403)])
def test_who_sees_the_usage_of_a_product(request, sibling, plan, scoped, name, status):
    tenant = make_tenant(sibling, plan)
    assert client_of(request.getfixturevalue(name)).get(address(tenant)).status_code == status
