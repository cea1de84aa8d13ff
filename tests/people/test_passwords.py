"""Resetting a forgotten password and changing a known one."""

import time
from statistics import median

import pytest
from django.test import Client

from msc.access import scope
from msc.access.models import User
from msc.mail.models import OutboxMessage
from tests.factories import PASSWORD
from tests.people.signing_in import (
    CODE,
    RESET,
    SIGN_IN,
    app_code,
    enter,
    events,
    factors_of,
    give_app,
    in_seconds,
    last_link,
    mails,
    sign_in,
    texts,
)
from tests.sign_in import client_of

pytestmark = pytest.mark.django_db

NEW = "another-horse-another-battery"
#: Made of what anybody knows about Ada Arnold of Northwind.
KNOWN = ("adaarnold1234", "Arnold-Ada-2026!", "Northwind2026!", "managedservicescenter", "MSC-Northwind-1")


def _ask(person: User) -> str:
    Client().post(RESET, {"email": person.email})
    return last_link()


def _choose(client: Client, link: str, password: str = NEW):
    page = client.get(link)
    if page.status_code != 302:
        return page
    return client.post(page.url, {"password1": password, "password2": password})


def test_a_link_resets_the_password_once(client, ada):
    link = _ask(ada)
    response = _choose(client, link)
    assert response.url == "/account/reset/done/"
    assert enter(Client(), ada).status_code == 422
    assert enter(Client(), ada, NEW).url == CODE
    assert "no longer works" in _choose(Client(), link).content.decode()
    assert [event.actor_id for event in events("session.password_reset")] == [ada.pk]
    assert [event.object_id for event in events("session.password_reset_asked")] == [ada.pk]
    assert [mail.to for mail in mails("person.noticed")] == [ada.email]


def test_a_link_holds_for_an_hour(client, ada, time_machine):
    link = _ask(ada)
    time_machine.move_to(in_seconds(3601))
    assert "no longer works" in _choose(client, link).content.decode()


def test_the_link_leads_to_the_portal_whatever_host_was_asked(client, ada):
    client.post(RESET, {"email": ada.email}, HTTP_HOST="127.0.0.1", HTTP_X_FORWARDED_HOST="evil.example")
    assert "http://localhost:8000/account/reset/" in texts()[-1]
    assert "evil.example" not in texts()[-1]
    assert client.post(RESET, {"email": ada.email}, HTTP_HOST="evil.example").status_code == 400


def test_the_key_leaves_the_address_and_no_referer(client, ada):
    link = _ask(ada)
    response = client.get(link)
    assert response.status_code == 302
    assert link.rstrip("/").rsplit("-", 1)[1] not in response.url
    assert response["Referrer-Policy"] == "strict-origin"
    assert client.get(response.url)["Referrer-Policy"] == "strict-origin"


@pytest.mark.parametrize("key", ["1-x", "0-abc-def", "zzzzzzzzzzzzz-abc-def", "1-set-password", "3w5e11264sgsf-a-b"])
def test_a_made_up_link_is_refused(client, ada, key):
    response = client.get(f"/account/reset/{key}/")
    assert (response.status_code, "no longer works" in response.content.decode()) == (200, True)


def test_every_letter_of_the_link_counts(client, ada):
    link = _ask(ada)
    for position in range(len("/account/reset/"), len(link) - 1):
        changed = "b" if link[position] == "a" else "a"
        if link[position] == "-":
            continue
        response = client.get(link[:position] + changed + link[position + 1 :])
        assert "no longer works" in response.content.decode()


def test_an_unknown_address_gets_the_same_answer_and_no_mail(client, ada):
    known = Client().post(RESET, {"email": ada.email})
    unknown = client.post(RESET, {"email": "nobody@example.com"})
    assert (known.status_code, known.url) == (unknown.status_code, unknown.url)
    assert len(mails("password.reset")) == 1


def test_people_without_access_or_password_get_no_link(client, ada, rita):
    with scope.entered("portal", msp=ada.msp_id):
        User.objects.filter(pk=rita.pk).update(is_active=False)
        ada.set_unusable_password()
        ada.save()
    for person in (ada, rita):
        client.post(RESET, {"email": person.email})
    assert mails("password.reset") == []


def test_known_and_unknown_addresses_take_about_as_long(ada, settings):
    settings.ACCOUNT_RATE_LIMITS = False

    def seconds(email: str) -> float:
        start = time.perf_counter()
        Client().post(RESET, {"email": email})
        return time.perf_counter() - start

    seconds(ada.email)
    rounds = [(seconds(ada.email), seconds("nobody@example.com")) for _ in range(15)]
    known, unknown = (median(column) for column in zip(*rounds, strict=True))
    assert 0.7 < known / unknown < 1.5


def test_a_reset_ends_all_sessions_and_all_trust(client, ada):
    sign_in(client, ada, trust=True)
    _choose(Client(), _ask(ada))
    assert client.get("/profile/").status_code == 302
    assert enter(client, ada, NEW).url == CODE


def test_a_reset_does_not_take_away_the_second_factor(client, ada):
    seed = give_app(ada)
    _choose(Client(), _ask(ada))
    assert factors_of(ada) == ["totp"]
    assert enter(client, ada, NEW).url == "/account/second-factor/"
    assert client.post("/account/second-factor/", {"code": app_code(seed)}).status_code == 302


@pytest.mark.parametrize(
    ("password", "again", "sentence"),
    [
        ("short", "short", "at least 12"),
        ("password1234", "password1234", "too common"),
        ("ada@northwind.example", "ada@northwind.example", "too similar"),
        *((password, password, "too similar to your name") for password in KNOWN),
        (NEW, NEW + "x", "same password"),
    ],
)
def test_a_weak_password_is_refused_beside_its_field(client, ada, password, again, sentence):
    page = client.get(_ask(ada))
    response = client.post(page.url, {"password1": password, "password2": again})
    assert response.status_code == 422
    assert sentence in response.content.decode()


@pytest.mark.parametrize("password", ["Arnold rides 3 green bicycles", "northwind-7Kq2x9vLw"])
def test_a_name_in_a_long_password_does_no_harm(client, ada, password):
    page = client.get(_ask(ada))
    assert client.post(page.url, {"password1": password, "password2": password}).status_code == 302


def test_a_password_is_taken_as_it_was_typed(client, ada):
    spaced = "  pass wörter 漢字 with space  "
    _choose(client, _ask(ada), spaced)
    assert enter(Client(), ada, spaced.strip()).status_code == 422
    assert enter(Client(), ada, spaced).url == CODE


def test_changing_the_password_ends_the_other_sessions_only(client, ada):
    elsewhere = Client()
    sign_in(client, ada)
    sign_in(elsewhere, ada)
    response = client.post("/account/password/", {"oldpassword": PASSWORD, "password1": NEW, "password2": NEW})
    assert response.url == "/profile/"
    assert client.get("/profile/").status_code == 200
    assert elsewhere.get("/profile/").status_code == 302
    assert [event.actor_id for event in events("session.password_changed")] == [ada.pk]
    assert len(mails("person.noticed")) == 1


def test_the_old_password_is_needed_to_change_it(client, ada):
    sign_in(client, ada)
    response = client.post("/account/password/", {"oldpassword": "wrong", "password1": NEW, "password2": NEW})
    assert response.status_code == 422
    assert "not your current password" in response.content.decode()
    assert events("session.password_changed") == []


def test_a_stranger_is_led_to_sign_in(client):
    assert client.get("/account/password/").url.startswith(SIGN_IN)


def test_a_signed_in_person_may_ask_for_the_link_of_somebody_at_another_msp(ada, eve):
    answer = client_of(eve).post(RESET, {"email": ada.email})
    assert answer.status_code == 302
    with scope.entered("worker"):
        assert OutboxMessage.objects.get(kind="password.reset").to == ada.email
