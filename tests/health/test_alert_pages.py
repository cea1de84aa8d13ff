"""The pages of alerts: what the list shows to whom, one alert, and what a person gets by e-mail."""

import csv
import html
import io
import re
from datetime import timedelta

import pytest
import time_machine
from django.db import ProgrammingError, connection, transaction
from django.utils import timezone

from customers.assignments import assign_to_person
from customers.models import CustomerIdentity
from health import alerts as evaluation
from health import intake, rollups
from health.models import Alert, AlertSubscription, Run
from health.statuses import AlertType, Severity
from msc.access import scope
from msc.events.models import Event
from tests.factories import make_alert, make_customer, make_plan, make_tenant
from tests.health.conftest import run
from tests.queries import counted
from tests.sign_in import client_of
from tests.support.browser import support_client

pytestmark = pytest.mark.django_db
LIST, MINE = "/alerts/", "/alerts/subscriptions/"
NOON = "2026-11-24T12:00:00+01:00"


def shown(answer) -> list[str]:
    cells = re.findall(r'<th scope="row">(.*?)</th>', answer.content.decode(), re.DOTALL)
    return [html.unescape(re.sub(r"<[^>]+>", "", cell)) for cell in cells]


@pytest.fixture
def alerts(harbour, sibling, foreign, hybrid, saas, plan, eastgate):
    """Three alerts of harbour, one of them resolved; one of its sibling; one of another MSP."""
    now = timezone.now()
    ago = lambda hours: now - timedelta(hours=hours)  # noqa: E731
    made = [
        make_alert(hybrid, "Quota nearly used", severity=Severity.WARNING, first_seen=ago(50)),
        make_alert(
            saas, "Expired", kind=AlertType.COMMERCIAL_EXPIRY, severity=Severity.CRITICAL, first_seen=ago(3), count=4
        ),
        make_alert(
            hybrid, "Failed", kind=AlertType.BACKUP_FAILED, severity=3, first_seen=ago(900), resolved_at=ago(800)
        ),
        make_alert(make_tenant(sibling, plan), "Sibling's", severity=Severity.INFORMATION, first_seen=ago(1)),
    ]
    with scope.entered("portal", msp=eastgate.pk):
        make_alert(make_tenant(foreign, make_plan(eastgate)), "Foreign")
    return made


@pytest.mark.parametrize(
    ("name", "rows"),
    [
        ("ada", ["Expired", "Quota nearly used", "Sibling's", "Failed"]),
        ("rita", ["Expired", "Quota nearly used", "Sibling's", "Failed"]),
        ("tom", ["Expired", "Quota nearly used", "Failed"]),
        ("eve", ["Foreign"]),
    ],
)
def test_each_sees_their_own_the_active_and_the_worst_first(request, alerts, name, rows):
    answer = client_of(request.getfixturevalue(name)).get(LIST)
    assert (answer.status_code, shown(answer)) == (200, rows)


def test_a_severity_has_an_icon_and_a_word(ada, alerts):
    page = client_of(ada).get(LIST).content.decode()
    assert re.search(r'<span class="status status-bad"><svg[^>]*><use href="[^"]*#alert-circle"/></svg>Critical', page)


@pytest.mark.parametrize(
    ("query", "rows"),
    [
        ({"state": "active"}, ["Expired", "Quota nearly used", "Sibling's"]),
        ({"state": "resolved"}, ["Failed"]),
        ({"severity": "critical"}, ["Expired", "Failed"]),
        ({"severity": ["critical", "information"]}, ["Expired", "Sibling's", "Failed"]),
        ({"type": "backup_failed"}, ["Failed"]),
        ({"product": "saas"}, ["Expired"]),
        ({"age": "1"}, ["Expired", "Sibling's"]),
        ({"age": "7", "severity": "warning"}, ["Quota nearly used"]),
    ],
)
def test_filters(ada, alerts, query, rows):
    assert shown(client_of(ada).get(LIST, query)) == rows


def test_the_age_counts_calendar_days_of_the_person(ada, hybrid):
    with time_machine.travel(NOON, tick=False):
        make_alert(hybrid, "Yesterday at midnight", first_seen=timezone.now() - timedelta(hours=36))
        make_alert(hybrid, "Before", first_seen=timezone.now() - timedelta(hours=36, seconds=1))
        assert shown(client_of(ada).get(LIST, {"age": "1"})) == ["Yesterday at midnight"]


def test_customers_are_searched_by_their_real_name_and_found_by_id(ada, tom, alerts, harbour, sibling):
    browser = client_of(ada)
    assert shown(browser.get(LIST, {"customer": sibling.pk})) == ["Sibling's"]
    found = browser.get(LIST, {"choices": "customer", "term": "HARB"}).json()
    assert found == {"choices": [{"value": str(harbour.pk), "text": "Harbour Logistics"}]}
    assert client_of(tom).get(LIST, {"choices": "customer", "term": "sib"}).json() == {"choices": []}


@pytest.mark.parametrize("name", ["sibling", "foreign"])
def test_a_customer_that_one_may_not_see_is_no_choice(request, tom, alerts, name):
    hidden = client_of(tom).get(LIST, {"customer": request.getfixturevalue(name).pk})
    missing = client_of(tom).get(LIST, {"customer": 10**12})
    assert shown(hidden) == shown(missing) == []
    assert "This choice does not exist" in hidden.content.decode()


@pytest.mark.parametrize(
    ("sort", "first"),
    [
        ("severity", "Sibling's"),
        ("-severity", "Expired"),
        ("-count", "Expired"),
        ("-first_seen", "Sibling's"),
        ("first_seen", "Failed"),
        ("resolved", "Failed"),
        ("-resolved", "Failed"),
        ("-customer", "Sibling's"),
        ("-state", "Failed"),
        ("object", "Quota nearly used"),
        ("-object", "Expired"),
        ("last_seen", "Failed"),
        ("-last_seen", "Sibling's"),
    ],
)
def test_sorts(ada, alerts, sort, first):
    assert shown(client_of(ada).get(LIST, {"sort": sort}))[0] == first


def test_alerts_of_a_deleted_customer_are_listed_no_more(ada, alerts, sibling):
    with scope.entered("worker", msp=sibling.msp_id):
        CustomerIdentity.objects.filter(customer=sibling).delete()
    assert "Sibling's" not in shown(client_of(ada).get(LIST))
    assert client_of(ada).get(f"{LIST}{alerts[3].pk}/").status_code == 404


def test_the_list_costs_the_same_with_any_number_of_rows(ada, hybrid):
    browser = client_of(ada)

    def cost(more: int) -> int:
        for _ in range(more):
            make_alert(hybrid)
        browser.get(LIST)
        with counted() as queries:
            browser.get(LIST, {"size": 250})
        return len(queries)

    assert cost(3) == cost(100) <= 5


@pytest.mark.django_db(transaction=True)
def test_the_file_says_what_the_page_says(northwind, ada, tom):
    with scope.entered("portal", msp=northwind.pk):
        from_factory = _one_of_each(northwind, tom)
    body = b"".join(client_of(tom).get(LIST, {"export": "all"}).streaming_content).decode("utf-8-sig")
    head, *lines = csv.reader(io.StringIO(body))
    assert head[:6] == ["Alert", "Severity", "Customer", "Object", "Product", "Type"]
    assert [line[:6] for line in lines] == [
        ["'=Formula", "Warning", from_factory, "Hybrid Workloads", "Hybrid Workloads", "Quota utilization"]
    ]


def _one_of_each(northwind, tom) -> str:
    plan = make_plan(northwind)
    make_alert(make_tenant(make_customer(northwind, admins=(tom,)), plan), "=Formula")
    make_alert(make_tenant(make_customer(northwind), plan), "Not tom's")
    return CustomerIdentity.objects.get(customer__assignments__user=tom).name


# -- One alert ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "statuses"),
    [("ada", (200, 200)), ("rita", (200, 200)), ("tom", (200, 404)), ("eve", (404, 404)), ("sam", (403, 403))],
)
def test_who_opens_an_alert(request, alerts, name, statuses):
    browser = client_of(request.getfixturevalue(name))
    assert tuple(browser.get(f"{LIST}{alerts[place].pk}/").status_code for place in (0, 3)) == statuses


def test_an_alert_tells_its_life_and_when_the_same_was_wrong_before(ada, hybrid, harbour):
    now = timezone.now()
    make_alert(hybrid, "70 %", object_key="tenant:1", first_seen=now - timedelta(days=9), resolved_at=now)
    make_alert(hybrid, "Another", object_key="tenant:2")
    alert = make_alert(hybrid, "85 %", object_key="tenant:1", first_seen=now - timedelta(days=2), raised_at=now)
    page = client_of(ada).get(f"{LIST}{alert.pk}/").content.decode()
    assert "<h1" in page
    for text in (
        "85 %",
        "70 %",
        "Quota utilization",
        f"/customers/{harbour.pk}/products/{hybrid.pk}/",
        "Escalated",
    ):
        assert text in page
    assert "Another" not in page
    part = client_of(ada).get(f"{LIST}{alert.pk}/", headers={"HX-Request": "true"}).content.decode()
    assert part.lstrip().startswith('<div class="dialog-form">')


# -- By e-mail ----------------------------------------------------------------------------------------------------

CHOICE = {"severities": ["3", "2"], "types": ["quota"], "delivery": "daily", "digest_hour": "6"}


@pytest.mark.parametrize(("name", "status"), [("ada", 200), ("eve", 200), ("rita", 403), ("tom", 403), ("sam", 403)])
def test_who_may_subscribe(request, name, status):
    person = request.getfixturevalue(name)
    assert client_of(person).get(MINE).status_code == status
    assert client_of(person).post(MINE, CHOICE).status_code == (302 if status == 200 else 403)


def test_the_menu_and_the_button_are_there_for_those_who_may(ada, rita, alerts):
    for person, may in ((ada, True), (rita, False)):
        page = client_of(person).get(LIST).content.decode()
        assert '<a href="/alerts/" aria-current="page">' in page
        assert (f'href="{MINE}"' in page) is may


def test_a_person_chooses_what_comes_and_when(ada, northwind, scoped):
    assert client_of(ada).post(MINE, CHOICE).status_code == 302
    mine = AlertSubscription.objects.get()
    assert (mine.user, mine.severities, mine.types) == (ada, [2, 3], ["quota"])
    assert (mine.delivery, mine.digest_hour) == ("daily", 6)
    event = Event.objects.filter(action="subscription.changed").get()
    assert event.changes["Severities"] == [[], ["Warning", "Critical"]]
    page = client_of(ada).get(MINE).content.decode()
    assert len(re.findall(r"<input[^>]* checked", page)) == 4
    assert '<option value="6" selected>06:00' in page


def test_the_same_again_is_no_event_and_none_is_none(ada, scoped):
    browser = client_of(ada)
    browser.post(MINE, CHOICE)
    browser.post(MINE, CHOICE)
    assert Event.objects.filter(action="subscription.changed").count() == 1
    answer = browser.post(MINE, {"delivery": "at_once", "digest_hour": "7"}, follow=True)
    assert "You get no alerts by e-mail." in answer.content.decode()
    mine = AlertSubscription.objects.get()
    assert (mine.severities, mine.types, mine.version) == ([], [], 4)


def test_a_digest_begins_when_it_is_chosen(ada, scoped):
    long_ago = timezone.now() - timedelta(days=300)
    AlertSubscription.objects.create(msp=scoped, user=ada, severities=[3], digested_at=long_ago)
    client_of(ada).post(MINE, CHOICE)
    assert AlertSubscription.objects.get().digested_at > timezone.now() - timedelta(minutes=1)
    AlertSubscription.objects.update(digested_at=long_ago)
    client_of(ada).post(MINE, CHOICE | {"digest_hour": "9"})
    assert AlertSubscription.objects.get().digested_at == long_ago


@pytest.mark.parametrize(
    "junk",
    [{"severities": ["9"]}, {"types": ["nonsense"]}, {"delivery": "never"}, {"digest_hour": "24"}, {"digest_hour": ""}],
)
def test_junk_is_refused_and_the_rest_stays(ada, scoped, junk):
    answer = client_of(ada).post(MINE, CHOICE | junk)
    assert answer.status_code == 422
    assert not AlertSubscription.objects.exists()


def test_the_form_names_the_address_and_the_zone(ada, scoped):
    page = client_of(ada).get(MINE).content.decode()
    assert "ada@northwind.example" in page
    assert "Europe/Berlin" in page


# -- Error messages -----------------------------------------------------------------------------------------------

SECRET = "cannot open the vault of Harbour: wrong password"


@pytest.fixture
def failed_restore(hybrid, scoped):
    """A failed backup and a failed restore of one data source, reported, counted and alerted."""
    now = timezone.now()
    for kind in ("backup", "restore"):
        record = run(
            hybrid, kind, kind=kind, status="failed", started_at=None, ended_at=now.isoformat(), message=SECRET
        )
        assert intake.store_runs(scoped, [(1, record)], now).kept
    count(scoped, now)
    return Alert.objects.get(type="restore_failed")


def count(msp, now) -> None:
    while rollups.drain(msp, now):
        pass
    evaluation.evaluate(msp, now)


def test_the_error_message_is_shown_wherever_the_failure_is(ada, hybrid, harbour, failed_restore):
    browser = client_of(ada)
    for path in (
        f"{LIST}{failed_restore.pk}/",
        f"/customers/{harbour.pk}/health/",
        f"/customers/{harbour.pk}/products/{hybrid.pk}/",
    ):
        page = browser.get(path).content.decode()
        assert SECRET in page, path
    health = browser.get(f"/customers/{harbour.pk}/health/").content.decode()
    assert f'href="{LIST}{failed_restore.pk}/" data-dialog' in health
    alert = browser.get(f"{LIST}{failed_restore.pk}/").content.decode()
    assert f'href="/customers/{harbour.pk}/health/?q=srv-1"' in alert


def test_the_message_is_read_in_full_in_the_alert_and_by_its_first_line_in_lists(ada, hybrid, harbour):
    make_alert(hybrid, "Failed", message="first line\nsecond line")
    browser = client_of(ada)
    alert = browser.get(f"{LIST}{Alert.objects.get().pk}/").content.decode()
    assert "first line<br>second line" in alert
    for path in (f"/customers/{harbour.pk}/health/", f"/customers/{harbour.pk}/products/{hybrid.pk}/"):
        page = browser.get(path).content.decode()
        assert "first line" in page
        assert "second line" not in page


def test_support_staff_see_only_that_there_is_a_message(sam, failed_restore):
    for one in Run.objects.all():
        page = support_client(sam).get(f"/support/health/run/{one.pk}/change/").content.decode()
        assert "Yes, shown to the MSP only" in page
        assert SECRET not in page


@pytest.mark.parametrize("table", ["health_run", "health_datasource", "health_alert"])
def test_the_database_role_of_support_staff_cannot_read_messages(failed_restore, table):
    column = "last_message" if table == "health_datasource" else "message"
    with scope.entered("support"), pytest.raises(ProgrammingError, match="permission denied"), transaction.atomic():
        connection.cursor().execute(f"SELECT {column} FROM {table}")


def test_more_alerts_than_are_shown_are_a_link_to_all_of_them(ada, hybrid, harbour):
    for _ in range(12):
        make_alert(hybrid)
    page = client_of(ada).get(f"/customers/{harbour.pk}/health/").content.decode()
    address = f"{LIST}?state=active&amp;customer={harbour.pk}&amp;product=hybrid"
    assert f'<a href="{address}">and 2 more</a>' in page
    assert len(shown(client_of(ada).get(address.replace("&amp;", "&")))) == 12
    # Only the customer's own products, and nothing for zero.
    assert "SaaS Apps and Endpoints" not in page[page.index("Open alerts") :]
    assert "<strong>0</strong>" not in page


# -- Closing by hand ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "status"), [("ada", 302), ("tom", 302), ("rita", 403), ("eve", 404), ("sam", 403)])
def test_who_may_close_an_alert(request, failed_restore, name, status, harbour, tom):
    if name == "tom":
        assign_to_person(by=request.getfixturevalue("ada"), person=tom, add=[harbour.pk], remove=[])
    browser = client_of(request.getfixturevalue(name))
    assert browser.post(f"{LIST}{failed_restore.pk}/close/", {"reason": "Not needed"}).status_code == status
    failed_restore.refresh_from_db()
    assert (failed_restore.state == "resolved") == (status == 302)


def test_a_closed_alert_keeps_its_reason_and_is_raised_by_the_next_failure_only(ada, hybrid, scoped, failed_restore):
    browser = client_of(ada)
    assert "Close alert" in browser.get(f"{LIST}{failed_restore.pk}/").content.decode()
    answer = browser.post(f"{LIST}{failed_restore.pk}/close/", {"reason": " "})
    assert (answer.status_code, "Enter a reason." in answer.content.decode()) == (422, True)
    browser.post(f"{LIST}{failed_restore.pk}/close/", {"reason": "Restored from another copy"})
    now = timezone.now()
    count(scoped, now)
    assert not Alert.objects.active().filter(type="restore_failed").exists()
    page = browser.get(f"{LIST}{failed_restore.pk}/").content.decode()
    assert "Restored from another copy" in page
    assert ada.full_name in page
    assert "Close alert" not in page
    event = Event.objects.get(action="alert.closed")
    assert event.private.changes == {"Reason": ["", "Restored from another copy"]}
    assert browser.post(f"{LIST}{failed_restore.pk}/close/", {"reason": "Again"}).status_code == 422
    later = timezone.now()
    record = run(hybrid, "r2", kind="restore", status="failed", started_at=None, ended_at=later.isoformat())
    intake.store_runs(scoped, [(1, record)], later)
    count(scoped, later)
    assert Alert.objects.active().get(type="restore_failed").pk != failed_restore.pk


def test_other_alerts_cannot_be_closed_by_hand(ada, hybrid):
    alert = make_alert(hybrid)
    browser = client_of(ada)
    assert "Close alert" not in browser.get(f"{LIST}{alert.pk}/").content.decode()
    assert browser.post(f"{LIST}{alert.pk}/close/", {"reason": "Not now"}).status_code == 422
