"""Support staff in a browser: signed in with password and code."""

import time

from allauth.account.internal.flows.login import record_authentication
from django.test import Client, RequestFactory

from msc.access import scope
from msc.access.models import User
from tests.sign_in import client_of

PROOFS = ("password", "code")


def support_client(person: User, proofs: tuple[str, ...] = PROOFS) -> Client:
    """Return a client whose session was opened by the proofs."""
    client = client_of(person)
    with scope.entered("portal", person=person.pk):
        session = client.session
        request = RequestFactory().get("/")
        request.session = session
        for proof in proofs:
            record_authentication(request, person, method=proof, at=time.time())
        session.save()
    return client
