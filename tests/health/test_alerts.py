"""Alerts rise, worsen, ease and resolve with their conditions, and tell subscribers once."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
import time_machine

from customers.models import Customer, CustomerSummary, Health
from health import alerts, conditions, emails, intake, rollups
from health.conditions import Limits, Subject
from health.models import Alert, AlertSubscription, TenantHealth
from health.statuses import AlertState, AlertType, Delivery, Severity
from msc.access import scope
from msc.events.models import Event
from msc.mail.models import OutboxMessage
from serviceplans.catalogue import Product
from tenants import transitions
from tenants.models import QuotaPeriod, Tenant
from tenants.states import TenantState, TenantType
from tests.factories import make_tenant
from tests.health.conftest import at, run, usage

HYBRID = Subject(1, 2, Product.HYBRID)
TODAY = date(2026, 11, 24)
NOW = at("2026-11-24T08:00:00Z")
W, C, INFO = Severity.WARNING, Severity.CRITICAL, Severity.INFORMATION


@pytest.mark.parametrize(
    ("tenant_type", "left", "expected"),
    [
        ("commercial", 31, None),
        ("commercial", 30, (1, W)),
        ("commercial", 29, (1, W)),
        ("commercial", 15, (2, W)),
        ("commercial", 8, (2, W)),
        ("commercial", 7, (3, W)),
        ("commercial", 3, (4, W)),
        ("commercial", 2, (4, W)),
        ("commercial", 1, (5, C)),
        ("commercial", 0, (5, C)),
        ("commercial", -1, (6, C)),
        ("commercial", -400, (6, C)),
        ("evaluation", 8, None),
        ("evaluation", 7, (1, W)),
        ("evaluation", 4, (1, W)),
        ("evaluation", 3, (2, W)),
        ("evaluation", 1, (3, C)),
        ("evaluation", -1, (4, C)),
        ("sandbox", -1, None),
    ],
)
def test_a_license_reminds_the_nearer_its_end(tenant_type, left, expected):
    found = conditions.license_condition(HYBRID, tenant_type, TODAY + timedelta(days=left), TODAY)
    assert (found and (found.threshold, found.severity)) == expected


@pytest.mark.parametrize(
    ("used", "expected"),
    [(None, None), ("79.99", None), ("80", (1, W)), ("89.99", (1, W)), ("90", (2, C)), ("250", (2, C))],
)
def test_a_quota_warns_at_the_msps_percentages(used, expected):
    found = conditions.quota_condition(HYBRID, used and Decimal(used), 80, 90)
    assert (found and (found.threshold, found.severity)) == expected


@pytest.mark.parametrize(("failures", "expected"), [(0, None), (1, (1, W)), (2, (1, W)), (3, (2, C))])
def test_a_backup_that_fails_three_times_is_critical(failures, expected):
    found = conditions.backup_condition(HYBRID, "srv-1", failures)
    assert (found and (found.threshold, found.severity)) == expected


@pytest.mark.parametrize(
    ("workload", "interval", "retention", "expected"),
    [
        ("vmware", 24, 30, []),
        ("nas", 24, 30, ["plan_workload"]),
        ("vmware", 3, 30, ["plan_frequency"]),
        ("vmware", 25, 30, ["plan_frequency"]),
        ("vmware", 4, 6, ["plan_retention"]),
        ("vmware", 24, 366, ["plan_retention"]),
        ("nas", 1, 1, ["plan_workload", "plan_frequency", "plan_retention"]),
        ("vmware", None, None, []),
    ],
)
def test_what_a_plan_does_not_allow_is_told(workload, interval, retention, expected):
    limits = Limits(("vmware",), 4, 24, 7, 365)
    found = conditions.plan_conditions(
        HYBRID, "srv-1", workload=workload, interval=interval, retention=retention, limits=limits
    )
    assert [one.type for one in found] == expected


pytestmark = pytest.mark.django_db


@pytest.fixture
def quiet(hybrid, scoped):
    """The Hybrid tenant with a license that ends in years."""
    Tenant.objects.filter(pk=hybrid.pk).update(license_expiry=date(2030, 1, 1))
    hybrid.refresh_from_db()
    return hybrid


@pytest.fixture
def subscribed(ada, scoped):
    return AlertSubscription.objects.create(msp=scoped, user=ada, severities=[W, C], digested_at=NOW)


def send(msp, tenant, job, status, when, **fields):
    record = run(tenant, job, status=status, started_at=None, ended_at=when.isoformat(), **fields)
    assert intake.store_runs(msp, [(1, record)], when).kept
    while rollups.drain(msp, when):
        pass


def active():
    rows = Alert.objects.active().order_by("type", "object_key")
    return [(alert.type, alert.threshold, alert.severity) for alert in rows]


def mails() -> list[str]:
    with scope.entered("worker"):
        return list(
            OutboxMessage.objects.filter(kind__startswith="alert.").order_by("pk").values_list("key", flat=True)
        )


def test_a_failing_source_rises_worsens_and_resolves_with_one_mail_each(quiet, scoped, subscribed):
    hours = [NOW + timedelta(hours=n) for n in range(6)]
    send(scoped, quiet, "j0", "failed", hours[0])
    assert alerts.evaluate(scoped, hours[0]) == 1
    assert alerts.evaluate(scoped, hours[0] + timedelta(minutes=1)) == 0
    assert active() == [("backup_failed", 1, W)]
    assert CustomerSummary.objects.get().open_alerts == 1
    send(scoped, quiet, "j1", "failed", hours[1])
    assert alerts.evaluate(scoped, hours[1]) == 0
    send(scoped, quiet, "j2", "failed", hours[2])
    assert alerts.evaluate(scoped, hours[2]) == 1
    assert active() == [("backup_failed", 2, C)]
    send(scoped, quiet, "j3", "successful", hours[3])
    alerts.evaluate(scoped, hours[3])
    alert = Alert.objects.get()
    assert (alert.state, alert.resolved_at, alert.first_seen) == (AlertState.RESOLVED, hours[3], hours[0])
    assert CustomerSummary.objects.get().open_alerts == 0
    assert mails() == [f"alert:{alert.pk}:{step}:{subscribed.user_id}" for step in (1, 2)]
    # It fails again: a new alert, the old one is history.
    send(scoped, quiet, "j4", "failed", hours[4])
    alerts.evaluate(scoped, hours[4])
    assert Alert.objects.count() == 2
    assert len(mails()) == 3


def test_a_cancelled_run_says_nothing(quiet, scoped):
    send(scoped, quiet, "j0", "failed", NOW)
    send(scoped, quiet, "j1", "cancelled", NOW + timedelta(hours=1))
    alerts.evaluate(scoped, NOW + timedelta(hours=1))
    assert active() == [("backup_failed", 1, W)]


def test_a_silent_source_alerts_until_it_is_heard(quiet, scoped):
    send(scoped, quiet, "j0", "successful", NOW, policy={"name": "Nightly", "interval_hours": 24})
    later = NOW + timedelta(hours=27)
    rollups.keep_up(scoped, later)
    alerts.evaluate(scoped, later)
    assert active() == [("source_silent", 1, W)]
    send(scoped, quiet, "j1", "successful", later)
    alerts.evaluate(scoped, later)
    assert active() == []


def test_quota_rises_and_falls_with_use(quiet, scoped, subscribed):
    QuotaPeriod.objects.create(msp=scoped, tenant=quiet, quota=100, effective_on="2026-11-01", end_on="2026-12-31")
    steps = [("85", [("quota", 1, W)]), ("97", [("quota", 2, C)]), ("81", [("quota", 1, W)]), ("50", [])]
    for number, (cu, expected) in enumerate(steps):
        moment = NOW + timedelta(minutes=number)
        intake.store_usage(scoped, [(1, usage(quiet, cu_consumed=cu, measured_at=moment.isoformat()))], moment)
        while rollups.drain(scoped, moment):
            pass
        alerts.evaluate(scoped, moment)
        assert active() == expected, cu
    assert TenantHealth.objects.get().quota_used_percent == 50
    assert len(mails()) == 2


def test_a_missed_day_loses_no_reminder(quiet, scoped):
    Tenant.objects.filter(pk=quiet.pk).update(license_expiry=date(2026, 12, 30))
    alerts.evaluate(scoped, NOW)
    assert active() == []
    # Nobody looked for three weeks: the nearest threshold is told, the others are not made up for.
    alerts.evaluate(scoped, at("2026-12-24T08:00:00Z"))
    assert active() == [("commercial_expiry", 3, W)]
    Tenant.objects.filter(pk=quiet.pk).update(license_expiry=date(2030, 1, 1))
    alerts.evaluate(scoped, at("2026-12-25T08:00:00Z"))
    assert active() == []


def move(tenant, **fields):
    with scope.entered("worker", msp=tenant.msp_id):
        Tenant.objects.filter(pk=tenant.pk).update(**fields)


def test_deletion_is_told_cancelled_and_resolves_after_seven_days(quiet, scoped):
    move(quiet, state=TenantState.DELETING, delete_on=date(2026, 12, 1), state_before_deleting=TenantState.READY)
    alerts.evaluate(scoped, NOW)
    assert active() == [("deletion_initiated", 1, C)]
    move(quiet, state=TenantState.READY, delete_on=None)
    alerts.evaluate(scoped, NOW + timedelta(hours=1))
    assert active() == [("deletion_cancelled", 1, INFO)]
    alerts.evaluate(scoped, NOW + timedelta(days=7))
    assert active() == [("deletion_cancelled", 1, INFO)]
    alerts.evaluate(scoped, NOW + timedelta(days=7, hours=1))
    assert active() == []


def test_a_deleted_tenant_is_told_once(quiet, scoped):
    send(scoped, quiet, "j0", "failed", NOW)
    alerts.evaluate(scoped, NOW)
    move(quiet, state=TenantState.DELETING, delete_on=date(2026, 11, 24), state_before_deleting=TenantState.READY)
    move(quiet, state=TenantState.DELETED, deleted_at=NOW)
    for hours in (1, 2, 24 * 7, 24 * 8, 24 * 9):
        alerts.evaluate(scoped, NOW + timedelta(hours=hours))
    assert [(alert.type, alert.state) for alert in Alert.objects.order_by("pk")] == [
        ("backup_failed", "resolved"),
        ("tenant_deleted", "resolved"),
    ]


def test_a_sandbox_gives_no_alerts(scoped, plan):
    customer = Customer.objects.create(msp=scoped, account_name="Sandbox", is_sandbox=True)
    CustomerSummary.objects.create(customer=customer, msp=scoped)
    tenant = make_tenant(customer, plan, tenant_type=TenantType.SANDBOX)
    send(scoped, tenant, "j0", "failed", NOW)
    assert alerts.evaluate(scoped, NOW) == 0


def test_a_source_outside_its_plan_is_told(quiet, scoped):
    send(scoped, quiet, "j0", "successful", NOW, workload="nas")
    alerts.evaluate(scoped, NOW)
    assert active() == [("plan_workload", 1, W)]


def test_only_what_was_asked_for_is_mailed_and_to_administrators_only(quiet, scoped, ada, rita):
    AlertSubscription.objects.create(msp=scoped, user=ada, types=[AlertType.QUOTA])
    AlertSubscription.objects.create(msp=scoped, user=rita, severities=[W, C])
    send(scoped, quiet, "j0", "failed", NOW)
    alerts.evaluate(scoped, NOW)
    assert mails() == []


def test_a_digest_comes_once_a_day_at_the_persons_hour(quiet, scoped, ada):
    AlertSubscription.objects.create(
        msp=scoped,
        user=ada,
        severities=[W],
        delivery=Delivery.DAILY,
        digest_hour=7,
        digested_at=NOW - timedelta(hours=1),
    )
    send(scoped, quiet, "j0", "failed", NOW)
    alerts.evaluate(scoped, NOW)

    def digest(moment: str) -> int:
        with scope.entered("worker", msp=scoped.pk):
            return emails.send_digests(scoped, at(moment))

    # ada lives in Berlin.
    assert digest("2026-11-24T20:00:00Z") == 0
    assert digest("2026-11-25T05:59:00Z") == 0
    assert digest("2026-11-25T06:00:00Z") == 1
    assert digest("2026-11-25T06:01:00Z") == 0
    assert digest("2026-11-26T06:01:00Z") == 0
    assert mails() == [f"alert-digest:{ada.pk}:2026-11-25"]


def test_another_msps_alerts_are_not_touched(quiet, scoped, foreign_tenant, eastgate):
    with scope.entered("worker", msp=eastgate.pk), time_machine.travel(NOW):
        alert = Alert.objects.create(
            msp=eastgate,
            customer=foreign_tenant.customer,
            tenant=foreign_tenant,
            product="hybrid",
            type="quota",
            object_key=f"tenant:{foreign_tenant.pk}",
            severity=W,
            summary="x",
            first_seen=NOW,
            last_seen=NOW,
            raised_at=NOW,
        )
    alerts.evaluate(scoped, NOW)
    with scope.entered("worker", msp=eastgate.pk):
        assert Alert.objects.get(pk=alert.pk).state == AlertState.ACTIVE


# -- Error messages and failed restores ---------------------------------------------------------------------------


def test_an_alert_has_the_last_error_message(quiet, scoped):
    send(scoped, quiet, "j0", "failed", NOW, message="wrong password")
    alerts.evaluate(scoped, NOW)
    assert Alert.objects.get().message == "wrong password"
    later = NOW + timedelta(hours=1)
    send(scoped, quiet, "j1", "failed", later, message="repository is locked")
    assert alerts.evaluate(scoped, later) == 0
    assert Alert.objects.get().message == "repository is locked"


def test_a_failed_restore_alerts_until_a_later_one_succeeds(quiet, scoped, subscribed):
    send(scoped, quiet, "r0", "failed", NOW, kind="restore", message="disk full")
    alerts.evaluate(scoped, NOW)
    assert active() == [("restore_failed", 1, W)]
    event = Event.objects.get(action="source.restore_failed")
    assert (event.object_label, event.customer_id) == (quiet.customer.account_name, quiet.customer_id)
    assert (event.private.label, event.private.changes) == ("srv-1", {"Message": ["", "disk full"]})
    # A backup says nothing about restores; a restore that ended earlier neither.
    send(scoped, quiet, "j0", "successful", NOW + timedelta(hours=1))
    send(scoped, quiet, "r1", "successful", NOW - timedelta(hours=1), kind="restore")
    alerts.evaluate(scoped, NOW + timedelta(hours=1))
    assert active() == [("restore_failed", 1, W)]
    assert CustomerSummary.objects.get().health == Health.WARNING
    send(scoped, quiet, "r2", "completed_with_errors", NOW + timedelta(hours=2), kind="restore")
    alerts.evaluate(scoped, NOW + timedelta(hours=2))
    assert active() == []
    assert CustomerSummary.objects.get().health == Health.OK
    assert len(mails()) == 1


# -- Emails -------------------------------------------------------------------------------------------------------


def texts() -> list[tuple[str, str]]:
    with scope.entered("worker"):
        rows = OutboxMessage.objects.filter(kind__startswith="alert.").order_by("pk")
        return [(row.body.subject, row.body.text) for row in rows.select_related("body")]


@pytest.mark.parametrize(("failing", "emails_sent"), [(5, 5), (6, 1), (60, 1)])
def test_many_alerts_of_one_evaluation_are_one_email(quiet, scoped, subscribed, failing, emails_sent):
    for number in range(failing):
        send(scoped, quiet, f"j{number}", "failed", NOW, data_source=f"srv-{number:02}", message=f"reason {number}")
    assert alerts.evaluate(scoped, NOW) == failing
    sent = texts()
    assert len(sent) == emails_sent
    if emails_sent == 1:
        subject, text = sent[0]
        assert subject == f"{failing} new alerts"
        assert text.count("The last backup of srv-") == min(failing, 50)
        assert text.count("/alerts/") == min(failing, 50) + 1
        assert ("and 10 more" in text) == (failing == 60)
        assert "reason 0" in text
        assert "Harbour Logistics" in text
    assert alerts.evaluate(scoped, NOW + timedelta(minutes=1)) == 0
    assert len(texts()) == emails_sent


def test_an_email_has_the_reason_the_persons_time_and_a_link_to_the_alert(quiet, scoped, subscribed, ada):
    type(ada).objects.filter(pk=ada.pk).update(time_zone="America/New_York")
    send(scoped, quiet, "j0", "failed", NOW, message="wrong password")
    alerts.evaluate(scoped, NOW)
    [(subject, text)] = texts()
    assert subject == "Warning: The last backup of srv-1 failed (Harbour Logistics)"
    for words in (
        "Message: wrong password",
        "Organization: Kiel",
        "Data source: srv-1",
        "First seen: 24 Nov 2026, 03:00 -0500",
        f"/alerts/{Alert.objects.get().pk}/\n",
    ):
        assert words in text


def test_a_quota_that_crosses_a_level_again_sends_another_email(quiet, scoped, subscribed):
    QuotaPeriod.objects.create(msp=scoped, tenant=quiet, quota=100, effective_on="2026-11-01", end_on="2026-12-31")
    for number, cu in enumerate(("92", "85", "93")):
        moment = NOW + timedelta(minutes=number)
        intake.store_usage(scoped, [(1, usage(quiet, cu_consumed=cu, measured_at=moment.isoformat()))], moment)
        while rollups.drain(scoped, moment):
            pass
        alerts.evaluate(scoped, moment)
    alert = Alert.objects.get()
    assert mails() == [f"alert:{alert.pk}:{count}:{subscribed.user_id}" for count in (1, 2)]


def test_a_digest_marks_what_has_resolved(quiet, scoped, subscribed):
    AlertSubscription.objects.update(delivery=Delivery.DAILY, digested_at=NOW - timedelta(days=1))
    for number in range(2):
        send(scoped, quiet, f"j{number}", "failed", NOW, data_source=f"srv-{number}", message="no route to host")
    alerts.evaluate(scoped, NOW)
    send(scoped, quiet, "again", "successful", NOW + timedelta(hours=1), data_source="srv-1")
    alerts.evaluate(scoped, NOW + timedelta(hours=1))
    assert emails.send_digests(scoped, NOW + timedelta(hours=2)) == 1
    [(subject, text)] = texts()
    assert subject == "2 new alerts"
    assert "Resolved meanwhile: 1." in text
    assert "The last backup of srv-1 failed (resolved 24 Nov, 10:00 +0100)" in text
    assert text.count("resolved 24 Nov") == 1
    assert text.count("no route to host") == 2


@pytest.mark.parametrize(
    ("used", "words"),
    [
        ("89.59", "89.5 % of the quota of Hybrid Workloads is used (warning level: 80 %)"),
        ("89.99", "89.9 % of the quota of Hybrid Workloads is used (warning level: 80 %)"),
        ("90", "90 % of the quota of Hybrid Workloads is used (critical level: 90 %)"),
        ("250.05", "250 % of the quota of Hybrid Workloads is used (critical level: 90 %)"),
    ],
)
def test_a_quota_is_named_by_the_level_it_crossed(used, words):
    assert conditions.quota_condition(HYBRID, Decimal(used), 80, 90).summary == words


def test_a_deletion_cancelled_between_two_evaluations_is_told(quiet, scoped, ada):
    alerts.evaluate(scoped, NOW)
    with time_machine.travel(NOW + timedelta(seconds=20), tick=False):
        transitions.delete_tenant(by=ada, tenant=quiet, typed_name="", delete_on=None)
        transitions.cancel_deletion(by=ada, tenant=quiet)
        assert alerts.evaluate(scoped, NOW + timedelta(minutes=1)) == 1
        assert active() == [("deletion_cancelled", 1, INFO)]
        assert alerts.evaluate(scoped, NOW + timedelta(minutes=2)) == 0
