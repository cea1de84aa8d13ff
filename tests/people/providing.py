"""An MSP's identity provider for tests: the process, its setting and what it says next."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from msc.access import scope
from msc.access.models import Msp
from msc.people.models import SingleSignOn
from msc.people.sso.providers import seal_secret
from tests.people.identity_provider import CLIENT, SECRET


@pytest.fixture(scope="module")
def issuer() -> Iterator[str]:
    program = Path(__file__).with_name("identity_provider.py")
    with subprocess.Popen([sys.executable, program], stdout=subprocess.PIPE, text=True) as process:
        yield f"http://127.0.0.1:{process.stdout.readline().strip()}"
        process.terminate()


def set_up(msp: Msp, issuer: str, **more: object) -> SingleSignOn:
    facts = {"label": "Northwind ID", "issuer": issuer, "client_id": CLIENT, "is_on": True}
    with scope.entered("portal", msp=msp.pk):
        return SingleSignOn.objects.create(msp=msp, **{**facts, "sealed_secret": seal_secret(SECRET), **more})


def says(at: str, /, **what: object) -> None:
    requests.put(f"{at}/next", json=what, timeout=5)


def claims(email: str, subject: str = "subject-1", **more: object) -> dict[str, object]:
    return {"sub": subject, "email": email, "email_verified": True, **more}
