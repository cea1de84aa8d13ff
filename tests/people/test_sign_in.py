"""Sign-in from the address to the session, as a browser without JavaScript does it."""

import json
import time
from statistics import median
from urllib.parse import parse_qs, urlsplit

import pytest
from django.conf import settings
from django.contrib.sessions.models import Session
from django.test import Client

from msc.access import scope
from msc.access.models import Msp, MspState, User
from tests import factories
from tests.factories import PASSWORD
from tests.people.signing_in import (
    CODE,
    RESET,
    SIGN_IN,
    TRUST,
    change_session,
    enter,
    events,
    in_seconds,
    is_signed_in,
    last_code,
    mails,
    session_of,
    sign_in,
)

pytestmark = pytest.mark.django_db


def _sessions() -> int:
    with scope.entered("portal"):
        return Session.objects.count()


def _switch_off(person: User) -> None:
    with scope.entered("portal", msp=person.msp_id):
        User.objects.filter(pk=person.pk).update(is_active=False)


def _close(msp: Msp) -> None:
    with scope.entered("support"):
        Msp.objects.filter(pk=msp.pk).update(state=MspState.CLOSED)


def test_password_then_emailed_code_opens_a_session(client, ada):
    response = enter(client, ada)
    assert (response.status_code, response.url) == (302, CODE)
    assert not is_signed_in(client)
    assert [mail.to for mail in mails("session.code")] == [ada.email]
    response = client.post(CODE, {"code": last_code()})
    assert (response.status_code, response.url) == (302, TRUST)
    response = client.post(TRUST, {"action": ""})
    assert (response.status_code, response.url) == (302, "/")
    assert is_signed_in(client)
    (opened,) = events("session.opened")
    assert (opened.msp_id, opened.actor_id, opened.address) == (ada.msp_id, ada.pk, "127.0.0.1")
    assert opened.detail == {"method": "password, code"}


def test_the_address_is_read_without_regard_to_case_and_space(client, ada):
    assert enter(client, " ADA@Northwind.example ").url == CODE


def test_the_sessions_in_the_database_hold_no_code(client, ada):
    for ask in (lambda: enter(client, ada), lambda: client.post(CODE, {"action": "resend"})):
        assert ask().status_code == 302
        with scope.entered("portal"):
            (stored,) = Session.objects.all()
        kept = stored.get_decoded()["account_login"]["state"]["stages"]["login_by_code"]["data"]["code"]
        assert len(kept) == 80
        assert f'"{last_code()}"' not in json.dumps(stored.get_decoded())
    assert client.post(CODE, {"code": kept}).status_code == 422
    assert client.post(CODE, {"code": f" {last_code()[:3]} {last_code()[3:]}"}).status_code == 302


def test_the_code_mail_expires_with_the_code(client, ada):
    enter(client, ada)
    (mail,) = mails("session.code")
    assert 590 < (mail.expires_at - mail.created_at).total_seconds() <= 600


def test_a_wrong_code_is_told_beside_the_field_and_the_fifth_ends_the_attempt(client, ada):
    enter(client, ada)
    wrong = "000000" if last_code() != "000000" else "111111"
    for _ in range(4):
        response = client.post(CODE, {"code": wrong})
        assert response.status_code == 422
        assert b"This code is not right" in response.content
    response = client.post(CODE, {"code": wrong})
    assert (response.status_code, response.url) == (302, SIGN_IN)
    assert "Sign in again to get a new one." in client.get(SIGN_IN).content.decode()
    assert client.get(CODE).url == SIGN_IN
    assert [event.detail["reason"] for event in events("session.refused")] == ["wrong code"] * 5


def test_a_code_holds_for_ten_minutes(client, ada, time_machine):
    enter(client, ada)
    code = last_code()
    time_machine.move_to(in_seconds(10 * 60 + 1))
    assert client.post(CODE, {"code": code}).url == SIGN_IN
    assert not is_signed_in(client)


def test_a_code_works_once(client, ada):
    enter(client, ada)
    code = last_code()
    client.post(CODE, {"code": code})
    other = Client()
    enter(other, ada)
    newer = last_code()
    response = other.post(CODE, {"code": code})
    assert response.status_code == (302 if code == newer else 422)


def test_a_code_works_once_for_two_browsers_with_one_session(client, ada):
    enter(client, ada)
    code, before = last_code(), session_of(client)
    assert client.post(CODE, {"code": code}).url == TRUST
    other = Client()
    enter(other, ada)
    change_session(other, account_login=before["account_login"])
    assert other.post(CODE, {"code": code}).status_code == 422
    assert not is_signed_in(other)


def test_a_new_code_replaces_the_old_one(client, ada):
    enter(client, ada)
    old = last_code()
    client.post(CODE, {"action": "resend"})
    new = last_code()
    assert len(mails("session.code")) == 2
    if old != new:
        assert client.post(CODE, {"code": old}).status_code == 422
    assert client.post(CODE, {"code": new}).url == TRUST


def test_no_page_of_the_portal_opens_between_the_steps(client, ada):
    enter(client, ada)
    for address in ("/", "/profile/", TRUST, "/account/password/", "/account/app/add/"):
        response = client.get(address)
        assert response.status_code == 302
        assert response["Location"].startswith(SIGN_IN)


def test_the_session_key_changes_at_sign_in_and_a_planted_one_is_not_taken(client, ada):
    client.cookies[settings.SESSION_COOKIE_NAME] = "plantedplantedplantedplanted1234"
    enter(client, ada)
    before = client.cookies[settings.SESSION_COOKIE_NAME].value
    assert before != "plantedplantedplantedplanted1234"
    client.post(CODE, {"code": last_code()})
    client.post(TRUST, {"action": ""})
    after = client.cookies[settings.SESSION_COOKIE_NAME].value
    assert after != before
    client.cookies[settings.SESSION_COOKIE_NAME] = before
    assert client.get("/profile/").status_code == 302


def test_signing_out_ends_the_session_for_good(client, ada):
    sign_in(client, ada)
    key = client.cookies[settings.SESSION_COOKIE_NAME].value
    assert client.get("/account/sign-out/").status_code == 200
    assert is_signed_in(client)
    response = client.post("/account/sign-out/")
    assert (response.status_code, response.url) == (302, SIGN_IN)
    client.cookies[settings.SESSION_COOKIE_NAME] = key
    assert client.get("/profile/").status_code == 302
    assert [event.actor_id for event in events("session.closed")] == [ada.pk]


def test_strangers_leave_no_session_behind(client):
    for address in (SIGN_IN, f"{SIGN_IN}?next=/profile/", RESET, "/account/reset/sent/", "/", CODE, TRUST):
        client.get(address)
    enter(client, "nobody@example.com")
    client.post(RESET, {"email": "nobody@example.com"})
    assert _sessions() == 0


def test_the_password_is_not_kept_between_the_steps(client, ada):
    enter(client, ada)
    assert PASSWORD not in repr(session_of(client))


def test_a_trusted_browser_needs_no_code_for_thirty_days(client, ada, time_machine):
    sign_in(client, ada, trust=True)
    client.post("/account/sign-out/")
    assert enter(client, ada).url == "/"
    client.post("/account/sign-out/")
    time_machine.move_to(in_seconds(30 * 24 * 3600 + 60))
    assert enter(client, ada).url == CODE


def test_trust_is_one_persons_only(client, ada, rita):
    sign_in(client, ada, trust=True)
    client.post("/account/sign-out/")
    assert enter(client, rita).url == CODE


def test_support_staff_are_asked_every_time_and_led_to_their_site(client, sam):
    enter(client, sam)
    response = client.post(CODE, {"code": last_code()})
    assert (response.status_code, response.url) == (302, "/support/")
    client.post("/account/sign-out/")
    assert enter(client, sam).url == CODE


def test_the_way_back_is_kept_unless_it_leads_out_or_to_the_others_site(client, ada):
    for wanted, got in (
        ("/profile/?tab=1", "/profile/?tab=1"),
        ("/support/", "/"),
        ("https://evil.example/", "/"),
        ("//evil.example/", "/"),
        ("/\\evil.example", "/"),
        ("http://localhost:9999/", "/"),
        ("javascript:alert(1)", "/"),
        ("/%0d%0aSet-Cookie:x=1", "/%0d%0aSet-Cookie:x=1"),
    ):
        client.post(SIGN_IN, {"login": ada.email, "password": PASSWORD, "next": wanted})
        response = client.post(CODE, {"code": last_code()})
        response = client.post(TRUST, {"action": ""})
        assert response.url == got
        client.post("/account/sign-out/")


@pytest.mark.parametrize("refuse", [_switch_off, lambda person: _close(person.msp)])
def test_people_who_were_switched_off_are_refused(client, rita, refuse):
    refuse(rita)
    response = enter(client, rita)
    assert (response.status_code, response.url) == (302, "/account/refused/")
    assert client.get(response.url).status_code == 200
    assert mails("session.code") == []
    assert [event.detail["reason"] for event in events("session.refused")] == ["switched off"]


@pytest.mark.parametrize("refuse", [_switch_off, lambda person: _close(person.msp)])
def test_a_session_ends_with_the_request_after_its_person_was_switched_off(client, rita, refuse):
    sign_in(client, rita)
    assert client.get("/profile/").status_code == 200
    refuse(rita)
    assert client.get("/profile/").status_code == 302


@pytest.mark.parametrize("refuse", [_switch_off, lambda person: _close(person.msp)])
def test_a_sign_in_that_was_begun_ends_when_its_person_is_switched_off(client, rita, refuse):
    enter(client, rita)
    refuse(rita)
    client.post(CODE, {"code": last_code()})
    client.post(TRUST, {"action": ""})
    assert not is_signed_in(client)
    assert events("session.opened") == []


def _answer(client, email: str, password: str):
    response = enter(client, email, password)
    body = response.content.decode().replace(email, "ADDRESS")
    return response.status_code, body.split("<main")[1].split("csrfmiddlewaretoken")[0], sorted(client.cookies)


def test_known_and_unknown_addresses_get_the_same_answer(ada):
    known = _answer(Client(), ada.email, "wrong")
    unknown = _answer(Client(), "ade@northwind.example", "wrong")
    assert known[0] == 422
    assert known == unknown


def test_an_invited_person_without_a_password_is_like_an_unknown_one(client, northwind):
    person = factories.make_person(northwind, email="new@northwind.example")
    with scope.entered("portal", msp=northwind.pk):
        person.set_unusable_password()
        person.save()
    assert enter(client, person, "").status_code == 422
    assert enter(client, person, "whatever").status_code == 422


def test_known_and_unknown_addresses_take_about_as_long(ada, settings):
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.PBKDF2PasswordHasher"]
    settings.ACCOUNT_RATE_LIMITS = False
    with scope.entered("portal", msp=ada.msp_id):
        ada.set_password(PASSWORD)
        ada.save()

    def seconds(email: str) -> float:
        start = time.perf_counter()
        enter(Client(), email, "wrong")
        return time.perf_counter() - start

    seconds(ada.email)
    rounds = [(seconds(ada.email), seconds("ade@northwind.example")) for _ in range(5)]
    known, unknown = (median(column) for column in zip(*rounds, strict=True))
    assert 0.6 < known / unknown < 1.6


def test_what_was_typed_is_neither_recorded_nor_logged(client, ada, capfd, caplog):
    enter(client, ada, "a-wrong-secret-7391")
    enter(client, "a-wrong-secret-7391@example.com", "x")
    sign_in(client, ada)
    code = last_code()
    recorded = [(event.changes, event.detail, event.actor_label, event.object_label) for event in events(*_all())]
    out, err = capfd.readouterr()
    for place in (repr(recorded), out, err, caplog.text):
        assert "a-wrong-secret-7391" not in place
        assert PASSWORD not in place
        assert code not in place


def _all() -> list[str]:
    return [f"session.{verb}" for verb in ("opened", "refused", "code_sent", "closed", "locked")]


def test_sign_up_does_not_exist(client):
    for address in ("/account/signup/", "/account/sign-up/", "/accounts/signup/"):
        assert client.get(address).status_code == 404


@pytest.mark.parametrize("address", [SIGN_IN, RESET, "/account/reset/sent/", "/account/refused/"])
def test_no_cache_keeps_a_page_of_sign_in(client, address):
    assert "no-store" in client.get(address)["Cache-Control"]


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"login": "", "password": ""},
        {"login": "x" * 9000, "password": "x"},
        {"login": "a\x00b@example.com", "password": "x"},
        {"login": ["a@example.com", "b@example.com"], "password": ["x", "y"]},
        {"login": "a@example.com", "password": "x\ud800".encode("utf-8", "surrogatepass")},
        {"login": "\uff41da@northwind.example", "password": "x"},
    ],
)
def test_hostile_input_is_refused_without_an_error(client, data):
    assert client.post(SIGN_IN, data).status_code in (400, 422)


def test_the_support_site_sends_strangers_to_sign_in_and_takes_support_staff_back(client, sam):
    response = client.get("/support/", follow=False)
    while response.status_code == 302 and not response["Location"].startswith(SIGN_IN):
        response = client.get(response["Location"])
    back = parse_qs(urlsplit(response["Location"]).query)["next"][0]
    client.post(SIGN_IN, {"login": sam.email, "password": PASSWORD, "next": back})
    response = client.post(CODE, {"code": last_code()})
    assert response.url.startswith("/support/")
    assert client.get(response.url).status_code == 200


def test_people_of_an_msp_have_no_way_into_the_support_site(client, ada):
    sign_in(client, ada)
    assert client.get("/support/").status_code in {302, 403, 404}
    assert client.get("/support/access/user/").status_code in {302, 403, 404}
