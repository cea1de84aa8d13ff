"""Guessing at what support staff may not know: a right guess is answered exactly as a wrong one."""

import re

import pytest
from django.db import ProgrammingError, connection, transaction

from msc.access import scope
from msc.events import log
from tests import factories
from tests.support.browser import support_client

pytestmark = pytest.mark.django_db

SECRET, WRONG = "Zebra Incorporated", "Quagga Incorporated"
ECHO = re.compile(r"zebra|quagga|z|q", re.IGNORECASE)
CUSTOMERS, TENANTS, EVENTS = "/support/customers/customer/", "/support/tenants/tenant/", "/support/events/event/"
LOOKUPS = (
    "startswith",
    "istartswith",
    "contains",
    "icontains",
    "exact",
    "iexact",
    "regex",
    "iregex",
    "gt",
    "lt",
    "in",
    "range",
    "isnull",
)
COLUMNS = (
    (CUSTOMERS, "identity__name"),
    (CUSTOMERS, "identity__folded_name"),
    (CUSTOMERS, "identity__address"),
    (CUSTOMERS, "identity__phone"),
    (CUSTOMERS, "contacts__name"),
    (CUSTOMERS, "summary__admin_low"),
    (CUSTOMERS, "assignments__user__email"),
    (CUSTOMERS, "created_by__email"),
    (CUSTOMERS, "created_by__password"),
    (TENANTS, "customer__identity__name"),
    (EVENTS, "private__label"),
    (EVENTS, "private__changes__Name"),
    ("/support/access/user/", "password"),
    ("/support/people/apicredential/", "digest"),
    ("/support/mail/outboxmessage/", "body__text"),
    ("/support/access/msp/", "customers__identity__name"),
)


@pytest.fixture
def vendor(scoped, ada, sam):
    customer = factories.make_customer(scoped, SECRET, account_name="ACC-77", address="Zebra Road 1")
    plan = factories.make_plan(scoped)
    factories.make_tenant(customer, plan)
    factories.make_contact(customer, "Zoe Zebra")
    private = {"Name": ("", SECRET)}
    log.record(by=ada, action="customer.created", on=customer, label="ACC-77", private=private, private_label=SECRET)
    return support_client(sam)


def _answer(browser, path: str, query: dict[str, str]) -> tuple[int, str]:
    """Return the status and the page without what it echoes of the question."""
    answer = browser.get(path, query)
    text = re.sub(r"csrfmiddlewaretoken[^>]*|X-CSRFToken[^>]*", "", answer.content.decode())
    return answer.status_code, ECHO.sub("", text)


@pytest.mark.parametrize(("path", "column"), COLUMNS)
def test_lookups_tell_nothing(vendor, path, column):
    for lookup in LOOKUPS:
        right = _answer(vendor, path, {f"{column}__{lookup}": SECRET[:1]})
        wrong = _answer(vendor, path, {f"{column}__{lookup}": WRONG[:1]})
        assert right == wrong
        assert right[0] == 400


@pytest.mark.parametrize("path", [CUSTOMERS, TENANTS, EVENTS, "/support/mail/outboxmessage/", "/support/access/msp/"])
@pytest.mark.parametrize("length", [1, 3, 5, len(SECRET)])
def test_search_tells_nothing(vendor, path, length):
    # Words that no account name, address or label holds, right and wrong ones.
    right, wrong = SECRET[-length:][::1], WRONG[:length]
    found = _rows(vendor, path, f"{SECRET[:length]}bra-never" if length < 5 else right)
    assert found == _rows(vendor, path, f"{wrong}agga-never" if length < 5 else wrong)


def _rows(browser, path: str, term: str) -> int:
    text = browser.get(path, {"q": term}).content.decode()
    return text.count('<th class="field-') + text.count('class="action-checkbox"')


def test_sorting_goes_by_shown_columns_only(vendor, scoped):
    with scope.entered("portal", msp=scoped.pk):
        factories.make_customer(scoped, "Aardvark", account_name="ZZZ-1")
    page = vendor.get(CUSTOMERS, {"o": "1"}).content.decode()
    assert page.index("ACC-77") < page.index("ZZZ-1")
    for order in ("identity__name", "-identity__name", "99", "-99", "1.identity__name"):
        again = vendor.get(CUSTOMERS, {"o": order}, follow=True).content.decode()
        assert again.index("ACC-77") < again.index("ZZZ-1")


@pytest.mark.parametrize(
    "table",
    [
        "customers_customeridentity",
        "customers_contact",
        "customers_customersummary",
        "events_eventdetail",
        "mail_outboxbody",
    ],
)
def test_the_role_of_support_staff_cannot_read_the_tables(vendor, table):
    with (
        scope.entered("support"),
        pytest.raises(ProgrammingError, match="permission denied"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(f"SELECT count(*) FROM {table}")


def test_stock_admin_keeps_no_log_of_its_own(vendor, scoped):
    vendor.post(f"/support/access/msp/{scoped.pk}/act/edit/", {"name": "x"})
    with connection.cursor() as cursor, scope.entered("worker"), pytest.raises(ProgrammingError), transaction.atomic():
        cursor.execute("SELECT count(*) FROM django_admin_log")
