"""Guessing is stopped per account and network; the owner is never locked out from elsewhere."""

import time

import pytest
from django.core.cache import cache
from django.test import Client

from msc.people.signin import adapter, limits
from tests.people.signing_in import CODE, RESET, enter, events, in_seconds, last_code, mails, sign_in

pytestmark = pytest.mark.django_db

HERE = {"REMOTE_ADDR": "198.51.100.7"}
THERE = {"REMOTE_ADDR": "203.0.113.9"}


def test_the_sixth_failure_of_an_account_in_a_network_is_refused_unseen(ada):
    for _ in range(5):
        assert enter(Client(), ada, "wrong", **HERE).status_code == 422
    response = enter(Client(), ada, **HERE)
    assert response.status_code == 429
    assert response["Retry-After"] == "900"
    assert ada.email.encode() in response.content
    assert mails("session.code") == []


def test_the_owner_gets_in_from_another_network_meanwhile(ada):
    for _ in range(6):
        enter(Client(), ada, "wrong", **HERE)
    assert enter(Client(), ada, **THERE).url == CODE


def test_case_and_space_do_not_make_another_account(ada):
    for variant in (ada.email, ada.email.upper(), f" {ada.email}", ada.email.title(), f"{ada.email} "):
        assert enter(Client(), variant, "wrong", **HERE).status_code == 422
    assert enter(Client(), ada, **HERE).status_code == 429


def test_an_unknown_account_is_refused_alike(db):
    for _ in range(5):
        enter(Client(), "nobody@example.com", "wrong", **HERE)
    assert enter(Client(), "nobody@example.com", "wrong", **HERE).status_code == 429


def test_one_password_for_many_accounts_is_stopped_by_the_network(db):
    answers = [enter(Client(), f"person{n}@example.com", "wrong", **HERE).status_code for n in range(22)]
    assert answers[:20] == [422] * 20
    assert answers[20:] == [429, 429]
    assert enter(Client(), "person1@example.com", "wrong", **THERE).status_code == 422


def test_success_does_not_wash_failures_away(ada):
    for _ in range(4):
        enter(Client(), ada, "wrong", **HERE)
    assert enter(Client(), ada, **HERE).url == CODE
    assert enter(Client(), ada, "wrong", **HERE).status_code == 422
    assert enter(Client(), ada, "wrong", **HERE).status_code == 429


def test_a_forged_header_does_not_make_another_network(ada):
    for n in range(5):
        enter(Client(), ada, "wrong", HTTP_X_FORWARDED_FOR=f"192.0.2.{n}", **HERE)
    assert enter(Client(), ada, "wrong", HTTP_X_FORWARDED_FOR="192.0.2.99", **HERE).status_code == 429


def test_addresses_of_one_ipv6_network_count_together(ada):
    for n in range(5):
        enter(Client(), ada, "wrong", REMOTE_ADDR=f"2001:db8:1:2::{n + 1}")
    assert enter(Client(), ada, "wrong", REMOTE_ADDR="2001:db8:1:2:ffff::9").status_code == 429
    assert enter(Client(), ada, "wrong", REMOTE_ADDR="2001:db8:1:3::1").status_code == 422


def test_a_quarter_of_an_hour_later_it_may_be_tried_again(ada, time_machine):
    for _ in range(6):
        enter(Client(), ada, "wrong", **HERE)
    time_machine.move_to(in_seconds(15 * 60 + 1))
    assert enter(Client(), ada, **HERE).url == CODE


def test_an_unlocked_account_may_be_tried_at_once(ada):
    for _ in range(6):
        enter(Client(), ada, "wrong", **HERE)
    limits.unlock(ada.email)
    assert enter(Client(), ada, **HERE).url == CODE


def test_a_lock_is_recorded_once(ada):
    for _ in range(8):
        enter(Client(), ada, "wrong", **HERE)
    reasons = [event.detail["reason"] for event in events("session.refused")]
    assert reasons == ["wrong address or password"] * 5 + ["too many attempts"]
    assert {event.msp_id for event in events("session.refused")} == {ada.msp_id}


def test_an_account_under_attack_from_everywhere_answers_failures_slowly(ada, monkeypatch):
    waits: list[float] = []
    monkeypatch.setattr(time, "sleep", waits.append)
    for n in range(12):
        assert enter(Client(), ada, "wrong", REMOTE_ADDR=f"203.0.113.{n}").status_code == 422
    assert waits.count(adapter.SLOW_SECONDS) == 2
    assert enter(Client(), ada, **THERE).url == CODE
    assert waits.count(adapter.SLOW_SECONDS) == 2


def test_a_trusted_browser_is_not_slowed(client, ada, monkeypatch):
    sign_in(client, ada, trust=True)
    client.post("/account/sign-out/")
    waits: list[float] = []
    monkeypatch.setattr(time, "sleep", waits.append)
    for n in range(11):
        enter(Client(), ada, "wrong", REMOTE_ADDR=f"203.0.113.{n}")
    enter(client, ada, "wrong", **HERE)
    assert waits.count(adapter.SLOW_SECONDS) == 1


def test_twenty_wrong_codes_end_the_guessing_in_a_network(ada):
    for _ in range(4):
        browser = Client()
        enter(browser, ada, **HERE)
        wrong = "000000" if last_code() != "000000" else "111111"
        for _ in range(5):
            browser.post(CODE, {"code": wrong}, **HERE)
    browser = Client()
    enter(browser, ada, **HERE)
    response = browser.post(CODE, {"code": last_code()}, **HERE)
    assert response.status_code == 429
    assert "Too many codes were wrong. Wait at least 15 minutes" in response.content.decode()


def test_ten_codes_an_hour_are_mailed_to_a_person(ada):
    answers = [enter(Client(), ada).status_code for _ in range(11)]
    assert answers == [302] * 10 + [429]
    assert len(mails("session.code")) == 10


def test_three_reset_links_an_hour_are_mailed_to_an_address(ada):
    answers = [Client().post(RESET, {"email": ada.email}).status_code for _ in range(4)]
    assert answers == [302, 302, 302, 429]
    assert len(mails("password.reset")) == 3


def test_behind_a_proxy_the_last_forwarded_address_is_the_network(ada, settings):
    settings.MSC_BEHIND_PROXY = True
    for n in range(5):
        enter(Client(), ada, "wrong", HTTP_X_FORWARDED_FOR=f"192.0.2.{n}, 198.51.100.7")
    assert enter(Client(), ada, "wrong", HTTP_X_FORWARDED_FOR="192.0.2.9, 198.51.100.7").status_code == 429
    assert enter(Client(), ada, "wrong", HTTP_X_FORWARDED_FOR="198.51.100.8").status_code == 422
    assert enter(Client(), ada, "wrong", HTTP_X_FORWARDED_FOR="rubbish").status_code == 422


def test_counters_outlive_hundreds_of_others(ada):
    for _ in range(5):
        enter(Client(), ada, "wrong", **HERE)
    for n in range(400):
        cache.set(f"another-{n}", n, 3600)
    assert enter(Client(), ada, "wrong", **HERE).status_code == 429


def test_a_form_from_another_site_is_refused(ada):
    browser = Client(enforce_csrf_checks=True)
    browser.get("/account/sign-in/")
    assert enter(browser, ada).status_code == 403
