"""Authenticator apps, recovery codes and passkeys, as far as they need no browser."""

from datetime import UTC, datetime

import pytest
from allauth.mfa.models import Authenticator
from django.test import Client

from msc.access import scope
from msc.people.signin.factors import unsealed
from tests.people.signing_in import (
    AGAIN,
    FACTOR,
    SIGN_IN,
    TRUST,
    app_code,
    confirm_again,
    enter,
    events,
    factors_of,
    give_app,
    give_recovery_codes,
    in_seconds,
    is_signed_in,
    mails,
    session_of,
    sign_in,
)

NOON = datetime(2030, 6, 3, 12, tzinfo=UTC)

pytestmark = pytest.mark.django_db


def test_the_app_takes_the_place_of_the_mailed_code(client, ada):
    seed = give_app(ada)
    assert enter(client, ada).url == FACTOR
    assert mails("session.code") == []
    assert client.post(FACTOR, {"code": app_code(seed)}).url == TRUST
    client.post(TRUST, {"action": ""})
    assert is_signed_in(client)
    assert [event.detail for event in events("session.opened")] == [{"method": "password, authenticator app"}]


def test_a_code_of_the_app_is_taken_once(client, ada):
    code = app_code(give_app(ada))
    enter(client, ada)
    client.post(FACTOR, {"code": code})
    client.post(TRUST, {"action": ""})
    client.post("/account/sign-out/")
    enter(client, ada)
    assert client.post(FACTOR, {"code": code}).status_code == 422


@pytest.mark.parametrize(("steps", "status"), [(-3, 422), (-1, 302), (0, 302), (1, 302), (3, 422)])
def test_the_clock_of_the_phone_may_be_half_a_minute_off(client, ada, steps, status):
    seed = give_app(ada)
    enter(client, ada)
    assert client.post(FACTOR, {"code": app_code(seed, steps=steps)}).status_code == status


@pytest.mark.parametrize("seconds", [0, 34, 59])
def test_a_code_of_the_next_half_minute_is_taken_once_too(client, ada, time_machine, seconds):
    time_machine.move_to(NOON, tick=False)
    code = app_code(give_app(ada), steps=1)
    enter(client, ada)
    assert client.post(FACTOR, {"code": code}).url == TRUST
    time_machine.shift(seconds)
    other = Client()
    enter(other, ada)
    assert other.post(FACTOR, {"code": f"{code[:3]} {code[3:]}"}).status_code == 422
    assert not is_signed_in(other)


def test_the_code_that_added_the_app_does_not_sign_in(client, ada, time_machine):
    time_machine.move_to(NOON, tick=False)
    sign_in(client, ada)
    confirm_again(client)
    client.get("/account/app/add/")
    code = app_code(session_of(client)["mfa.totp.secret"])
    assert client.post("/account/app/add/", {"code": code}).status_code == 302
    other = Client()
    enter(other, ada)
    assert other.post(FACTOR, {"code": code}).status_code == 422


def test_a_used_code_does_not_start_the_count_of_wrong_ones_again(client, ada):
    code = app_code(give_app(ada))
    enter(client, ada)
    client.post(FACTOR, {"code": code})
    other = Client()
    enter(other, ada)
    wrong = "000000" if code != "000000" else "111111"
    answers = [other.post(FACTOR, {"code": each}).status_code for each in (wrong, code, wrong, code, wrong, code)]
    assert answers == [422] * 5 + [429]


def test_five_wrong_codes_in_a_quarter_of_an_hour_are_enough(client, ada, time_machine):
    seed = give_app(ada)
    enter(client, ada)
    for _ in range(5):
        assert client.post(FACTOR, {"code": "000000"}).status_code == 422
    response = client.post(FACTOR, {"code": app_code(seed)})
    assert (response.status_code, response["Retry-After"]) == (429, "900")
    assert "Too many codes were wrong. Wait at least 15 minutes" in response.content.decode()
    assert "password" not in response.content.decode().partition("Too many codes")[2].partition("</div>")[0]
    assert [event.detail["reason"] for event in events("session.refused")] == ["wrong second factor"] * 5
    time_machine.move_to(in_seconds(901))
    enter(client, ada)
    assert client.post(FACTOR, {"code": app_code(seed)}).status_code == 302


def test_the_seed_is_stored_encrypted(ada):
    seed = give_app(ada)
    with scope.entered("portal", msp=ada.msp_id):
        assert seed not in repr(Authenticator.objects.get().data)


def test_each_recovery_code_signs_in_once(client, ada):
    give_app(ada)
    first, second = give_recovery_codes(ada)[:2]
    for code, status in ((first, 302), (first, 422), (second, 302)):
        enter(client, ada)
        assert client.post(FACTOR, {"code": code}).status_code == status
        client.post(TRUST, {"action": ""})
        client.post("/account/sign-out/")
    methods = [event.detail["method"] for event in events("session.opened")]
    assert methods == ["password, recovery code"] * 2


def test_the_pages_that_change_sign_in_ask_for_the_password_first(client, ada):
    give_app(ada)
    sign_in_by_app(client, ada)
    for address in ("/account/app/remove/", "/account/passkeys/add/", "/account/recovery-codes/new/"):
        response = client.get(address)
        assert response.status_code == 302
        assert response.url.startswith(AGAIN)


def sign_in_by_app(client, person) -> None:
    with scope.entered("portal", msp=person.msp_id):
        secret = Authenticator.objects.get(user=person, type="totp").wrap()
    enter(client, person)
    seed = _seed_of(secret)
    client.post(FACTOR, {"code": app_code(seed)})
    client.post(TRUST, {"action": ""})
    assert is_signed_in(client)


def _seed_of(secret) -> str:
    return unsealed(secret.instance.data["secret"])


def test_a_wrong_password_does_not_open_them(client, ada):
    sign_in(client, ada)
    response = client.post(AGAIN, {"password": "wrong", "next": "/account/app/add/"})
    assert response.status_code == 422
    assert client.get("/account/app/add/").url.startswith(AGAIN)


def test_adding_an_app_shows_recovery_codes_once(client, ada):
    sign_in(client, ada)
    confirm_again(client)
    page = client.get("/account/app/add/").content.decode()
    seed = session_of(client)["mfa.totp.secret"]
    assert seed in page
    assert client.post("/account/app/add/", {"code": "000000"}).status_code == 422
    response = client.post("/account/app/add/", {"code": app_code(seed)})
    assert (response.status_code, response.url) == (302, "/account/recovery-codes/")
    assert factors_of(ada) == ["recovery_codes", "totp"]
    codes = client.get("/account/recovery-codes/").content.decode()
    assert codes.count("<li>") == 10
    assert "cannot be shown again" in client.get("/account/recovery-codes/").content.decode()
    assert [event.detail for event in events("session.factor_added")] == [{"factor": "authenticator app"}]
    assert len(mails("person.noticed")) == 1
    page = client.get("/profile/").content.decode()
    assert "Remove the app" in page
    assert "10 left" in page


def test_removing_the_last_factor_brings_the_mailed_code_back(client, ada):
    give_app(ada)
    give_recovery_codes(ada)
    sign_in_by_app(client, ada)
    confirm_again(client)
    assert client.post("/account/app/remove/").url == "/profile/"
    assert factors_of(ada) == []
    assert [event.detail for event in events("session.factor_removed")] == [{"factor": "authenticator app"}]
    client.post("/account/sign-out/")
    assert enter(client, ada).url == "/account/code/"


def test_new_recovery_codes_replace_the_old_ones(client, ada):
    give_app(ada)
    old = give_recovery_codes(ada)[0]
    sign_in_by_app(client, ada)
    confirm_again(client)
    assert client.post("/account/recovery-codes/new/").url == "/account/recovery-codes/"
    assert [event.detail for event in events("session.factor_added")] == [{"factor": "recovery codes"}]
    client.post("/account/sign-out/")
    enter(client, ada)
    assert client.post(FACTOR, {"code": old}).status_code == 422


def test_a_new_factor_ends_the_trust_in_browsers(client, ada):
    sign_in(client, ada, trust=True)
    client.post("/account/sign-out/")
    give_app(ada)
    assert enter(client, ada).url == FACTOR


def test_support_staff_use_their_factor_every_time(client, sam):
    give_app(sam)
    enter(client, sam)
    response = client.post(FACTOR, {"code": app_code(_seed_of(_app_of(sam)))})
    assert response.url == "/support/"


def _app_of(person):
    with scope.entered("portal", person=person.pk):
        return Authenticator.objects.get(user=person, type="totp").wrap()


def test_the_passkeys_of_others_do_not_exist(client, ada, rita):
    with scope.entered("portal", msp=ada.msp_id):
        theirs = Authenticator.objects.create(user=rita, type="webauthn", data={"name": "Key", "credential": {}})
    sign_in(client, ada)
    confirm_again(client)
    for address in (f"/account/passkeys/{theirs.pk}/", f"/account/passkeys/{theirs.pk}/remove/"):
        assert client.get(address).status_code == 404
        assert client.post(address, {"name": "mine"}).status_code == 404


@pytest.mark.parametrize(
    "credential",
    [
        "",
        "rubbish",
        "{}",
        "[]",
        "null",
        "1",
        '"text"',
        '{"id": "x", "rawId": "x", "type": "public-key", "response": {}}',
        '{"response": {"userHandle": "enp6enp6enp6enp6eg"}}',
        '{"id":"AA","rawId":"AA","type":"public-key","response":{"clientDataJSON":"e30","authenticatorData":"AA","signature":"AA","userHandle":"enp6enp6enp6enp6eg"}}',
    ],
)
def test_a_made_up_passkey_signs_nobody_in(client, ada, credential):
    response = client.post("/account/sign-in/passkey/", {"credential": credential})
    assert (response.status_code, response.url) == (302, SIGN_IN)
    assert not is_signed_in(client)


def test_the_challenge_of_a_passkey_is_given_to_scripts_only(client):
    assert client.get("/account/sign-in/passkey/").url == SIGN_IN
    answer = client.get("/account/sign-in/passkey/", headers={"Accept": "application/json"}).json()
    assert answer["request_options"]["publicKey"]["rpId"] == "localhost"
    assert answer["request_options"]["publicKey"]["userVerification"] == "required"
