"""The consumption page: the days it sums up, whose rows it shows, what is unknown, and its file."""

import csv
import html
import io
import re
from datetime import date, timedelta

import pytest
import time_machine

from customers.models import Customer, CustomerIdentity
from msc.access import scope
from serviceplans.catalogue import Product
from tests.factories import make_customer, make_health, make_msp, make_person, make_plan, make_tenant, make_usage
from tests.queries import counted
from tests.sign_in import client_of

pytestmark = pytest.mark.django_db
PAGE = "/consumption/"
NOON = "2026-11-24T12:00:00+01:00"


@pytest.fixture(autouse=True)
def noon():
    with time_machine.travel(NOON, tick=False):
        yield


def rows(answer) -> list[tuple[str, ...]]:
    """Return customer, product and the other cells of each row as text."""
    found = re.findall(r"<tr>(<th scope=\"row\">.*?)</tr>", answer.content.decode(), re.DOTALL)
    cells = (re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row, re.DOTALL) for row in found)
    return [tuple(html.unescape(re.sub(r"<[^>]+>", "", cell)).strip() for cell in row) for row in cells]


def total(answer) -> str:
    found = re.search(r"<dt>Consumed</dt><dd>(.*?)</dd>", answer.content.decode())
    return found[1]


@pytest.fixture
def november(harbour, sibling, foreign, plan, eastgate):
    """Usage in October and November: of harbour's two products, of its sibling, of another MSP."""
    long_ago = date(2026, 9, 1)
    hybrid = make_tenant(harbour, plan, expiry=long_ago + timedelta(days=1))
    saas = make_tenant(harbour, plan, Product.SAAS, expiry=long_ago + timedelta(days=1))
    other = make_tenant(sibling, plan, expiry=date(2026, 11, 11), quota=("200", date(2026, 11, 1), date(2027, 1, 1)))
    make_usage(hybrid, {date(2026, 11, day): "1.25" for day in range(1, 24)} | {date(2026, 10, 31): "100"})
    make_usage(saas, {date(2026, 11, 1): "0", date(2026, 11, 2): None, date(2026, 11, 3): "0.000001"})
    make_usage(other, {date(2026, 11, 20): "7", date(2026, 12, 1): "1000"})
    make_health(other, quota_used_percent="85.5")
    with scope.entered("portal", msp=eastgate.pk):
        make_usage(make_tenant(foreign, make_plan(eastgate)), {date(2026, 11, 3): "5000"})


HYBRID = ("Harbour Logistics", "Hybrid Workloads", "28.75", "-", "-", "-")
SAAS = ("Harbour Logistics", "SaaS Apps and Endpoints", "0.00", "21", "-", "-")
OTHER = ("Sibling Studios", "Hybrid Workloads", "7.00", "13", "200", "Warning level 85")


@pytest.mark.parametrize(
    ("name", "expected", "sum_of_all"),
    [
        ("ada", [HYBRID, SAAS, OTHER], "at least 35.75 CU"),
        ("rita", [HYBRID, SAAS, OTHER], "at least 35.75 CU"),
        ("tom", [HYBRID, SAAS], "at least 28.75 CU"),
    ],
)
def test_this_month_is_shown_to_each_in_their_scope(request, november, name, expected, sum_of_all):
    answer = client_of(request.getfixturevalue(name)).get(PAGE)
    assert '<strong class="period-name">November 2026</strong>' in answer.content.decode()
    assert (rows(answer), total(answer)) == (expected, sum_of_all)


def test_a_sum_of_known_days_alone_is_not_called_incomplete(ada, harbour, plan):
    tenant = make_tenant(harbour, plan, expiry=date(2026, 9, 2))
    make_usage(tenant, {date(2026, 11, day): "1" for day in range(1, 24)})
    answer = client_of(ada).get(PAGE)
    assert total(answer) == "23.00 CU"
    assert "Incomplete" not in answer.content.decode()
    # One more product without a record for one day, and the sum says so.
    make_usage(make_tenant(harbour, plan, Product.SAAS, expiry=date(2026, 11, 24)), {})
    answer = client_of(ada).get(PAGE)
    assert total(answer) == "at least 23.00 CU"
    assert "Incomplete: some products have days without a usage record." in answer.content.decode()


@pytest.mark.parametrize(("name", "status"), [("eve", 200), ("sam", 403)])
def test_nobody_sees_another_msps(request, november, name, status):
    answer = client_of(request.getfixturevalue(name)).get(PAGE)
    assert answer.status_code == status
    assert "Harbour" not in answer.content.decode()


@pytest.mark.parametrize(
    ("query", "label", "sum_of_all"),
    [
        ({"month": "2026-10"}, "October 2026", "at least 100.00 CU"),
        ({"month": "2026-09"}, "September 2026", "No usage records"),
        ({"since": "2026-10-31", "until": "2026-11-01"}, "31 Oct 2026 to 1 Nov 2026", "at least 101.25 CU"),
        ({"since": "2026-11-01", "until": "2026-11-30"}, "November 2026", "at least 35.75 CU"),
        ({"since": "2026-11-20"}, "20 Nov 2026 to 24 Nov 2026", "at least 12.00 CU"),
        ({"until": "2026-11-03"}, "1 Nov 2026 to 3 Nov 2026", "at least 3.75 CU"),
        ({"since": "2026-12-01"}, "1 Dec 2026 to 1 Dec 2026", "1,000.00 CU"),
        ({"month": "2026-11", "product": "saas"}, "November 2026", "at least 0.00 CU"),
    ],
)
def test_the_days_are_those_of_the_address(ada, november, query, label, sum_of_all):
    answer = client_of(ada).get(PAGE, query)
    assert f'<strong class="period-name">{label}</strong>' in answer.content.decode()
    assert total(answer) == sum_of_all


@pytest.mark.parametrize(
    "query",
    [
        {"month": "2026-13"},
        {"month": "november"},
        {"month": "2026-11", "since": "2026-11-01"},
        {"since": "2026-11-02", "until": "2026-11-01"},
        {"since": "2020-01-01", "until": "2026-11-01"},
        {"since": "2026-02-30"},
        {"month": ["2026-10", "2026-11"]},
    ],
)
def test_junk_shows_no_rows_and_gives_no_file(ada, november, query):
    answer = client_of(ada).get(PAGE, query)
    assert (answer.status_code, rows(answer)) == (200, [])
    assert 'role="alert"' in answer.content.decode()
    assert client_of(ada).get(PAGE, query | {"export": "csv"}).status_code == 422


def test_the_first_and_the_last_day_of_all_time_are_refused_or_empty(ada, november):
    for query in ({"since": "0001-01-01"}, {"until": "9999-12-31"}, {"since": "9999-12-31"}, {"until": "0001-01-01"}):
        assert client_of(ada).get(PAGE, query).status_code == 200, query


def test_months_lead_on_and_never_past_today(ada, november):
    page = client_of(ada).get(PAGE, {"month": "2026-01", "product": "hybrid", "page": "2"}).content.decode()
    assert 'href="/consumption/?month=2025-12&amp;product=hybrid"' in page
    assert 'href="/consumption/?month=2026-02&amp;product=hybrid"' in page
    assert "Month after" not in client_of(ada).get(PAGE).content.decode()


def test_today_is_the_msps(foreign, eastgate, eve):
    with time_machine.travel("2026-12-01T02:00:00+01:00", tick=False):  # still the 30th in New York
        assert "November 2026" in client_of(eve).get(PAGE).content.decode()


@pytest.mark.parametrize(
    ("sort", "first"), [("-consumed", HYBRID), ("consumed", SAAS), ("-unknown", SAAS), ("-quota_used", OTHER)]
)
def test_sorts(ada, november, sort, first):
    assert rows(client_of(ada).get(PAGE, {"sort": sort}))[0] == first


def test_the_sums_are_those_of_the_customers_page(ada, november, harbour):
    page = client_of(ada).get(f"/customers/{harbour.pk}/").content.decode()
    range_of_90_days = {"since": "2026-08-27", "until": "2026-11-24", "customer": harbour.pk}
    assert total(client_of(ada).get(PAGE, range_of_90_days)) == "at least 128.75 CU"
    assert "128.75" in page


def test_a_quota_that_is_not_in_force_yet_or_nothing_has_no_used_share(ada, scoped, plan):
    today = scoped.today()
    later = make_customer(scoped, "Later")
    make_tenant(later, plan, quota=("50", today + timedelta(days=1), today + timedelta(days=9)))
    make_tenant(make_customer(scoped, "Nothing"), plan, quota=("0", today, today + timedelta(days=9)))
    assert [row[4:6] for row in rows(client_of(ada).get(PAGE))] == [("50", "-"), ("0", "-")]


def test_what_a_deleted_product_used_stays_and_that_of_a_deleted_customer_is_summed_apart(ada, scoped, plan):
    kept = make_customer(scoped, "Kept")
    gone = make_tenant(kept, plan, state="deleted")
    make_tenant(kept, plan, state="deleted", product=Product.SAAS)
    make_usage(gone, {date(2026, 11, 3): "4"})
    lost = make_customer(scoped, "Lost")
    make_usage(make_tenant(lost, plan, state="deleted"), {date(2026, 11, 3): "2.5"})
    with scope.entered("worker", msp=scoped.pk):
        CustomerIdentity.objects.filter(customer=lost).delete()
        Customer.objects.filter(pk=lost.pk).update(deleted_at="2026-11-20T00:00:00Z")
    answer = client_of(ada).get(PAGE)
    assert [row[:3] for row in rows(answer)] == [("Kept Product deleted", "Hybrid Workloads", "4.00")]
    assert total(answer) == "4.00 CU"
    assert "<dt>By customers deleted since</dt><dd>2.50 CU</dd>" in answer.content.decode()


def test_the_page_costs_the_same_with_any_number_of_rows(ada, scoped, plan):
    browser = client_of(ada)

    def cost(more: int) -> list[str]:
        for _ in range(more):
            make_usage(make_tenant(make_customer(scoped), plan), {scoped.today(): "1"})
        browser.get(PAGE)
        with counted() as queries:
            browser.get(PAGE, {"size": 250})
        return queries

    few, many = cost(2), cost(30)
    assert len(few) == len(many) <= 6, "\n".join(many)


@pytest.mark.django_db(transaction=True)
def test_the_file_has_every_place_of_every_sum(db):
    msp = make_msp("Filed")
    person = make_person(msp)
    with scope.entered("portal", msp=msp.pk):
        tenant = make_tenant(make_customer(msp, "+Plus"), make_plan(msp))
        make_usage(tenant, {date(2026, 10, 1): "1.000001", date(2026, 10, 31): "2"})
    answer = client_of(person).get(PAGE, {"month": "2026-10", "export": "all"})
    head, *lines = csv.reader(io.StringIO(b"".join(answer.streaming_content).decode("utf-8-sig")))
    assert head[:5] == ["Customer", "Product", "Tenant Type", "Consumed (CU)", "Days Without Data"]
    assert [line[:5] for line in lines] == [["'+Plus", "Hybrid Workloads", "Commercial", "3.000001", "0"]]


def test_the_age_of_the_figures_is_that_of_the_own_msp(ada, eve, harbour, foreign):
    for hour, customer in ((9, foreign), (8, harbour)):
        with time_machine.travel(f"2026-11-24T{hour:02}:30:00+00:00", tick=False):
            with scope.entered("portal", msp=customer.msp_id):
                tenant = make_tenant(customer, make_plan(customer.msp))
            make_usage(tenant, {date(2026, 11, 3): "1"})
    assert "24 Nov 2026, 09:30" in client_of(ada).get(PAGE).content.decode()
    assert "24 Nov 2026, 04:30" in client_of(eve).get(PAGE).content.decode()
