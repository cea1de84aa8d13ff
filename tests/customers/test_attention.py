"""The strip above the customer list: what it counts, where it leads, and that it is gone when nothing is wrong."""

import re
from datetime import timedelta

import pytest

from customers import attention
from customers.models import CustomerSummary
from msc.access import scope
from tests.factories import make_customer, make_plan, make_tenant
from tests.queries import counted
from tests.sign_in import client_of

pytestmark = pytest.mark.django_db
LIST = "/customers/"


def strip(page: str) -> dict[str, str]:
    """Return the words of the strip and where each leads."""
    found = re.search(r'<nav class="attention".*?</nav>', page, re.DOTALL)
    links = re.findall(r'<a href="([^"]*)">.*?</svg>(.*?)</a>', found[0], re.DOTALL) if found else []
    return {words: address for address, words in links}


def names(answer) -> list[str]:
    return re.findall(r'<th scope="row"><a [^>]*>([^<]*)</a>', answer.content.decode())


@pytest.fixture
def troubles(scoped, tom, eastgate, foreign):
    """Customers of whom something is wrong; the first two are tom's. One of another MSP in whom everything is."""
    wrong = {
        "Failing": {"failing_sources": 2, "silent_sources": 0},
        "Silent and full": {"silent_sources": 1, "quota_used_high": "97"},
        "Warned": {"quota_used_high": "80"},
        "Nearly warned": {"quota_used_high": "79.99"},
        "Healthy": {"quota_used_high": "0"},
    }
    plan, today = make_plan(scoped), scoped.today()
    for name, figures in wrong.items():
        customer = make_customer(scoped, name, admins=(tom,) if name in ("Failing", "Silent and full") else ())
        CustomerSummary.objects.filter(customer=customer).update(**figures)
        days = {"Failing": 7, "Warned": 0, "Healthy": 8, "Nearly warned": -1}.get(name, 100)
        make_tenant(customer, plan, expiry=today + timedelta(days=days))
    with scope.entered("portal", msp=eastgate.pk):
        everything = {"failing_sources": 9, "silent_sources": 9, "quota_used_high": 200}
        CustomerSummary.objects.filter(msp=eastgate).update(**everything)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("ada", ["1 failing", "1 not reporting", "2 expiring within 7 days", "2 near or over quota"]),
        ("rita", ["1 failing", "1 not reporting", "2 expiring within 7 days", "2 near or over quota"]),
        ("tom", ["1 failing", "1 not reporting", "1 expiring within 7 days", "1 near or over quota"]),
        ("eve", ["1 failing", "1 not reporting", "1 near or over quota"]),
    ],
)
def test_each_reads_the_troubles_of_their_own_customers(request, troubles, name, expected):
    assert list(strip(client_of(request.getfixturevalue(name)).get(LIST).content.decode())) == expected


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("failing", ["Failing"]),
        ("not reporting", ["Silent and full"]),
        ("expiring within 7 days", ["Failing", "Warned"]),
        ("near or over quota", ["Silent and full", "Warned"]),
    ],
)
def test_each_part_leads_to_the_customers_that_it_counts(ada, troubles, words, expected):
    browser = client_of(ada)
    links = strip(browser.get(LIST).content.decode())
    address = next(address for text, address in links.items() if text.endswith(words))
    assert names(browser.get(address)) == expected


def test_the_kinds_are_alternatives_and_hold_beside_other_filters(ada, troubles):
    browser = client_of(ada)
    assert names(browser.get(LIST, {"attention": ["failing", "quota"]})) == ["Failing", "Silent and full", "Warned"]
    assert names(browser.get(LIST, {"attention": "quota", "expires": "7"})) == ["Warned"]
    assert names(browser.get(LIST, {"attention": "nonsense"})) == []


def test_products_are_narrowed_by_the_same_address(ada, troubles):
    page = client_of(ada).get("/customers/products/", {"attention": "silent"})
    assert names(page) == ["Silent and full"]


def test_nothing_wrong_is_nothing_said(ada, harbour):
    assert strip(client_of(ada).get(LIST).content.decode()) == {}


def test_it_costs_one_statement_and_a_fragment_none(ada, troubles):
    browser = client_of(ada)
    browser.get(LIST)
    with counted() as whole:
        browser.get(LIST)
    with counted() as part:
        browser.get(LIST, headers={"HX-Request": "true"})
    assert len(whole) <= 6, "\n".join(whole)
    assert len(whole) - len(part) == 1


def test_the_thresholds_are_the_msps(ada, northwind, troubles):
    with scope.entered("support"):
        type(northwind).objects.filter(pk=northwind.pk).update(quota_warning_percent=50)
    assert "3 near or over quota" in strip(client_of(ada).get(LIST).content.decode())


def test_many_are_counted_up_to_a_cap(ada, troubles, monkeypatch):
    monkeypatch.setattr(attention, "MOST_COUNTED", 1)
    assert "1+ near or over quota" in strip(client_of(ada).get(LIST).content.decode())
