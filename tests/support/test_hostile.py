"""Several hundred hostile requests to Django admin: no answer of 5xx."""

import random

import pytest

from msc.events.models import Event
from tests import factories
from tests.support.browser import support_client

pytestmark = [pytest.mark.django_db, pytest.mark.timeout(600)]

MODELS = (
    "access/msp",
    "access/user",
    "people/apicredential",
    "customers/customer",
    "tenants/tenant",
    "health/run",
    "serviceplans/serviceplan",
    "mail/outboxmessage",
    "events/event",
)
VALUES = (
    "", "\x00", "a\x00b", "%00", "\ud800".encode("utf-16", "surrogatepass").decode("latin-1"), "😀" * 50, "9" * 400,
    str(2**31), str(2**63), str(-(2**63) - 1), "1e400", "NaN", "-1", "0", "1.5", "[]", "[[[[", "(", "(?P<", "\\", "%", "_",
    "'", '"', "' OR 1=1 --", "<script>alert(1)</script>", "{{7*7}}", "../../etc/passwd", "true", "None", "null", "x" * 7_000,
    "2147483648-01-01", "0000-00-00", "9999-12-31", "a,b,c", "1,2,3", "\u202e", "\u200b", "=1+1", "0x10", "١٢٣", "a" + " b" * 3_000,
)  # fmt: skip
NAMES = (
    "q", "p", "o", "e", "all", "_popup", "_to_field", "_facets", "_changelist_filters", "id", "id__exact", "pk", "state", "state__exact",
    "created_at", "created_at__year", "created_at__gte", "created_at__range", "at__year", "at", "msp", "msp__id__exact",
    "msp__name__regex", "customer", "customer__in", "account_name__startswith", "name_hidden", "is_active", "role", "kind",
    "action", "category", "identity__name", "changes__x__y", "password__startswith", "x" * 500, "\x00", "__", "a__b__c__d", "order_by", "[]",
)  # fmt: skip
PATHS = (
    "",
    "add/",
    "{}/change/",
    "{}/history/",
    "{}/delete/",
    "{}/",
    "{}/act/edit/",
    "{}/act/revoke/",
    "{}/act/x/",
    "act/open/",
)
IDS = (
    "1",
    "0",
    "-1",
    str(2**31),
    str(2**63),
    "9" * 300,
    "abc",
    "1_00",
    "_00",
    "_2F",
    "1%00",
    "%FF",
    "a/b/c",
    "..",
    "é",
    "1 OR 1=1",
)


@pytest.fixture
def vendor(scoped, ada, sam):
    customer = factories.make_customer(scoped, "Any", account_name="ACC-1")
    factories.make_tenant(customer, factories.make_plan(scoped))
    browser = support_client(sam)
    browser.raise_request_exception = False
    return browser


def _hostile_query(dice: random.Random) -> dict[str, list[str]]:
    return {
        dice.choice(NAMES): dice.choices(VALUES, k=dice.choice([1, 1, 1, 2])) for _ in range(dice.choice([1, 1, 2, 3]))
    }


@pytest.mark.parametrize("seed", range(4))
def test_hostile_queries_of_lists(vendor, seed):
    dice = random.Random(seed)
    answers = {}
    for _ in range(120):
        path, query = f"/support/{dice.choice(MODELS)}/", _hostile_query(dice)
        answers[path, str(query)[:200]] = vendor.get(path, query).status_code
    assert not {question: status for question, status in answers.items() if status >= 500}


def test_every_filter_with_every_value(vendor):
    for model, name in (("customers/customer", "created_at"), ("tenants/tenant", "state"), ("events/event", "msp_id")):
        for value in VALUES:
            for follow in (False, True):
                assert vendor.get(f"/support/{model}/", {name: value}, follow=follow).status_code < 500


@pytest.mark.parametrize("seed", range(2))
def test_hostile_paths_and_posts(vendor, seed):
    dice = random.Random(100 + seed)
    for _ in range(100):
        path = f"/support/{dice.choice(MODELS)}/" + dice.choice(PATHS).format(dice.choice(IDS))
        data = {dice.choice([*NAMES, "_selected_action", "post", "name", "products", "version"]): dice.choice(VALUES)}
        data |= {"action": dice.choice(["delete_selected", "x", ""]), "index": dice.choice(VALUES)}
        for answer in (vendor.get(path, data), vendor.post(path, data)):
            assert answer.status_code < 500, (path, str(data)[:200])


def test_hostile_forms_of_an_msp(vendor, scoped):
    path = f"/support/access/msp/{scoped.pk}/act/edit/"
    names = ("name", "time_zone", "state", "products", "hybrid_regions", "saas_regions", "version")
    for name in names:
        for value in VALUES:
            answer = vendor.post(path, dict.fromkeys(names, "1") | {name: value})
            assert answer.status_code in (400, 422), (name, value[:50])
    assert not Event.objects.filter(action="msp.edited").exists()
