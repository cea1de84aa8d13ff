"""The page that an invitation leads to."""

import re

import pytest

from msc.access import scope
from msc.mail.models import OutboxBody
from msc.people import services

pytestmark = pytest.mark.django_db
PASSWORD = "a-very-good-password-17"


@pytest.fixture
def link(northwind, ada) -> str:
    with scope.entered("portal", msp=northwind.pk):
        services.invite_administrator(
            by=ada, msp=northwind, email="bob@new.example", first_name="Bob", last_name="New", role="read_only"
        )
    with scope.entered("worker"):
        text = OutboxBody.objects.get(message__to="bob@new.example").text
    found = re.search(r"http://localhost:8000(/invitation/\S+)", text)
    assert found
    return found[1]


def _post(client, link: str, password: str = PASSWORD):
    token = link.split("token=")[1]
    return client.post("/invitation/", {"token": token, "new_password1": password, "new_password2": password})


def test_opening_the_link_does_not_use_it_up(client, link):
    for _ in range(3):
        page = client.get(link)
        assert page.status_code == 200
        assert page["Referrer-Policy"] == "strict-origin"
        assert "no-cache" in page["Cache-Control"]
    assert _post(client, link).status_code == 302


def test_the_person_signs_in_afterwards(client, link):
    answer = _post(client, link)
    assert answer["Location"] == "/account/sign-in/"
    answer = client.post("/account/sign-in/", {"login": "bob@new.example", "password": PASSWORD})
    assert answer["Location"].startswith("/account/code/")


def test_a_used_link_is_gone(client, link):
    _post(client, link)
    assert client.get(link).status_code == 410
    assert _post(client, link).status_code == 410


@pytest.mark.parametrize("password", ["short", "password1234", "bobnewbobnew"])
def test_a_weak_password_is_refused_and_the_link_stays_open(client, link, password):
    answer = _post(client, link, password)
    if password != "bobnewbobnew":
        assert answer.status_code == 422
        assert set(answer.context["form"].errors) == {"new_password1"}
        assert _post(client, link).status_code == 302


@pytest.mark.parametrize("token", ["", "x", "0" * 64, "é" * 64, "'; DROP TABLE x", "9" * 7000])
def test_junk_in_place_of_a_token(client, token):
    assert client.get("/invitation/", {"token": token}).status_code in (400, 410)
    assert client.post("/invitation/", {"token": token}).status_code == 410
