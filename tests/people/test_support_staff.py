"""Support staff are added and switched off from the command line."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from msc.access import scope
from msc.access.models import User
from msc.mail.models import OutboxBody
from tests.support.browser import support_client

pytestmark = pytest.mark.django_db
ADDRESS = "sue@vendor.example"
PASSWORD = "a-very-good-password-17"


def _run(*arguments: str) -> str:
    out = StringIO()
    call_command("support_person", *arguments, stdout=out)
    return out.getvalue()


def test_somebody_is_added_and_chooses_a_password(client):
    assert "has been sent a link" in _run(ADDRESS, "--first-name", "Sue")
    with scope.entered("worker"):
        text = OutboxBody.objects.get(message__to=ADDRESS).text
    path = "/account/reset/" + text.split("/account/reset/")[1].split()[0]
    page = client.get(path, follow=True)
    assert page.status_code == 200
    form = {"password1": PASSWORD, "password2": PASSWORD}
    assert client.post(page.redirect_chain[-1][0], form).status_code == 302
    answer = client.post("/account/sign-in/", {"login": ADDRESS, "password": PASSWORD})
    assert answer["Location"].startswith("/account/code/")


@pytest.mark.parametrize("address", ["no address", "ada@northwind.example"])
def test_a_bad_or_taken_address_is_refused(ada, address):
    with pytest.raises(CommandError):
        _run(address)


def test_somebody_is_switched_off_at_once(sam):
    browser = support_client(sam)
    assert browser.get("/support/").status_code == 200
    _run(sam.email, "--switch-off")
    assert browser.get("/support/").status_code == 302
    with scope.entered("support"):
        assert not User.objects.get(pk=sam.pk).is_active
    with pytest.raises(CommandError):
        _run("ada@northwind.example", "--switch-off")
