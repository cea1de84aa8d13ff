"""Alerts of an MSP: what holds now is found, beside it lies what was active, and the difference is written.

At most one alert is active per type and object; its threshold rises and falls with the condition, and it resolves
when the condition ends. Facts of one moment resolve by themselves after seven days.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from django.db import connection
from django.utils import timezone

from health import conditions, emails, locks
from health.conditions import FARTHEST_EXPIRY_DAYS, Condition, Limits, Subject
from health.models import Alert, DataSource, RollupState
from health.recount import recount_customers
from health.statuses import ONE_OFF, AlertState, AlertType
from msc.access import scope
from msc.access.actors import TaskActor
from msc.access.models import Msp
from msc.events import log
from msc.events.models import Category
from tenants.states import TenantState

ONE_OFF_LIFE = timedelta(days=7)
SEEN_STEP = timedelta(hours=1)
#: An event may commit this much later than the moment it names.
LATE_COMMIT = timedelta(minutes=5)
Key = tuple[str, str]

# Sandboxes give no alerts. What the person in charge cannot change any more, of a product that is being deleted,
# gives none either, but for the deletion itself.
_TENANTS = """
SELECT t.id, t.customer_id, t.product, t.tenant_type, t.state, t.license_expiry, t.delete_on, h.quota_used_percent
FROM tenants_tenant t JOIN customers_customer c ON c.id = t.customer_id AND NOT c.is_sandbox
LEFT JOIN health_tenanthealth h ON h.tenant_id = t.id
WHERE t.msp_id = %(msp)s AND ((t.deleted_at IS NULL AND (t.license_expiry <= %(horizon)s OR t.state = 'deleting'
        OR h.quota_used_percent >= %(warning)s))
    OR t.deleted_at >= %(recently)s)
"""
_SOURCES = """
SELECT s.id, s.customer_id, s.tenant_id, t.product, s.name, s.workload, t.state, s.failures_in_row, s.last_message,
    s.failed_restore_at > coalesce(s.restores_closed_at, '-infinity'), s.failed_restore_message, s.is_silent,
    s.policy_interval_hours, s.policy_retention_days, p.workloads, p.backup_interval_min_hours,
    p.backup_interval_max_hours, p.retention_min_days, p.retention_max_days
FROM health_datasource s
JOIN tenants_tenant t ON t.id = s.tenant_id AND t.state IN ('ready', 'updating', 'suspended')
JOIN customers_customer c ON c.id = s.customer_id AND NOT c.is_sandbox
LEFT JOIN serviceplans_planproduct p ON p.plan_id = t.service_plan_id AND p.product = t.product
WHERE s.msp_id = %(msp)s AND (s.failures_in_row > 0 OR s.is_silent
    OR s.failed_restore_at > coalesce(s.restores_closed_at, '-infinity') OR NOT s.workload = ANY(p.workloads)
    OR s.policy_interval_hours < p.backup_interval_min_hours OR s.policy_interval_hours > p.backup_interval_max_hours
    OR s.policy_retention_days < p.retention_min_days OR s.policy_retention_days > p.retention_max_days)
"""


@dataclass
class Difference:
    """What is to be written so that the alerts agree with what holds."""

    raised: list[Condition] = field(default_factory=list)
    worsened: list[tuple[Alert, Condition]] = field(default_factory=list)
    changed: list[tuple[Alert, Condition]] = field(default_factory=list)
    seen: list[Alert] = field(default_factory=list)
    resolved: list[Alert] = field(default_factory=list)


def evaluate(msp: Msp, now: datetime | None = None) -> int:
    """Bring the alerts of the MSP in line with what holds now; return how many rose."""
    now = now or timezone.now()
    with scope.entered("worker", msp=msp.pk):
        if not locks.begin_rollup(msp.pk):
            return 0
        active = list(Alert.objects.for_msp(msp.pk).active())
        found = [*_conditions(msp, now), *_transitions(msp, active, now)]
        difference = compare(found, active, now)
        risen = _write(msp, difference, now)
        _record_failed_restores(msp, risen)
        emails.alerts_raised(msp, risen, now)
        touched = [*risen, *difference.resolved]
        recount_customers(msp, {alert.customer_id for alert in touched if alert.customer_id is not None})
        RollupState.objects.filter(pk=msp.pk).update(evaluated_at=now)
        return len(risen)


def compare(found: Sequence[Condition], active: Sequence[Alert], now: datetime) -> Difference:
    """Return the difference between what holds and what is active."""
    difference = Difference()
    standing: dict[Key, Alert] = {(alert.type, alert.object_key): alert for alert in active}
    for condition in found:
        alert = standing.pop((condition.type, condition.subject.key), None)
        if alert is None:
            difference.raised.append(condition)
        elif condition.threshold > alert.threshold:
            difference.worsened.append((alert, condition))
        elif (condition.threshold, condition.summary, condition.message) != (
            alert.threshold,
            alert.summary,
            alert.message,
        ):
            difference.changed.append((alert, condition))
        elif now - alert.last_seen >= SEEN_STEP:
            difference.seen.append(alert)
    for alert in standing.values():
        if alert.type not in ONE_OFF or now - alert.first_seen >= ONE_OFF_LIFE:
            difference.resolved.append(alert)
    return difference


def _conditions(msp: Msp, now: datetime) -> Iterator[Condition]:
    """Yield what holds of the MSP's products and data sources."""
    today = msp.today(now)
    values = {
        "msp": msp.pk,
        "horizon": today + timedelta(days=FARTHEST_EXPIRY_DAYS),
        "warning": msp.quota_warning_percent,
        "recently": now - ONE_OFF_LIFE,
    }
    for row in _rows(_TENANTS, values):
        yield from _of_tenant(msp, today, *row)
    for row in _rows(_SOURCES, values):
        yield from _of_source(*row)


def _of_tenant(msp: Msp, today: date, pk: int, customer: int, product: str, *facts: Any) -> Iterator[Condition]:
    tenant_type, state, expiry, delete_on, used = facts
    subject = Subject(customer, pk, product)
    if state == TenantState.DELETING:
        yield conditions.deletion_condition(subject, delete_on)
    elif state != TenantState.DELETED:
        yield from filter(
            None,
            (
                conditions.license_condition(subject, tenant_type, expiry, today),
                conditions.quota_condition(subject, used, msp.quota_warning_percent, msp.quota_critical_percent),
            ),
        )


def _of_source(pk: int, customer: int, tenant: int, product: str, name: str, *facts: Any) -> Iterator[Condition]:
    workload, state, failures, message, restore_failed, restore_message, is_silent, *policy = facts
    interval, retention, workloads, *bounds = policy
    subject = Subject(customer, tenant, product, pk, name)
    # A suspended product takes no runs: that its sources are silent is no news.
    expected = state != TenantState.SUSPENDED
    if found := conditions.backup_condition(subject, name, failures, message):
        yield found
    if found := conditions.restore_condition(subject, name, has_failed=bool(restore_failed), message=restore_message):
        yield found
    if expected and (found := conditions.silence_condition(subject, name, is_silent=is_silent)):
        yield found
    if workloads is not None:
        limits = Limits(tuple(workloads), *bounds)
        yield from conditions.plan_conditions(
            subject, name, workload=workload, interval=interval, retention=retention, limits=limits
        )


def _transitions(msp: Msp, active: Sequence[Alert], now: datetime) -> list[Condition]:
    """Return facts of one moment: a deletion that was cancelled, a product that is gone; each is told once."""
    initiated = [a for a in active if a.type == AlertType.DELETION_INITIATED and a.tenant_id is not None]
    states = dict(
        _rows(
            "SELECT id, state FROM tenants_tenant WHERE msp_id = %(msp)s AND id = ANY(%(ids)s::bigint[])",
            {"msp": msp.pk, "ids": [alert.tenant_id for alert in initiated]},
        )
    )
    alive = [alert for alert in initiated if states[alert.tenant_id] not in (TenantState.DELETING, TenantState.DELETED)]
    cancelled = [conditions.cancelled_condition(_subject(alert)) for alert in alive]
    # A deletion that began and was cancelled since the last evaluation never raised an alert: the events have it.
    unseen = _rows(
        """
        SELECT DISTINCT t.customer_id, t.id, t.product FROM events_event e
        JOIN tenants_tenant t ON t.msp_id = %(msp)s AND t.id = e.object_id
            AND t.state NOT IN ('deleting', 'deleted') AND NOT t.id = ANY(%(told)s::bigint[])
        JOIN customers_customer c ON c.id = t.customer_id AND NOT c.is_sandbox
        WHERE e.msp_id = %(msp)s AND e.category = %(category)s AND e.at >= %(since)s
            AND e.action = 'tenant.deletion_cancelled' AND NOT EXISTS (SELECT FROM health_alert a
                WHERE a.msp_id = %(msp)s AND a.type = %(type)s AND a.object_key = 'tenant:' || t.id
                    AND a.first_seen >= e.at)
        """,
        {
            "msp": msp.pk,
            "told": [alert.tenant_id for alert in alive],
            "category": Category.CHANGE.value,
            "since": _evaluated_at(msp, now) - LATE_COMMIT,
            "type": AlertType.DELETION_CANCELLED.value,
        },
    )
    cancelled += [conditions.cancelled_condition(Subject(*row)) for row in unseen]
    gone = _rows(
        """
        SELECT t.customer_id, t.id, t.product FROM tenants_tenant t
        JOIN customers_customer c ON c.id = t.customer_id AND NOT c.is_sandbox
        WHERE t.msp_id = %(msp)s AND t.deleted_at >= %(recently)s AND NOT EXISTS (SELECT FROM health_alert a
            WHERE a.msp_id = %(msp)s AND a.type = %(type)s AND a.object_key = 'tenant:' || t.id)
        """,
        {"msp": msp.pk, "recently": now - ONE_OFF_LIFE, "type": AlertType.TENANT_DELETED.value},
    )
    return [*cancelled, *(conditions.deleted_condition(Subject(*row)) for row in gone)]


def _evaluated_at(msp: Msp, now: datetime) -> datetime:
    last = RollupState.objects.filter(pk=msp.pk).values_list("evaluated_at", flat=True).first()
    return last or now - ONE_OFF_LIFE


def _record_failed_restores(msp: Msp, risen: Sequence[Alert]) -> None:
    """Write an event for each data source whose restore failed; its name and the message are the MSP's own."""
    failed = [alert for alert in risen if alert.type == AlertType.RESTORE_FAILED]
    if not failed:
        return
    sources = DataSource.objects.for_msp(msp.pk).select_related("customer")
    by_id = sources.in_bulk([alert.data_source_id for alert in failed if alert.data_source_id])
    happenings = [
        log.Happening(
            on=source,
            label=source.customer.account_name,
            private_label=source.name,
            customer_id=source.customer_id,
            changes={},
            private={"Message": ("", alert.message)} if alert.message else {},
        )
        for alert in failed
        if (source := by_id.get(alert.data_source_id or 0))
    ]
    log.record_all(by=TaskActor("alerts", msp.pk), action="source.restore_failed", happenings=happenings)


def _subject(alert: Alert) -> Subject:
    return Subject(alert.customer_id or 0, alert.tenant_id or 0, alert.product)


def _write(msp: Msp, difference: Difference, now: datetime) -> list[Alert]:
    """Write the difference; return the alerts that are new or crossed their next threshold."""
    raised = Alert.objects.bulk_create([_new(msp, condition, now) for condition in difference.raised])
    for alert, condition in [*difference.worsened, *difference.changed]:
        alert.severity, alert.threshold, alert.summary = condition.severity, condition.threshold, condition.summary
        alert.message, alert.last_seen = condition.message, now
    for alert, _ in difference.worsened:
        alert.raised_at = now
        alert.count += 1
    changed = [alert for alert, _ in [*difference.worsened, *difference.changed]]
    Alert.objects.bulk_update(
        changed, ["severity", "threshold", "summary", "message", "last_seen", "raised_at", "count"], 500
    )
    Alert.objects.filter(pk__in=[alert.pk for alert in difference.seen]).update(last_seen=now)
    Alert.objects.filter(pk__in=[alert.pk for alert in difference.resolved]).update(
        state=AlertState.RESOLVED, resolved_at=now
    )
    return [*raised, *(alert for alert, _ in difference.worsened)]


def _new(msp: Msp, condition: Condition, now: datetime) -> Alert:
    subject = condition.subject
    return Alert(
        msp=msp,
        customer_id=subject.customer_id,
        tenant_id=subject.tenant_id,
        data_source_id=subject.source_id,
        product=subject.product,
        type=condition.type,
        object_key=subject.key,
        folded_object=subject.folded_name,
        severity=condition.severity,
        threshold=condition.threshold,
        summary=condition.summary[:500],
        message=condition.message,
        first_seen=now,
        last_seen=now,
        raised_at=now,
    )


def _rows(sql: str, values: dict[str, Any]) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return list(cursor.fetchall())
