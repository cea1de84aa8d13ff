"""POST /runs and /usage: what is kept, what is refused, what is counted."""

import json
from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from health.models import DataSource, DirtyDay, Run, UsageRecord
from health.statuses import RunStatus
from msc.access import scope
from msc.access.models import Msp, MspState
from tenants.models import Tenant
from tenants.states import TenantState
from tests.factories import make_tenant
from tests.health.conftest import Program, at, issue, run, usage

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _now():
    with time_machine.travel("2026-11-24T08:00:00Z", tick=False):
        yield


def outcome(response) -> tuple[int, int, int, int, int]:
    body = response.json()
    return response.status_code, body["created"], body["updated"], body["unchanged"], body["rejected"]


def test_a_run_is_created_then_unchanged_then_updated(program, hybrid, scoped):
    assert outcome(program.post("runs", [run(hybrid)])) == (200, 1, 0, 0, 0)
    assert outcome(program.post("runs", [run(hybrid)])) == (200, 0, 0, 1, 0)
    later = run(hybrid, status="failed", updated_at="2026-11-20T03:00:00+01:00", message="disk full")
    assert outcome(program.post("runs", [later])) == (200, 0, 1, 0, 0)
    kept = Run.objects.get()
    assert (kept.status, kept.message, kept.size_bytes) == (RunStatus.FAILED, "disk full", 1000)


def test_an_older_state_that_comes_late_changes_nothing(program, hybrid, scoped):
    program.post("runs", [run(hybrid)])
    running = run(hybrid, status="running", ended_at=None)
    assert outcome(program.post("runs", [running])) == (200, 0, 0, 1, 0)
    assert Run.objects.get().status == RunStatus.SUCCESSFUL


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 2, 0), (1, 0, 2)])
def test_the_newest_state_wins_in_any_order_even_of_equal_times(program, hybrid, scoped, order):
    states = [
        run(hybrid, status="running", ended_at=None),
        run(hybrid, status="completed_with_errors"),
        run(hybrid, status="failed", bytes=None),
    ]
    for number in order:
        program.post("runs", [states[number]])
    assert Run.objects.get().status == RunStatus.FAILED


def test_one_call_with_a_job_twice_keeps_its_newest_state_and_counts_each_record(program, hybrid, scoped):
    batch = [run(hybrid, status="running", ended_at=None), run(hybrid), run(hybrid), run(hybrid, "j2")]
    assert outcome(program.post("runs", batch)) == (200, 2, 0, 2, 0)
    assert set(Run.objects.values_list("job_id", "status")) == {("j1", 2), ("j2", 2)}


def test_good_records_of_a_batch_are_kept_and_the_others_named_by_line(program, hybrid, foreign_tenant, scoped):
    batch = [
        run(hybrid),
        run(foreign_tenant),
        run(999_999),
        run(hybrid, "j3", ended_at="yesterday"),
        run(hybrid, "j4", colour="red"),
        run(hybrid, "j5", workload="m365"),
        "nonsense",
        run(hybrid, "j6", ended_at="2026-11-24T09:30:00Z"),
        run(hybrid, "j7", started_at="2025-01-01T00:00:00Z", ended_at="2025-10-01T00:00:00Z"),
    ]
    response = program.post("runs", batch)
    assert outcome(response) == (200, 1, 0, 0, 8)
    assert [(one["line"], one["field"]) for one in response.json()["errors"]] == [
        (2, "tenant"),
        (3, "tenant"),
        (4, "ended_at"),
        (5, "colour"),
        (6, "workload"),
        (7, "record"),
        (8, "ended_at"),
        (9, "day"),
    ]
    reasons = {one["reason"] for one in response.json()["errors"] if one["field"] == "tenant"}
    assert reasons == {"There is no such tenant."}


@pytest.mark.parametrize(
    ("state", "status"),
    [
        (TenantState.CREATING, 422),
        (TenantState.READY, 200),
        (TenantState.UPDATING, 200),
        (TenantState.SUSPENDED, 422),
        (TenantState.DELETING, 422),
    ],
)
def test_only_a_working_tenant_takes_records(program, harbour, plan, state, status):
    tenant = make_tenant(harbour, plan, state=state)
    assert program.post("runs", [run(tenant)]).status_code == status
    assert program.post("usage", [usage(tenant)]).status_code == status


def test_ndjson_keeps_the_lines_that_can_be_read(program, hybrid, scoped):
    lines = [json.dumps(run(hybrid)), "", "{broken", json.dumps(run(hybrid, "j2"))]
    response = program.post("runs", "\n".join(lines), "application/x-ndjson")
    assert outcome(response) == (200, 2, 0, 0, 1)
    assert response.json()["errors"][0]["line"] == 3
    # The content type that curl gives by default.
    again = program.post("runs", "\n".join(lines), "application/x-www-form-urlencoded")
    assert outcome(again) == (200, 0, 0, 2, 1)


def test_records_may_come_in_an_envelope_or_alone(program, hybrid, scoped):
    assert outcome(program.post("runs", {"records": [run(hybrid)]})) == (200, 1, 0, 0, 0)
    assert outcome(program.post("runs", run(hybrid))) == (200, 0, 0, 1, 0)


def test_a_batch_makes_each_source_once_and_marks_each_day_once(program, hybrid, saas, scoped):
    batch = [run(hybrid, f"j{n}", data_source=f"srv-{n % 3}") for n in range(30)]
    batch += [run(saas, f"j{n}", workload="m365") for n in range(3)]
    program.post("runs", batch)
    assert DataSource.objects.count() == 4
    assert Run.objects.count() == 33
    marks = list(DirtyDay.objects.values_list("tenant_id", "day"))
    assert sorted(marks) == sorted({(hybrid.pk, marks[0][1]), (saas.pk, marks[0][1])})


def test_a_run_that_moves_to_another_day_marks_both(program, hybrid, scoped):
    program.post("runs", [run(hybrid)])
    moved = run(hybrid, ended_at="2026-11-21T02:00:00+01:00")
    assert outcome(program.post("runs", [moved])) == (200, 0, 1, 0, 0)
    assert {str(day) for day in DirtyDay.objects.exclude(day=None).values_list("day", flat=True)} == {
        "2026-11-20",
        "2026-11-21",
    }


def test_a_day_is_the_msps(program, hybrid, scoped):
    program.post("runs", [run(hybrid, ended_at="2026-11-20T23:30:00Z")])
    assert str(DirtyDay.objects.get().day) == "2026-11-21"


def test_a_policy_stands_on_the_source_newest_first(program, hybrid, scoped):
    policy = {"name": "Nightly", "interval_hours": 24, "retention_days": 30}
    program.post("runs", [run(hybrid, policy=policy)])
    program.post(
        "runs", [run(hybrid, "j0", ended_at="2026-11-19T02:00:00+01:00", started_at=None, policy={"name": "Old"})]
    )
    source = DataSource.objects.get()
    assert (source.policy_name, source.policy_interval_hours, source.policy_retention_days) == ("Nightly", 24, 30)


@pytest.mark.parametrize("text", ['a"b', "a\\b", "{a,b}", "NULL", "'", "a,b", '\\"', "株 🚀", "%s", "{}"])
def test_every_text_is_kept_as_it_is(program, hybrid, scoped, text):
    sent = run(hybrid, text, message=text, data_source=text, organization=text)
    assert outcome(program.post("runs", [sent, run(hybrid, "other", ended_at="2026-11-20T02:00:00.123456+01:00")])) == (
        200,
        2,
        0,
        0,
        0,
    )
    kept = Run.objects.select_related("data_source").get(job_id=text)
    assert (kept.message, kept.data_source.name, kept.data_source.organization) == (text, text, text)
    assert Run.objects.get(job_id="other").ended_at.microsecond == 123456


def test_usage_is_kept_once_per_day_and_measure_and_corrected(program, hybrid, scoped):
    assert outcome(program.post("usage", [usage(hybrid)])) == (200, 1, 0, 0, 0)
    assert outcome(program.post("usage", [usage(hybrid)])) == (200, 0, 0, 1, 0)
    assert outcome(program.post("usage", [usage(hybrid, cu_consumed=2.25)])) == (200, 0, 1, 0, 0)
    assert str(UsageRecord.objects.get().cu) == "2.250000"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("cu_consumed", -1),
        ("cu_consumed", "NaN"),
        ("cu_consumed", "1e400"),
        ("cu_consumed", True),
        ("usage_amount", "0x10"),
        ("usage_amount", 10**30),
        ("day", "2026-02-30"),
        ("day", "20261120"),
        ("day", "2026-12-24"),
        ("unit", "bits"),
        ("workload", "toaster"),
        ("measure", " "),
        ("measure", "x" * 81),
        ("tenant", "1"),
        ("tenant", 2**63),
        ("tenant", True),
        ("measured_at", "2026-11-20"),
    ],
)
def test_usage_that_is_not_in_order_is_refused(program, hybrid, field, value):
    response = program.post("usage", [usage(hybrid) | {field: value}])
    assert response.status_code == 422
    assert response.json()["errors"][0]["field"] == field


def test_usage_is_neither_of_tomorrow_nor_of_a_day_before_the_product(program, harbour, plan):
    hybrid = make_tenant(harbour, plan, created_at=at("2026-11-20T23:30:00Z"))  # the 21st in Berlin
    assert program.post("usage", [usage(hybrid, day="2026-11-25")]).json()["errors"][0]["field"] == "day"
    assert program.post("usage", [usage(hybrid, day="2026-11-24")]).status_code == 200
    early = program.post("usage", [usage(hybrid, day="2026-11-20")])
    assert (early.status_code, "2026-11-21" in early.json()["errors"][0]["reason"]) == (422, True)
    assert program.post("usage", [usage(hybrid, day="2026-11-21")]).status_code == 200


def test_a_little_usage_is_not_none(program, hybrid, scoped):
    program.post("usage", [usage(hybrid, cu_consumed="0.0000004", usage_amount="0.00001")])
    kept = UsageRecord.objects.get()
    assert (str(kept.cu), str(kept.amount)) == ("0.000001", "0.0001")


def test_a_policy_without_a_name_sets_its_hours(program, hybrid, scoped):
    program.post("runs", [run(hybrid, policy={"interval_hours": 24})])
    source = DataSource.objects.get()
    assert (source.policy_name, source.policy_interval_hours) == ("", 24)
    assert program.post("runs", [run(hybrid, "j2", policy={})]).status_code == 422


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("job_id", "\ud800"),
        ("job_id", "a\x00b"),
        ("job_id", 7),
        ("job_id", "x" * 201),
        ("organization", ""),
        ("organization", None),
        ("data_source", ["a"]),
        ("bytes", -1),
        ("bytes", 2**63),
        ("bytes", 1.5),
        ("bytes", True),
        ("errors", 2**31),
        ("message", {"a": 1}),
        ("status", "done"),
        ("status", []),
        ("kind", None),
        ("started_at", "2026-11-20T02:30:00+01:00"),
        ("started_at", "0001-01-01T00:00:00Z"),
        ("started_at", "9999-12-31T23:59:59Z"),
        ("ended_at", "2026-11-20T02:00:00"),
        ("ended_at", "2026-11-20"),
        ("ended_at", 1795504468),
        ("policy", []),
        ("policy", {"name": "x", "interval_hours": 0}),
        ("policy", {"name": "x", "why": 1}),
        ("updated_at", "2026-11-25T00:00:00Z"),
    ],
)
def test_a_run_that_is_not_in_order_is_refused(program, hybrid, field, value):
    body = json.dumps([run(hybrid) | {field: value}])
    response = program.post("runs", body)
    assert response.status_code == 422, response.content
    assert not Run.objects.for_msp(hybrid.msp_id).exists()


@pytest.mark.parametrize(
    "body",
    [
        "",
        "null",
        "3",
        '"x"',
        "{",
        "[1,",
        "[NaN]",
        "[" * 100_000,
        '{"records": 3}',
        b"\xff\xfe",
        b"\xc3\x28",
        "[" + "9" * 5000 + "]",
    ],
)
def test_a_body_that_cannot_be_read_is_400(program, body):
    assert program.post("runs", body).status_code == 400


def test_an_empty_batch_keeps_nothing(program):
    assert program.post("runs", []).status_code == 422


def test_too_much_in_one_call_is_413(program, settings):
    assert program.post("runs", json.dumps([1] * 25_001)).status_code == 413
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 1_000
    assert program.post("runs", "[" + " " * 2_000 + "]").status_code == 413


def test_too_many_calls_are_429_with_a_time_to_come_back(program, hybrid, settings):
    settings.MSC_API_CALLS_PER_MINUTE = 3
    statuses = [program.post("runs", [run(hybrid)]).status_code for _ in range(4)]
    assert statuses == [200, 200, 200, 429]
    refused = program.get("runs")
    assert refused.status_code == 429
    assert 1 <= int(refused["Retry-After"]) <= 60


def test_a_credential_does_what_its_scopes_say(ada, hybrid):
    program = Program(issue(ada, "usage:write")[1])
    assert program.post("usage", [usage(hybrid)]).status_code == 200
    refused = program.post("runs", [run(hybrid)])
    assert refused.status_code == 403
    assert "runs:write" in refused.json()["detail"]
    assert program.get("usage").status_code == 403


def test_no_wrong_lapsed_revoked_or_closed_credential_comes_in(ada, hybrid, northwind):
    assert Program("msc_wrong").post("runs", []).status_code == 401
    assert Program("").post("runs", []).status_code == 401
    lapsed = issue(ada, "runs:write", expires_at=timezone.now() - timedelta(seconds=1))[1]
    assert Program(lapsed).post("runs", [run(hybrid)]).status_code == 401
    credential, secret = issue(ada, "runs:write", "runs:read")
    program = Program(secret)
    assert program.post("runs", [run(hybrid)]).status_code == 200
    with scope.entered("support"):
        Msp.objects.filter(pk=northwind.pk).update(state=MspState.CLOSED)
    assert program.post("runs", [run(hybrid)]).status_code == 401
    with scope.entered("support"):
        Msp.objects.filter(pk=northwind.pk).update(state=MspState.ACTIVE)
    credential.revoked_at = timezone.now()
    credential.save(update_fields=["revoked_at"])
    assert program.post("runs", [run(hybrid)]).status_code == 401


def test_the_last_use_is_noted_once_a_minute(ada, hybrid):
    credential, secret = issue(ada)
    program = Program(secret)
    with time_machine.travel("2026-11-24T08:00:00Z", tick=False) as clock:
        program.get("runs")
        credential.refresh_from_db()
        first = credential.last_used_at
        clock.shift(30)
        program.get("runs")
        credential.refresh_from_db()
        assert credential.last_used_at == first
        clock.shift(31)
        program.get("runs")
        credential.refresh_from_db()
        assert credential.last_used_at == first + timedelta(seconds=61)


def test_another_msps_program_neither_writes_nor_reads(eve, hybrid, program, scoped):
    program.post("runs", [run(hybrid)])
    stranger = Program(issue(eve)[1])
    missing = stranger.post("runs", [run(999_999)])
    foreign = stranger.post("runs", [run(hybrid)])
    assert foreign.status_code == missing.status_code == 422
    assert foreign.json() == missing.json()
    for path in ("runs", "usage", "customers", "tenants", "plans", "alerts"):
        assert stranger.get(path).json()["results"] == []


def test_ten_thousand_runs_take_few_statements(program, hybrid, scoped, django_assert_max_num_queries):
    batch = [run(hybrid, f"j{n}", data_source=f"srv-{n % 500}") for n in range(10_000)]
    with django_assert_max_num_queries(20):
        assert outcome(program.post("runs", batch)) == (200, 10_000, 0, 0, 0)
    assert Run.objects.count() == 10_000
    assert Tenant.objects.get(pk=hybrid.pk).data_sources.count() == 500
