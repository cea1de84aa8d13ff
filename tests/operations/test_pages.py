"""The addresses for those who run the portal."""

import re
from datetime import timedelta

import pytest
from django.utils import timezone

from msc.access import scope
from msc.mail.models import OutboxMessage
from msc.operations import tasks, views
from msc.operations.models import Heartbeat

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def draining(tmp_path, monkeypatch):
    monkeypatch.setattr(views, "DRAINING", tmp_path / "draining")
    return tmp_path / "draining"


def figures(text):
    return dict(re.findall(r"^(\S+) ([0-9.e+-]+)$", text, re.MULTILINE))


@pytest.mark.parametrize("address", ["/livez", "/readyz"])
def test_a_portal_that_works_says_so(client, address):
    response = client.get(address)
    assert (response.status_code, response.text) == (200, "ok\n")
    assert "no-store" in response.headers["Cache-Control"]


def test_before_a_restart_no_requests_are_wanted(client, draining):
    draining.touch()
    response = client.get("/readyz")
    assert (response.status_code, response.text) == (503, "draining\n")
    assert client.get("/livez").status_code == 200


def test_a_portal_that_is_not_migrated_is_not_ready(client, monkeypatch, draining):
    views._migrated.clear()
    monkeypatch.setattr(views.MigrationExecutor, "migration_plan", lambda *_: [object()])
    assert client.get("/readyz").text == "not migrated\n"
    monkeypatch.undo()
    assert client.get("/readyz").text == "ok\n"


@pytest.mark.parametrize("address", ["/livez", "/readyz", "/metrics"])
def test_nothing_can_be_posted(client, address):
    assert client.post(address).status_code == 405


def test_metrics_tell_the_age_of_what_waits(client):
    now = timezone.now()
    with scope.entered("worker"):
        for number, (state, due) in enumerate((("queued", -90), ("queued", 60), ("sending", 10), ("failed", -500))):
            OutboxMessage.objects.create(
                key=number,
                message_id=number,
                kind="trial",
                to="x",
                state=state,
                due_at=now + timedelta(seconds=due),
                expires_at=now + timedelta(days=1),
                created_at=now,
            )
        Heartbeat.objects.create(name="worker", at=now - timedelta(seconds=30))
    seen = figures(client.get("/metrics").text)
    assert seen['msc_outbox_messages{state="queued"}'] == "2.0"
    assert 85 < float(seen["msc_outbox_oldest_due_seconds"]) < 95
    assert 25 < float(seen['msc_heartbeat_age_seconds{part="worker"}']) < 35
    assert seen["msc_outbox_unconfirmed"] == "0.0"


def test_metrics_tell_how_far_sums_are_behind_and_how_much_comes_in(client):
    seen = figures(client.get("/metrics").text)
    assert seen["msc_rollup_days_waiting"] == "0.0"
    assert seen["msc_rollup_oldest_mark_seconds"] == "0.0"
    assert 'msc_ingest_rows_total{table="health_run"}' in seen
    assert "msc_rollup_age_seconds" not in seen  # nothing was ever counted here


def test_the_tick_is_the_workers_sign_of_life():
    for _ in range(2):
        tasks.tick()
    with scope.entered("worker"):
        assert timezone.now() - Heartbeat.objects.get(name="worker").at < timedelta(seconds=10)


def test_metrics_are_for_this_machine_alone(client):
    assert client.get("/metrics").status_code == 200
    assert client.get("/metrics", REMOTE_ADDR="192.0.2.1").status_code == 404
    assert client.get("/metrics", REMOTE_ADDR="").status_code == 404
    # A proxy on this machine passes on the whole world.
    assert client.get("/metrics", headers={"x-forwarded-for": "127.0.0.1"}).status_code == 404


def test_metrics_are_for_whoever_knows_the_token(client, settings):
    settings.MSC_METRICS_TOKEN = "a-token"
    assert client.get("/metrics").status_code == 404
    assert client.get("/metrics", headers={"authorization": "Bearer another"}).status_code == 404
    assert (
        client.get("/metrics", headers={"authorization": "Bearer a-token"}, REMOTE_ADDR="192.0.2.1").status_code == 200
    )
