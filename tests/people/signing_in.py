"""What the tests of sign-in do again and again."""

import re
from datetime import datetime, timedelta

from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, generate_totp_secret, hotp_value
from django.test import Client
from django.utils import timezone

from msc.access import scope
from msc.access.models import User
from msc.events.models import Event
from msc.mail.models import OutboxBody, OutboxMessage
from tests.factories import PASSWORD

SIGN_IN = "/account/sign-in/"
CODE = "/account/code/"
FACTOR = "/account/second-factor/"
TRUST = "/account/trust/"
RESET = "/account/reset/"
AGAIN = "/account/again/"


def mails(kind: str) -> list[OutboxMessage]:
    with scope.entered("worker"):
        return list(OutboxMessage.objects.filter(kind=kind).order_by("pk"))


def texts() -> list[str]:
    with scope.entered("worker"):
        return [body.text for body in OutboxBody.objects.order_by("pk")]


def last_code() -> str:
    return re.search(r"^ {4}(\d{6})$", texts()[-1], re.MULTILINE).group(1)


def last_link() -> str:
    return re.search(r"http://localhost:8000(/account/reset/\S+)", texts()[-1]).group(1)


def events(*actions: str) -> list[Event]:
    with scope.entered("support"):
        return list(Event.objects.filter(action__in=actions).order_by("pk"))


def enter(client: Client, person: User | str, password: str = PASSWORD, **headers: str):
    email = person if isinstance(person, str) else person.email
    return client.post(SIGN_IN, {"login": email, "password": password}, **headers)


def sign_in(client: Client, person: User, *, trust: bool = False) -> None:
    """Sign in by password and code, as people do who have set up nothing."""
    enter(client, person)
    response = client.post(CODE, {"code": last_code()})
    if response.url == TRUST:
        client.post(TRUST, {"action": "trust" if trust else ""})
    assert is_signed_in(client)


def is_signed_in(client: Client) -> bool:
    with scope.entered("portal"):
        return "_auth_user_id" in client.session


def session_of(client: Client) -> dict[str, object]:
    with scope.entered("portal"):
        return dict(client.session)


def change_session(client: Client, **values: object) -> None:
    with scope.entered("portal"):
        session = client.session
        session.update(values)
        session.save()


def confirm_again(client: Client) -> None:
    """Enter the password again, as the pages that change sign-in ask for."""
    response = client.post(AGAIN, {"password": PASSWORD, "next": "/profile/"})
    assert response.status_code == 302


def give_app(person: User) -> str:
    """Give the person an authenticator app and return its seed."""
    seed = generate_totp_secret()
    with scope.entered("portal", msp=person.msp_id, person=person.pk):
        TOTP.activate(person, seed)
    return seed


def give_recovery_codes(person: User) -> list[str]:
    with scope.entered("portal", msp=person.msp_id, person=person.pk):
        return RecoveryCodes.activate(person).get_unused_codes()


def factors_of(person: User) -> list[str]:
    with scope.entered("portal", msp=person.msp_id, person=person.pk):
        return list(Authenticator.objects.filter(user=person).order_by("type").values_list("type", flat=True))


def app_code(seed: str, *, steps: int = 0) -> str:
    """Return what the app shows now, or `steps` half minutes from now."""
    counter = int(timezone.now().timestamp()) // 30 + steps
    return format_hotp_value(hotp_value(seed, counter))


def in_seconds(seconds: float) -> datetime:
    return timezone.now() + timedelta(seconds=seconds)
