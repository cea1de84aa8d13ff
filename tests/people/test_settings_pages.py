"""The MSP's settings and its API credentials on screen."""

import pytest

from msc.access import scope
from msc.access.models import Msp
from msc.events.models import Event, EventDetail
from msc.people.models import ApiCredential
from tests.sign_in import client_of

pytestmark = pytest.mark.django_db

VALUES = {
    "time_zone": "Europe/Paris",
    "address": "2 Quay",
    "phone": "+49 30 765432",
    "quota_warning_percent": 70,
    "quota_critical_percent": 95,
    "version": 1,
}
CREDENTIALS = "/settings/credentials/"


def test_settings_are_saved_and_recorded(ada):
    assert client_of(ada).post("/settings/", VALUES).status_code == 302
    with scope.entered("portal", msp=ada.msp_id):
        msp = Msp.objects.get()
        event = Event.objects.get(action="msp.edited")
        private = EventDetail.objects.get(event=event)
    assert (msp.time_zone, msp.phone, msp.quota_warning_percent) == ("Europe/Paris", "+4930765432", 70)
    assert event.changes["Time zone"] == ["Europe/Berlin", "Europe/Paris"]
    assert "Address" not in event.changes
    assert private.changes["Address"] == ["Berlin", "2 Quay"]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"time_zone": "Mars/Base"}, "cannot be chosen"),
        ({"phone": "123"}, "valid phone number"),
        ({"quota_warning_percent": 95, "quota_critical_percent": 90}, "before the critical"),
        ({"quota_warning_percent": 10**30}, "or less."),
    ],
)
def test_bad_settings_are_told_beside_their_field(ada, change, words):
    answer = client_of(ada).post("/settings/", {**VALUES, **change})
    assert answer.status_code == 422
    assert words in answer.content.decode()


def test_a_stale_form_shows_both(ada):
    browser = client_of(ada)
    browser.post("/settings/", VALUES)
    answer = browser.post("/settings/", {**VALUES, "address": "Elsewhere"})
    assert answer.status_code == 409


def _create(browser, **more):
    key = browser.get(CREDENTIALS + "create/").content.decode().split('name="submit_key" value="')[1].split('"')[0]
    data = {"name": "Backup server", "scopes": ["runs:write"], "last_day": "", "submit_key": key, **more}
    return browser.post(CREDENTIALS + "create/", data), data


def test_a_secret_is_shown_once(ada):
    browser = client_of(ada)
    answer, data = _create(browser)
    assert answer.status_code == 200
    secret = answer.content.decode().split('value="msc_')[1].split('"')[0]
    assert len(secret) == 64
    assert answer["Cache-Control"] == "no-store, private"
    again = browser.post(CREDENTIALS + "create/", data, follow=True)
    assert secret not in again.content.decode()
    assert secret not in browser.get(CREDENTIALS).content.decode()
    with scope.entered("portal", msp=ada.msp_id):
        assert ApiCredential.objects.count() == 1


def test_a_credential_needs_a_scope_and_a_lawful_day(ada):
    browser = client_of(ada)
    assert _create(browser, scopes=[])[0].status_code == 422
    assert _create(browser, scopes=["everything"])[0].status_code == 422
    assert _create(browser, last_day="2001-01-01")[0].status_code == 422
    assert _create(browser, last_day="9999-12-31")[0].status_code == 422


def test_revoking(ada, eve):
    browser = client_of(ada)
    _create(browser)
    with scope.entered("portal", msp=ada.msp_id):
        credential = ApiCredential.objects.get()
    assert client_of(eve).post(f"{CREDENTIALS}{credential.pk}/revoke/").status_code == 404
    assert browser.post(f"{CREDENTIALS}{credential.pk}/revoke/").status_code == 302
    assert "Revoked" in browser.get(CREDENTIALS).content.decode()
    for column in ("name", "prefix", "state", "last_used_at", "expires_at", "created_at", "created_by"):
        assert browser.get(CREDENTIALS, {"sort": f"-{column}"}).status_code == 200
