"""The Health tab and the API's page."""

from datetime import timedelta

import pytest
import time_machine

from health import alerts, intake, rollups
from health.models import DataSource
from msc.pages.models import TablePreference
from tests.cast import signed_in
from tests.health.conftest import at, run

pytestmark = pytest.mark.django_db
NOW = at("2026-11-24T08:00:00Z")


@pytest.fixture(autouse=True)
def _now():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def reported(hybrid, scoped):
    """A healthy, a failing and a silent source, counted."""
    policy = {"name": "Nightly", "interval_hours": 24}
    records = [
        run(
            hybrid,
            f"good{n}",
            data_source="srv-good",
            started_at=None,
            ended_at=(NOW - timedelta(days=n)).isoformat(),
            policy=policy,
        )
        for n in range(10)
    ]
    records += [
        run(
            hybrid,
            f"bad{n}",
            data_source="srv-bad",
            status="failed" if n < 3 else "successful",
            started_at=None,
            ended_at=(NOW - timedelta(days=n, hours=1)).isoformat(),
            policy=policy,
        )
        for n in range(10)
    ]
    records += [
        run(
            hybrid,
            "silent",
            data_source="srv-silent",
            started_at=None,
            ended_at=(NOW - timedelta(days=9)).isoformat(),
            policy=policy,
        ),
        run(
            hybrid,
            "restored",
            data_source="srv-good",
            kind="restore",
            started_at=None,
            ended_at=(NOW - timedelta(days=2)).isoformat(),
        ),
    ]
    assert not intake.store_runs(scoped, list(enumerate(records)), NOW).refusals
    while rollups.drain(scoped, NOW):
        pass
    alerts.evaluate(scoped, NOW)
    return hybrid


def text_of(response) -> str:
    return " ".join(response.content.decode().split())


def test_the_tab_shows_figures_sources_and_alerts(ada, harbour, reported):
    TablePreference.objects.create(user=ada, msp=ada.msp, list_name="sources", shown=["name", "policy", "status"])
    page = text_of(signed_in(ada).get(f"/customers/{harbour.pk}/health/"))
    for part in (
        "<dd>21</dd>",
        "85.7 %",
        "srv-good",
        "srv-bad",
        "srv-silent",
        "Nightly, every 24 h",
        "The last 3 backups of srv-bad failed",
    ):
        assert part in page, part
    assert "srv-silent has not reported" in page


@pytest.mark.parametrize(
    ("status", "shown"), [("failed", {"srv-bad"}), ("unknown", {"srv-silent"}), ("successful", {"srv-good"})]
)
def test_the_sources_are_filtered_by_status_and_a_silent_one_is_unknown(ada, harbour, reported, status, shown):
    page = text_of(
        signed_in(ada).get(f"/customers/{harbour.pk}/health/?status={status}", headers={"HX-Request": "true"})
    )
    assert {name for name in ("srv-good", "srv-bad", "srv-silent") if f">{name}<" in page} == shown


def test_the_last_successful_run_is_told_only_when_the_last_failed(ada, harbour, reported):
    answer = signed_in(ada).get(
        f"/customers/{harbour.pk}/health/?export=csv&column=name&column=succeeded&column=restored"
    )
    rows = b"".join(answer.streaming_content).decode("utf-8-sig").splitlines()
    assert rows[1:] == [
        "srv-bad,2026-11-21 08:00 (bad3),",
        "srv-good,,2026-11-22 09:00 (restored)",
        "srv-silent,,",
    ]


def test_an_empty_tenant_says_how_to_connect_a_tool(ada, harbour, hybrid):
    page = text_of(signed_in(ada).get(f"/customers/{harbour.pk}/health/"))
    assert "No backup tool has reported yet." in page
    assert f"tenant={hybrid.pk}&amp;" in page
    assert "exit=$code" in page


def test_another_customers_tab_does_not_exist(tom, eve, sibling, harbour):
    assert signed_in(tom).get(f"/customers/{sibling.pk}/health/").status_code == 404
    assert signed_in(tom).get(f"/customers/{harbour.pk}/health/").status_code == 200
    assert signed_in(eve).get(f"/customers/{harbour.pk}/health/").status_code == 404


def test_the_api_page_describes_every_operation(rita):
    page = text_of(signed_in(rita).get("/api/v1/docs/"))
    for part in (
        "POST /api/v1/runs",
        "POST /api/v1/runs/restic",
        "GET /api/v1/alerts",
        "job_id",
        "completed_with_errors",
    ):
        assert part in page, part
    assert "- VMware" not in page


def source_of(tenant, name: str) -> DataSource:
    return DataSource.objects.get(tenant=tenant, name=name)


def test_a_policy_set_by_hand_stands_until_it_is_taken_back(ada, reported, scoped):
    source = source_of(reported, "srv-silent")
    address = f"/data-sources/{source.pk}/policy/"
    assert "srv-silent" in text_of(signed_in(ada).get(address))
    answer = signed_in(ada).post(address, {"name": "Weekly", "interval_hours": 240, "version": source.version})
    assert answer.status_code == 302
    while rollups.drain(scoped, NOW):
        pass
    source.refresh_from_db()
    assert (source.policy_name, source.policy_interval_hours, source.is_silent) == ("Weekly", 240, False)
    later = run(
        reported, "later", data_source="srv-silent", started_at=None, ended_at=NOW.isoformat(), policy={"name": "Tool"}
    )
    intake.store_runs(scoped, [(1, later)], NOW)
    assert source_of(reported, "srv-silent").policy_name == "Weekly"
    # Somebody who read the first version is told what stands now.
    stale = signed_in(ada).post(address, {"name": "Daily", "interval_hours": 24, "version": 1})
    assert stale.status_code == 409
    assert "Weekly" in text_of(stale)
    signed_in(ada).post(address, {"version": source.version})
    intake.store_runs(scoped, [(1, later | {"job_id": "later2"})], NOW)
    assert source_of(reported, "srv-silent").policy_name == "Tool"


@pytest.mark.parametrize(("hours", "days"), [("0", ""), ("x", ""), ("", "-1"), ("9" * 9, "")])
def test_a_policy_out_of_order_is_told_beside_its_field(ada, reported, hours, days):
    source = source_of(reported, "srv-good")
    data = {"interval_hours": hours, "retention_days": days, "version": 1}
    assert signed_in(ada).post(f"/data-sources/{source.pk}/policy/", data).status_code == 422


def test_who_may_set_a_policy(tom, rita, eve, reported):
    address = f"/data-sources/{source_of(reported, 'srv-good').pk}/policy/"
    assert [signed_in(person).get(address).status_code for person in (tom, rita, eve)] == [200, 403, 404]
