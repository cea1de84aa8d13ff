"""How long a session lives, when people were last seen, and ending sessions elsewhere."""

import pytest
from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.db import connections
from django.test import Client

from msc.access import scope
from msc.access.models import User
from msc.people.tasks import forget
from tests.people.signing_in import change_session, enter, events, in_seconds, is_signed_in, session_of, sign_in

pytestmark = pytest.mark.django_db

HOUR = 3600


def _seen(person: User):
    with scope.entered("portal", person=person.pk):
        return User.objects.get(pk=person.pk).last_seen_at


def test_a_session_ends_after_four_idle_hours(client, ada, time_machine):
    sign_in(client, ada)
    time_machine.move_to(in_seconds(4 * HOUR - 60))
    assert client.get("/profile/").status_code == 200
    time_machine.move_to(in_seconds(4 * HOUR + 60))
    response = client.get("/profile/")
    assert response.status_code == 302
    assert response["Location"] == "/account/sign-in/?next=/profile/" or "profile" in response["Location"]
    assert not is_signed_in(client)
    assert "nothing happened for four hours" in client.get("/account/sign-in/").content.decode()
    assert [event.detail for event in events("session.closed")] == [{"reason": "idle"}]


def test_a_session_ends_after_one_day_however_busy(client, ada, time_machine):
    sign_in(client, ada)
    for _ in range(7):
        time_machine.move_to(in_seconds(3.4 * HOUR))
        assert client.get("/profile/").status_code == 200
    time_machine.move_to(in_seconds(0.5 * HOUR))
    assert client.get("/profile/").status_code == 302
    assert [event.detail for event in events("session.closed")] == [{"reason": "one day"}]


def test_what_an_ended_session_asked_for_is_done_by_nobody(client, ada, time_machine):
    sign_in(client, ada)
    time_machine.move_to(in_seconds(5 * HOUR))
    response = client.post(
        "/profile/edit/", {"first_name": "Eva", "last_name": "X", "phone": "", "time_zone": "", "version": "1"}
    )
    assert response.status_code == 302
    with scope.entered("portal", person=ada.pk):
        assert User.objects.get(pk=ada.pk).first_name == "Ada"


def test_when_people_were_last_seen_is_written_once_a_minute(client, ada, time_machine):
    time_machine.move_to(in_seconds(0), tick=False)  # signing in takes no time, however busy the machine is
    sign_in(client, ada)
    assert _seen(ada) is None
    time_machine.move_to(in_seconds(59), tick=False)
    client.get("/profile/")
    assert _seen(ada) is None
    time_machine.move_to(in_seconds(2), tick=False)
    client.get("/profile/")
    first = _seen(ada)
    assert first is not None
    time_machine.move_to(in_seconds(58), tick=False)
    client.get("/profile/")
    assert _seen(ada) == first


def test_a_session_made_without_the_clocks_gets_them(client, ada):
    sign_in(client, ada)
    with scope.entered("portal"):
        session = client.session
        del session["seen_at"]
        session.save()
    client.get("/profile/")
    assert "seen_at" in session_of(client)


def test_signing_out_everywhere_else_keeps_this_session(client, ada):
    sign_in(client, ada)
    elsewhere = Client(HTTP_USER_AGENT="Mozilla/5.0 (Windows NT 10.0) Gecko/20100101 Firefox/140.0")
    sign_in(elsewhere, ada)
    page = client.get("/profile/").content.decode()
    assert "Firefox on Windows" in page
    assert "Sign out everywhere else" in page
    assert client.get("/profile/sessions/end/").status_code == 200
    assert elsewhere.get("/profile/").status_code == 200
    assert client.post("/profile/sessions/end/").status_code == 302
    assert elsewhere.get("/profile/").status_code == 302
    page = client.get("/profile/").content.decode()
    assert "Firefox on Windows" not in page
    assert [event.detail for event in events("session.ended")] == [{"sessions": 1}]


def test_the_sessions_of_others_are_neither_shown_nor_ended(client, ada, rita):
    sign_in(client, ada)
    other = Client(HTTP_USER_AGENT="Firefox/1.0 Windows")
    sign_in(other, rita)
    assert "Firefox" not in client.get("/profile/").content.decode()
    client.post("/profile/sessions/end/")
    assert other.get("/profile/").status_code == 200


def test_sessions_that_idled_out_are_not_shown(client, ada, time_machine):
    old = Client(HTTP_USER_AGENT="Firefox/1.0 Windows")
    sign_in(old, ada)
    time_machine.move_to(in_seconds(5 * HOUR))
    sign_in(client, ada)
    assert "Firefox" not in client.get("/profile/").content.decode()


def test_a_forged_clock_in_the_session_is_out_of_reach(client, ada):
    sign_in(client, ada)
    change_session(client, signed_in_at=0)
    assert client.get("/profile/").status_code == 302


def test_what_has_expired_is_forgotten(client, ada, rita, time_machine):
    sign_in(client, ada)
    enter(Client(), rita, "wrong")
    time_machine.move_to(in_seconds(25 * HOUR))
    other = Client()
    sign_in(other, rita)
    forget()
    with scope.entered("worker", msp=ada.msp_id):
        assert [session.user_id for session in UserSession.objects.all()] == [rita.pk]
        assert Session.objects.count() == 1
    with connections["cache"].cursor() as cursor:
        cursor.execute("SELECT count(*) FROM msc_cache WHERE expires < %s", [in_seconds(0)])
        assert cursor.fetchone() == (0,)
    assert other.get("/profile/").status_code == 200
