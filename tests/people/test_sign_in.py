"""Sign-in from the address to the session, as a browser without JavaScript does it."""

import re

import pytest
from django.test import Client

from msc.access import scope
from msc.access.models import User
from msc.events.models import Event
from msc.mail.models import OutboxBody, OutboxMessage
from tests.factories import PASSWORD

pytestmark = pytest.mark.django_db

SIGN_IN = "/account/sign-in/"
CODE = "/account/code/"


def mails(kind: str) -> list[OutboxMessage]:
    with scope.entered("worker"):
        return list(OutboxMessage.objects.filter(kind=kind).order_by("pk"))


def last_code() -> str:
    with scope.entered("worker"):
        text = OutboxBody.objects.order_by("-pk").first().text
    return re.search(r"^ {4}(\d{6})$", text, re.MULTILINE).group(1)


def events(action: str) -> list[Event]:
    with scope.entered("support"):
        return list(Event.objects.filter(action=action).order_by("pk"))


def enter(client: Client, person: User, password: str = PASSWORD):
    return client.post(SIGN_IN, {"login": person.email, "password": password})


def is_signed_in(client: Client) -> bool:
    with scope.entered("portal"):
        return "_auth_user_id" in client.session


def test_password_then_emailed_code_opens_a_session(client, ada):
    response = enter(client, ada)
    assert (response.status_code, response.url) == (302, CODE)
    assert not is_signed_in(client)
    assert [mail.to for mail in mails("session.code")] == [ada.email]
    response = client.post(CODE, {"code": last_code()})
    assert (response.status_code, response.url) == (302, "/account/trust/")
    response = client.post("/account/trust/", {"action": ""})
    assert (response.status_code, response.url) == (302, "/")
    assert is_signed_in(client)
    assert [event.detail["method"] for event in events("session.opened")] == ["password, code"]
