"""A person who is signed in already, for tests that are about something else."""

from django.conf import settings
from django.test import Client

from msc.access import scope
from msc.access.models import User


def client_of(person: User) -> Client:
    """Return a client without JavaScript in which the person is signed in."""
    client = Client()
    with scope.entered("portal", msp=person.msp_id, person=person.pk):
        client.force_login(person)
    return client


def cookie_of(person: User, url: str) -> dict[str, object]:
    """Return the session cookie for a browser: `context.add_cookies([cookie_of(ada, portal)])`."""
    name = settings.SESSION_COOKIE_NAME
    return {"name": name, "value": client_of(person).cookies[name].value, "url": url, "httpOnly": True}
