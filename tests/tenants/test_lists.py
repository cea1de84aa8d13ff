"""How lists follow products: filters of one and the same product, dates that come near, one line per product."""

import csv
import io
import re
from datetime import timedelta

import pytest

from serviceplans.catalogue import Edition, Product
from serviceplans.models import StorageRegion
from tenants import summaries
from tenants.states import TenantState, TenantType
from tests import factories
from tests.cast import signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def gold(scoped):
    return factories.make_plan(scoped, "Gold")


@pytest.fixture
def book(scoped, gold):
    """Three customers: one with both products, one that is expiring, one without a product."""
    today = scoped.today()
    both, soon, none = (factories.make_customer(scoped, name) for name in ("Both", "Soon", "None"))
    business = factories.make_plan(scoped, "Small", edition=Edition.BUSINESS)
    factories.make_tenant(
        both, gold, expiry=today + timedelta(days=400), quota=("7", today, today + timedelta(days=60))
    )
    factories.make_tenant(
        both, business, Product.SAAS, tenant_type=TenantType.EVALUATION, regions=("westeurope",), state="suspended"
    )
    factories.make_tenant(
        soon,
        gold,
        tenant_type=TenantType.EVALUATION,
        expiry=today + timedelta(days=7),
        quota=("5", today - timedelta(days=30), today - timedelta(days=1)),
    )
    summaries.refresh([both.pk, soon.pk, none.pk])
    return {"gold": gold.pk, "small": business.pk, "azure": StorageRegion.objects.get(name="westeurope").pk}


FILTERS = [
    ("", ["Both", "None", "Soon"]),
    ("product=hybrid", ["Both", "Soon"]),
    ("product=hybrid&type=evaluation", ["Soon"]),
    ("product=saas&type=evaluation", ["Both"]),
    ("product=saas&type=commercial", []),
    ("plan={gold}&region={azure}", []),
    ("plan={small}&region={azure}", ["Both"]),
    ("edition=business", ["Both"]),
    ("edition=business&product=hybrid", []),
    ("status=suspended", ["Both"]),
    ("status=suspended&product=hybrid", []),
    ("expires=7", ["Soon"]),
    ("expires=30", ["Both", "Soon"]),
    ("expires=30&product=hybrid", ["Soon"]),
    ("expires=passed", []),
    ("quota_ends=30", []),
    ("quota_ends=90", ["Both"]),
    ("quota_ends=passed", ["Soon"]),
]


@pytest.mark.parametrize(("query", "found"), FILTERS)
def test_all_conditions_hold_for_one_and_the_same_product(ada, book, query, found):
    page = signed_in(ada).get(f"/customers/?{query.format(**book)}").content.decode()
    assert re.findall(r">(Both|None|Soon)</a>", page) == found


@pytest.mark.parametrize(("query", "found"), [one for one in FILTERS if one[0]])
def test_the_list_of_products_reads_the_same_filters(ada, book, query, found):
    page = signed_in(ada).get(f"/customers/products/?{query.format(**book)}").content.decode()
    assert sorted(set(re.findall(r">(Both|None|Soon)</a>", page))) == found


def test_a_customer_with_two_products_is_one_row_and_one_line_with_both_apart(ada, book):
    client = signed_in(ada)
    page = client.get("/customers/?q=both").content.decode()
    assert page.count(">Both</a>") == 1
    lines = list(csv.DictReader(io.StringIO(exported(client, "/customers/?q=both&export=all"))))
    assert len(lines) == 1
    assert lines[0]["Product"] == "Hybrid Workloads; SaaS Apps and Endpoints"
    assert lines[0]["Edition"] == "Enterprise; Business"


def exported(client, address: str) -> str:
    return b"".join(client.get(address).streaming_content).decode("utf-8-sig")


def test_the_other_file_has_one_line_per_product(ada, book, scoped):
    client = signed_in(ada)
    assert "/customers/products/?" in client.get("/customers/?panel=export&q=both").content.decode()
    lines = list(csv.DictReader(io.StringIO(exported(client, "/customers/products/?export=all"))))
    today = scoped.today()
    assert [(line["Name"], line["Product"], line["Edition"], line["Quota (CU)"]) for line in lines] == [
        ("Both", "Hybrid Workloads", "Enterprise", "7"),
        ("Both", "SaaS Apps and Endpoints", "Business", ""),
        ("Soon", "Hybrid Workloads", "Enterprise", "5"),
    ]
    assert lines[0]["Quota End Date"] == (today + timedelta(days=60)).isoformat()
    assert lines[1]["Storage Region"] == "Azure westeurope"


@pytest.mark.parametrize("column", ["quota", "quota_end", "license_expiry", "edition", "region", "status", "plan"])
def test_products_are_sorted_both_ways_with_empty_ones_last(ada, book, column):
    client = signed_in(ada)
    up, down = (
        re.findall(r'href="/products/(\d+)/"', client.get(f"/customers/products/?sort={sign}{column}").content.decode())
        for sign in ("", "-")
    )
    assert sorted(up) == sorted(down)
    assert len(up) == 3


def test_a_tenant_administrator_sees_the_products_of_assigned_customers(tom, harbour, sibling, gold):
    mine, other = (factories.make_tenant(customer, gold) for customer in (harbour, sibling))
    page = signed_in(tom).get("/customers/products/").content.decode()
    assert f"/products/{mine.pk}/" in page
    assert f"/products/{other.pk}/" not in page
    assert signed_in(tom).get(f"/products/{other.pk}/").status_code == 404
    assert signed_in(tom).get(f"/products/{mine.pk}/").url == f"/customers/{harbour.pk}/products/{mine.pk}/"


def test_a_purged_product_is_in_no_list(ada, harbour, gold):
    factories.make_tenant(harbour, gold, state=TenantState.DELETED)
    assert "/products/" not in re.sub(
        "/customers/products/", "", signed_in(ada).get("/customers/products/").content.decode()
    )
