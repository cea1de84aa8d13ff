"""What a person sees when a request fails: the cause, the bar of every page, and a way on."""

import pytest
from django.test import Client
from django.test.utils import override_settings
from django.utils.functional import SimpleLazyObject

from msc.access import answers, scope
from msc.access.models import User
from msc.events.models import Event
from tests.cast import signed_in
from tests.queries import counted

pytestmark = pytest.mark.django_db

FRAGMENT = {"HX-Request": "true"}
CAME_FROM = {"Host": "testserver", "Referer": "http://testserver/x/"}


def strict_client(person) -> Client:
    """Return a signed-in client whose forms need a CSRF token."""
    client = signed_in(person)
    client.handler.enforce_csrf_checks = True
    return client


def test_an_error_page_keeps_the_bar_and_leads_back(ada):
    client = signed_in(ada)
    with counted() as statements:
        page = client.get("/nowhere/", headers={"Host": "testserver", "Referer": "http://testserver/alerts/"})
    text = page.content.decode()
    assert page.status_code == 404
    assert 'href="#main"' in text
    assert 'aria-label="Main"' in text
    assert "Ada Arnold" in text
    assert '<a class="btn btn-primary" href="http://testserver/alerts/">Back</a>' in text
    # Nothing is asked for the page that the session and the person did not need anyway.
    assert {
        statement.split('FROM "')[1].split('"')[0] for statement in statements if statement.startswith("SELECT")
    } <= {
        "django_session",
        "access_user",
    }


@pytest.mark.parametrize("referer", ["https://evil.example/", "//evil.example/", "javascript:alert(1)", "http://["])
def test_the_way_back_leads_to_the_portal_only(client, referer):
    text = client.get("/nowhere/", headers={"Host": "testserver", "Referer": referer}).content.decode()
    assert ">Back<" not in text
    assert "evil" not in text


def test_a_stranger_gets_a_bar_without_a_menu(client):
    text = client.get("/nowhere/").content.decode()
    assert 'href="#main"' in text
    assert 'aria-label="Main"' not in text
    assert '<a class="btn" href="/">Home</a>' in text


def test_the_page_of_an_unreachable_database_asks_the_database_nothing(rf, django_assert_num_queries):
    request = rf.get("/customers/")
    request.user = SimpleLazyObject(lambda: User.objects.get(pk=1))
    with django_assert_num_queries(0):
        page = answers.refusal(request, 503)
    assert page["Retry-After"]
    assert "Reload" in page.content.decode()


def test_a_role_that_is_refused_is_told_whom_to_ask(rita):
    text = signed_in(rita).get("/settings/").content.decode()
    assert "Ask an MSP administrator for access" in text


@pytest.mark.parametrize(
    ("token", "words"), [("", "signed in again or signed out"), ("x" * 64, "signed in again or signed out")]
)
def test_an_old_token_is_named_as_the_cause_and_is_no_refusal(ada, token, words):
    client = strict_client(ada)
    client.get("/customers/create/")
    page = client.post("/customers/create/", {"csrfmiddlewaretoken": token}, headers=CAME_FROM)
    assert page.status_code == 403
    assert words in page.content.decode()
    assert 'href="http://testserver/x/">Open the form again' in page.content.decode()
    with scope.entered("portal", msp=ada.msp_id):
        assert not Event.objects.filter(action="access.refused").exists()


def test_a_missing_cookie_is_named_as_the_cause(ada):
    page = strict_client(ada).post("/customers/create/", {})
    assert "Allow cookies for this site" in page.content.decode()


def test_a_form_from_elsewhere_gets_no_token(ada):
    client = strict_client(ada)
    client.get("/customers/create/")
    page = client.post("/customers/create/", {}, headers={"Origin": "https://evil.example", **FRAGMENT})
    assert page.status_code == 403
    assert "portal&#x27;s own address" in page.content.decode() or "portal's own address" in page.content.decode()
    assert "X-CSRF-Token" not in page


def test_a_script_gets_the_token_and_the_person_of_today(ada):
    client = strict_client(ada)
    client.get("/customers/create/")
    page = client.post("/customers/create/", {}, headers=FRAGMENT)
    assert page["X-Person"] == str(ada.pk)
    again = client.post("/customers/create/", {"csrfmiddlewaretoken": page["X-CSRF-Token"]}, headers=FRAGMENT)
    assert again.status_code == 422


def test_a_form_whose_session_has_ended_stays_where_it_is(client, db):
    answer = client.post("/customers/create/", {}, headers=FRAGMENT)
    assert answer.status_code == 401
    assert "HX-Redirect" not in answer


@override_settings(ALLOWED_HOSTS=["portal.example"])
def test_a_foreign_host_gets_a_page_too(client):
    assert client.get("/nowhere/").status_code == 400
