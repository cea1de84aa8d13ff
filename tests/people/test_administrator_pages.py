"""The Administrators pages: who may open them, what they say, what the dialogs do."""

import pytest
from allauth.usersessions.models import UserSession
from django.conf import settings

from customers.assignments import assign_to_person
from customers.import_checks import People
from customers.models import Customer
from msc.access import scope
from msc.access.models import User
from msc.access.roles import Role
from msc.mail.models import OutboxBody, OutboxMessage
from msc.people import services
from tests import factories
from tests.sign_in import client_of

pytestmark = pytest.mark.django_db

LIST = "/settings/administrators/"
BOB = {"first_name": "Bob", "last_name": "New", "email": "bob@new.example", "role": "read_only", "phone": ""}


def _submit_key(html: str) -> str:
    return html.split('name="submit_key" value="')[1].split('"', maxsplit=1)[0]


@pytest.mark.parametrize(
    ("name", "status"), [("ada", 200), ("tom", 403), ("rita", 403), ("eve", 200), ("sam", 403), (None, 302)]
)
@pytest.mark.parametrize("path", [LIST, "/settings/", "/settings/credentials/", "/settings/administrators/invite/"])
def test_only_msp_administrators_come_here(request, client, name, status, path):
    browser = client_of(request.getfixturevalue(name)) if name else client
    assert browser.get(path).status_code == status


def test_the_list_shows_the_people_of_the_msp_alone(ada, tom, rita, eve):
    page = client_of(ada).get(LIST).content.decode()
    for person in (ada, tom, rita):
        assert person.email in page
    assert eve.email not in page


def test_every_column_can_be_shown_sorted_and_exported(ada, tom, harbour):
    browser = client_of(ada)
    for column in ("name", "address", "role", "customers", "last_sign_in", "state", "second_factor", "joined_at"):
        for sort in (column, f"-{column}"):
            assert browser.get(LIST, {"sort": sort}).status_code == 200
    file = b"".join(browser.get(LIST, {"export": "all"}).streaming_content).decode()
    assert "Tom Tenant,tom@northwind.example,Tenant administrator,1," in file


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"q": "RITA"}, {"Rita Reader"}),
        ({"q": "northwind"}, {"Ada Arnold", "Tom Tenant", "Rita Reader"}),
        ({"role": ["tenant_admin", "read_only"]}, {"Tom Tenant", "Rita Reader"}),
        ({"state": "off"}, set()),
        ({"state": "active"}, {"Ada Arnold", "Tom Tenant", "Rita Reader"}),
    ],
)
def test_search_and_filters(ada, tom, rita, query, found):
    page = client_of(ada).get(LIST, query).content.decode()
    table = page.split("<tbody>")[1].split("</tbody>")[0] if "<tbody>" in page else ""
    assert {name for name in ("Ada Arnold", "Tom Tenant", "Rita Reader") if name in table} == found


def test_a_lone_administrator_is_warned(ada):
    assert "Only one MSP administrator" in client_of(ada).get(LIST).content.decode()
    factories.make_person(ada.msp)
    assert "Only one MSP administrator" not in client_of(ada).get(LIST).content.decode()


def test_inviting_by_the_form_makes_one_person_however_often_it_is_sent(ada):
    browser = client_of(ada)
    key = _submit_key(browser.get(LIST + "invite/").content.decode())
    answers = [browser.post(LIST + "invite/", {**BOB, "submit_key": key}) for _ in range(3)]
    assert {answer.status_code for answer in answers} == {302}
    with scope.entered("portal", msp=ada.msp_id):
        bob = User.objects.get(email="bob@new.example")
    assert {answer["Location"] for answer in answers} == {f"{LIST}{bob.pk}/"}
    page = browser.get(f"{LIST}{bob.pk}/").content.decode()
    assert "Invited" in page
    assert "Send invitation again" in page


def test_inviting_an_address_elsewhere_looks_as_any_other(ada, eve):
    browser = client_of(ada)
    seen = []
    for address in ("bob@new.example", eve.email):
        key = _submit_key(browser.get(LIST + "invite/").content.decode())
        answer = browser.post(LIST + "invite/", {**BOB, "email": address, "submit_key": key}, follow=True)
        text = answer.content.decode()
        assert "held.invalid" not in text
        assert answer.status_code == 200
        seen.append(text.count(address))
    assert seen[0] == seen[1]
    listed = browser.get(LIST).content.decode()
    assert eve.email in listed
    assert "held.invalid" not in listed


def test_a_stand_in_address_is_seen_nowhere(ada, eve, harbour):
    with scope.entered("portal", msp=ada.msp_id):
        services.invite_administrator(
            by=ada, msp=ada.msp, email=eve.email, first_name="Eva", last_name="Elsewhere", role=Role.TENANT_ADMIN
        )
        person = User.objects.get(first_name="Eva")
        customers = {one.pk for one in Customer.objects.for_user(ada)}
        assign_to_person(by=ada, person=person, add=customers, remove=[])
        assert [one.pk for one in People(ada.msp_id).named(eve.email)] == [person.pk]
    browser = client_of(ada)
    for path in (
        "/customers/",
        "/customers/create/",
        f"/customers/{harbour.pk}/",
        f"/customers/{harbour.pk}/edit/",
        "/customers/?panel=filters",
        "/events/audit/",
        "/events/audit/?panel=filters",
        f"/events/audit/?who={person.pk}",
        f"{LIST}{person.pk}/",
        f"{LIST}{person.pk}/customers/",
        f"{LIST}{person.pk}/reinvite/",
        f"{LIST}{person.pk}/deactivate/",
    ):
        answer = browser.get(path)
        assert answer.status_code == 200, path
        assert "held.invalid" not in answer.content.decode(), path
    with scope.entered("worker"):
        assert not OutboxMessage.objects.filter(to__endswith=".invalid").exists()


def test_switching_off_ends_the_sessions_for_good(ada, rita):
    browser = client_of(rita)
    key = browser.cookies[settings.SESSION_COOKIE_NAME].value
    with scope.entered("portal", msp=ada.msp_id):
        UserSession.objects.get_or_create(user=rita, session_key=key, defaults={"ip": "192.0.2.1", "user_agent": "x"})
    for verb in ("deactivate", "reactivate"):
        client_of(ada).post(f"{LIST}{rita.pk}/{verb}/")
    assert browser.get("/profile/").status_code == 302


def test_a_form_with_errors_keeps_what_was_typed(ada):
    browser = client_of(ada)
    key = _submit_key(browser.get(LIST + "invite/").content.decode())
    answer = browser.post(LIST + "invite/", {**BOB, "email": "no address", "submit_key": key})
    assert answer.status_code == 422
    assert 'value="no address"' in answer.content.decode()


def test_a_stale_edit_shows_both_texts(ada, rita):
    browser = client_of(ada)
    fields = {"last_name": "Reader", "role": "read_only", "phone": "", "version": 1}
    assert browser.post(f"{LIST}{rita.pk}/edit/", {**fields, "first_name": "Margarita"}).status_code == 302
    answer = browser.post(f"{LIST}{rita.pk}/edit/", {**fields, "first_name": "Rosa"})
    text = answer.content.decode()
    assert answer.status_code == 409
    assert "Margarita" in text
    assert "Rosa" in text


def test_nobody_is_asked_whether_to_switch_off_their_own_account(ada):
    page = client_of(ada).get(f"{LIST}{ada.pk}/deactivate/").content.decode()
    assert "You cannot switch off your own account. Ask another MSP administrator." in page
    assert "Switch off Ada Arnold (" not in page
    assert client_of(ada).post(f"{LIST}{ada.pk}/deactivate/").status_code == 422


@pytest.mark.parametrize("verb", ["edit", "deactivate", "reactivate", "reset", "reinvite", ""])
@pytest.mark.parametrize("method", ["get", "post"])
def test_a_foreign_person_is_not_found(ada, eve, verb, method):
    path = f"{LIST}{eve.pk}/{verb}/" if verb else f"{LIST}{eve.pk}/"
    expected = 405 if (verb, method) == ("", "post") else 404
    assert getattr(client_of(ada), method)(path).status_code == expected


@pytest.mark.parametrize("person", ["tom", "rita"])
def test_a_person_who_is_switched_off_is_out_on_the_next_request(request, ada, person):
    person = request.getfixturevalue(person)
    browser = client_of(person)
    assert browser.get("/profile/").status_code == 200
    assert client_of(ada).post(f"{LIST}{person.pk}/deactivate/").status_code == 302
    assert browser.get("/profile/").status_code == 302
    client_of(ada).post(f"{LIST}{person.pk}/reactivate/")


def test_a_new_role_holds_on_the_next_request(ada):
    other = factories.make_person(ada.msp)
    browser = client_of(other)
    assert browser.get(LIST).status_code == 200
    with scope.entered("portal", msp=ada.msp_id):
        services.edit_administrator(
            by=ada, person=other, version=1, first_name="A", last_name="B", phone="", role=Role.READ_ONLY
        )
    assert browser.get(LIST).status_code == 403


def test_resetting_a_password_sends_a_link_that_works(ada, rita):
    assert client_of(ada).post(f"{LIST}{rita.pk}/reset/").status_code == 302
    with scope.entered("worker"):
        text = OutboxBody.objects.get(message__to=rita.email).text
    path = "/account/reset/" + text.split("/account/reset/")[1].split()[0]
    page = client_of(ada).get(path, follow=True)
    assert page.status_code == 200
