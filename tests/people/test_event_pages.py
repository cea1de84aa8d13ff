"""The Events pages: who may read them, and what they say."""

import pytest

from customers.models import Customer
from msc.access import scope
from msc.access.actors import Origin
from msc.events import log
from msc.events.models import Event
from tests import factories
from tests.sign_in import client_of

pytestmark = pytest.mark.django_db

AUDIT, LOG_INS, OUTBOX = "/events/audit/", "/events/log-ins/", "/events/e-mails/"


@pytest.fixture
def edited(northwind, ada, harbour):
    """Ada has renamed a hidden customer."""
    with scope.entered("portal", msp=northwind.pk):
        return log.record(
            by=ada,
            action="customer.edited",
            on=harbour,
            label="HARB-1",
            customer_id=harbour.pk,
            changes={"Hidden": (False, True)},
            private={"Customer Name": ("Old Secret", "New Secret")},
            private_label="New Secret",
        )


@pytest.mark.parametrize(
    ("name", "status"), [("ada", 200), ("rita", 200), ("tom", 403), ("sam", 403), (None, 302), ("eve", 200)]
)
@pytest.mark.parametrize("path", [AUDIT, LOG_INS, OUTBOX])
def test_who_may_read_events(request, client, name, status, path):
    browser = client_of(request.getfixturevalue(name)) if name else client
    assert browser.get(path).status_code == status


def test_the_msp_reads_the_sentence_with_the_real_name(ada, edited):
    page = client_of(ada).get(AUDIT).content.decode()
    assert "Edited the customer New Secret" in page


def test_an_event_shows_before_and_after(rita, edited):
    page = client_of(rita).get(f"/events/{edited.pk}/").content.decode()
    for text in ("Old Secret", "New Secret", "Hidden", "No", "Yes"):
        assert text in page


@pytest.mark.parametrize(("name", "status"), [("ada", 200), ("rita", 200), ("tom", 403), ("eve", 404), ("sam", 403)])
def test_an_event_of_another_msp_is_not_found(request, edited, name, status):
    person = request.getfixturevalue(name)
    assert client_of(person).get(f"/events/{edited.pk}/").status_code == status


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"q": "secret"}, True),
        ({"q": "harb-1"}, True),
        ({"q": "nothing"}, False),
        ({"q": "ADA edited secret"}, True),
        ({"q": "customer"}, True),
        ({"q": "deleted"}, False),
        ({"action": "customer.edited"}, True),
        ({"action": "customer.deleted"}, False),
        ({"object": "customers.customer"}, True),
        ({"object": "tenants.tenant"}, False),
        ({"since": "2020-01-01", "until": "2020-12-31"}, False),
        ({"since": "2020-01-01"}, True),
    ],
)
def test_filters_of_the_audit_trail(ada, edited, query, found):
    page = client_of(ada).get(AUDIT, query)
    assert page.status_code == 200
    assert ("Edited the customer" in page.content.decode()) is found


def test_who_is_chosen_from_the_people_of_the_msp(ada, tom, eve, edited):
    browser = client_of(ada)
    assert "Edited the customer" in browser.get(AUDIT, {"who": ada.pk}).content.decode()
    assert "Edited the customer" not in browser.get(AUDIT, {"who": tom.pk}).content.decode()
    assert "does not exist" in browser.get(AUDIT, {"who": eve.pk}).content.decode()


@pytest.mark.parametrize(("method", "found"), [("code", True), ("passkey", False)])
def test_log_ins_by_method(northwind, ada, method, found):
    with scope.entered("portal", msp=northwind.pk):
        log.record_sign_in(ada, method="password, code")
    page = client_of(ada).get(LOG_INS, {"method": method}).content.decode()
    assert ("Signed in" in page.split("<tbody>")[-1]) is found


def test_each_msp_reads_its_own_log_ins(northwind, eastgate, ada, eve):
    for msp, person in ((northwind, ada), (eastgate, eve)):
        with scope.entered("portal", msp=msp.pk):
            log.record_sign_in(person, method="password, code")
    for person, other in ((ada, eve), (eve, ada)):
        page = client_of(person).get(LOG_INS).content.decode()
        assert "Signed in" in page
        assert person.email in page
        assert other.email not in page


def test_the_rest_of_a_request_is_of_the_same_msp(northwind, eastgate, ada, eve):
    origin = Origin("192.0.2.7", "same-request")
    for msp, person in ((northwind, ada), (eastgate, eve)):
        person.origin = origin
        with scope.entered("portal", msp=msp.pk):
            first = log.record(by=person, action="plan.created", label=f"First of {msp.name}")
            log.record(by=person, action="plan.edited", label=f"Second of {msp.name}")
            if person == ada:
                shown = first
    page = client_of(ada).get(f"/events/{shown.pk}/").content.decode()
    assert "Second of Northwind" in page
    assert "Eastgate" not in page


def test_the_file_holds_the_sentences(ada, edited):
    file = b"".join(client_of(ada).get(AUDIT, {"export": "csv"}).streaming_content).decode()
    assert "Edited the customer New Secret,ada@northwind.example" in file


def test_a_refusal_is_recorded_by_its_route(northwind, ada, tom, harbour, sibling):
    browser = client_of(tom)
    assert browser.get("/settings/administrators/?q=secret").status_code == 403
    assert browser.get(f"/customers/{sibling.pk}/").status_code == 404
    assert browser.post("/customers/create/", {"name": "X"}).status_code == 403
    with scope.entered("portal", msp=northwind.pk):
        refused = [event.object_label for event in Event.objects.filter(action="access.refused").order_by("pk")]
    assert refused == ["open /settings/administrators/", "submit /customers/create/"]
    page = client_of(ada).get(AUDIT, {"q": "allowed"}).content.decode()
    assert "Was not allowed to open /settings/administrators/" in page


def test_a_refusal_names_the_customer_to_the_msp_alone(northwind, ada, rita, harbour):
    add = f"/customers/{harbour.pk}/products/add/hybrid/"
    assert client_of(rita).get(add).status_code == 403
    with scope.entered("portal", msp=northwind.pk):
        event = Event.objects.get(action="access.refused")
    assert (event.object_label, event.customer_id) == (f"open /customers/{harbour.pk}/products/add/.../", harbour.pk)
    page = client_of(ada).get(AUDIT, {"q": "harbour"}).content.decode()
    assert f"open {add.replace('hybrid', '...')} (Harbour Logistics)" in page


def test_an_event_leads_to_its_object_and_shows_days_in_words(northwind, ada, rita, harbour):
    with scope.entered("portal", msp=northwind.pk):
        tenant = factories.make_tenant(harbour, factories.make_plan(northwind))
        changes = {"License Expiry Date": ("2026-12-01", None), "Seats": (1000, True)}
        edited = log.record(
            by=ada, action="tenant.edited", on=tenant, label="Hybrid", customer_id=harbour.pk, changes=changes
        )
        joined = log.record(by=rita, action="person.joined", on=rita, label=rita.email)
        gone = log.record(by=ada, action="customer.deleted", on=Customer(pk=9_999_999), label="Customer 9999999")
    client = client_of(ada)
    page = client.get(f"/events/{edited.pk}/").content.decode()
    assert f'href="/customers/{harbour.pk}/products/{tenant.pk}/"' in page
    for words in ("1 Dec 2026", "1,000", "Yes", "(empty)"):
        assert words in page
    page = client.get(f"/events/{joined.pk}/").content.decode()
    assert "<h1>rita@northwind.example accepted the invitation</h1>" in page
    assert f'href="/settings/administrators/{rita.pk}/"' in page
    assert f"/settings/administrators/{rita.pk}/" not in client_of(rita).get(f"/events/{joined.pk}/").content.decode()
    assert "/customers/9999999/" not in client.get(f"/events/{gone.pk}/").content.decode()


def test_nobody_changes_an_event(ada, edited):
    for path in (AUDIT, LOG_INS, f"/events/{edited.pk}/"):
        for method in ("put", "patch", "delete"):
            assert getattr(client_of(ada), method)(path).status_code == 405
    assert Customer.objects.exists()


@pytest.fixture
def emails(northwind, eve):
    """Two e-mails of Northwind, one refused, and one of another MSP."""
    factories.make_email(northwind, "one@northwind.example", kind="customer.created")
    factories.make_email(
        northwind, "two@northwind.example", kind="session.code", state="failed", reply="550 No such mailbox"
    )
    factories.make_email(eve.msp, "three@eastgate.example")


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({}, {"one", "two"}),
        ({"q": "TWO@"}, {"two"}),
        ({"kind": "customer.created"}, {"one"}),
        ({"state": "failed"}, {"two"}),
        ({"until": "2020-12-31"}, set()),
    ],
)
def test_an_msp_finds_its_own_emails(rita, emails, query, found):
    page = client_of(rita).get(OUTBOX, query).content.decode()
    assert {name for name in ("one", "two", "three") if f"{name}@" in page} == found


def test_the_list_of_emails_says_how_far_each_has_come_and_not_what_it_says(ada, emails):
    answer = client_of(ada).get(OUTBOX, {"export": "all"})
    text = b"".join(answer.streaming_content).decode()
    assert "Sign-in code,Refused" in text
    assert "550 No such mailbox" in text
    assert "Secret of" not in text
