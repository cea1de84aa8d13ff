"""The profile: everybody's own, and nobody else's."""

import pytest

from msc.access import scope
from msc.access.models import User
from tests.people.signing_in import events
from tests.sign_in import client_of

pytestmark = pytest.mark.django_db

EDIT = "/profile/edit/"


def _typed(person: User, **change: object) -> dict[str, object]:
    facts = {"first_name": "Ada", "last_name": "Arnold", "phone": "", "time_zone": "", "version": person.version}
    return {**facts, **change}


def _now(person: User) -> User:
    with scope.entered("portal", person=person.pk):
        return User.objects.get(pk=person.pk)


@pytest.mark.parametrize("name", ["ada", "tom", "rita", "eve", "sam"])
def test_everybody_has_a_profile(request, name):
    person = request.getfixturevalue(name)
    client = client_of(person)
    page = client.get("/profile/").content.decode()
    assert person.email in page
    assert person.full_name in page
    assert client.get(EDIT).status_code == 200


def test_a_stranger_is_led_to_sign_in(client):
    for address in ("/profile/", EDIT, "/profile/sessions/end/"):
        assert client.get(address)["Location"].startswith("/account/sign-in/")
        assert client.post(address).status_code == 302


def test_name_phone_and_zone_are_changed_and_recorded(ada):
    client = client_of(ada)
    typed = _typed(ada, first_name="Ada Maria", phone="+49 30 123456", time_zone="Asia/Kolkata")
    assert client.post(EDIT, typed).url == "/profile/"
    now = _now(ada)
    assert (now.first_name, now.phone, now.time_zone) == ("Ada Maria", "+4930123456", "Asia/Kolkata")
    assert now.folded_name == "ada maria arnold"
    (event,) = events("person.edited")
    assert set(event.changes) == {"First name", "Phone number", "Time zone"}
    assert "+49 30 123456" in client.get("/profile/").content.decode()


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"first_name": ""}, "Fill in this field"),
        ({"phone": "12"}, "country"),
        ({"phone": "not a number"}, "country"),
        ({"time_zone": "Mars/Olympus"}, "cannot be chosen"),
        ({"first_name": "x" * 101}, "at most 100"),
        ({"version": "-1"}, "version"),
        ({"version": "99999999999999999999"}, "version"),
    ],
)
def test_errors_stand_beside_their_field_and_keep_what_was_typed(ada, change, sentence):
    response = client_of(ada).post(EDIT, _typed(ada, last_name="Kept", **change))
    assert response.status_code == 422
    page = response.content.decode()
    assert "Kept" in page
    assert sentence in page
    assert _now(ada).last_name == "Arnold"


def test_what_the_form_does_not_offer_is_not_changed(ada):
    extra = {"role": "support", "msp": "", "email": "evil@example.com", "is_active": "", "password": "x"}
    client_of(ada).post(EDIT, _typed(ada, **extra))
    now = _now(ada)
    assert (now.role, now.msp_id, now.email, now.is_active) == (ada.role, ada.msp_id, ada.email, True)
    assert now.check_password("x") is False


def test_the_second_of_two_editors_is_told(ada):
    client = client_of(ada)
    client.post(EDIT, _typed(ada, first_name="First"))
    response = client.post(EDIT, _typed(ada, first_name="Second"))
    assert response.status_code == 409
    page = response.content.decode()
    assert "First" in page
    assert "Second" in page
    assert _now(ada).first_name == "First"


def test_the_first_page_leads_people_to_their_work(ada, sam):
    assert client_of(sam).get("/").url == "/support/"
    assert client_of(ada).get("/").url in {"/customers/", "/profile/"}
