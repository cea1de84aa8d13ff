"""When something is worth an alert: pure functions from facts to a condition, with how far it went.

Every threshold is a "no more than", never an "exactly": a day on which nobody looked loses no alert.
"""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from health.statuses import AlertType, Severity
from msc.access.names import folded_name
from msc.pages.kinds import floored
from serviceplans.catalogue import Product, Workload
from tenants.states import TenantType


@dataclass(frozen=True)
class Subject:
    """What an alert is about."""

    customer_id: int
    tenant_id: int
    product: str
    source_id: int | None = None
    source_name: str = ""

    @property
    def folded_name(self) -> str:
        """What lists sort it by: the name of the data source, or of the product."""
        return folded_name(self.source_name or Product(self.product).label)[:400]

    @property
    def key(self) -> str:
        return f"tenant:{self.tenant_id}" if self.source_id is None else f"source:{self.source_id}"


@dataclass(frozen=True)
class Condition:
    """Something that holds now; a higher threshold is worse."""

    type: AlertType
    subject: Subject
    threshold: int
    severity: Severity
    summary: str
    message: str = ""  # what the backup tool said


_LICENSES: dict[str, tuple[AlertType, str, tuple[int, ...]]] = {
    TenantType.COMMERCIAL: (AlertType.COMMERCIAL_EXPIRY, "Commercial license", (30, 15, 7, 3)),
    TenantType.EVALUATION: (AlertType.EVALUATION_EXPIRY, "Evaluation", (7, 3)),
}
FARTHEST_EXPIRY_DAYS = 30


def license_condition(subject: Subject, tenant_type: str, expiry: date | None, today: date) -> Condition | None:
    """Remind of a license that ends: a warning from far, critical on the last day and once it has passed."""
    if expiry is None or tenant_type not in _LICENSES:
        return None
    alert_type, name, reminders = _LICENSES[tenant_type]
    left = (expiry - today).days
    product = Product(subject.product).label
    if left < 0:
        step, severity, words = len(reminders) + 2, Severity.CRITICAL, f"expired on {expiry:%-d %b %Y}"
    elif left <= 1:
        when = "tomorrow" if left else "today"
        step, severity, words = len(reminders) + 1, Severity.CRITICAL, f"expires {when}"
    elif left <= reminders[0]:
        step = sum(left <= reminder for reminder in reminders)
        severity, words = Severity.WARNING, f"expires in {left} days, on {expiry:%-d %b %Y}"
    else:
        return None
    return Condition(alert_type, subject, step, severity, f"{name} of {product} {words}")


def quota_condition(subject: Subject, used: Decimal | None, warning: int, critical: int) -> Condition | None:
    """Report a quota that is nearly used up, with the level it crossed; both levels are settings of the MSP."""
    if used is None or used < warning:
        return None
    is_critical = used >= critical
    severity = Severity.CRITICAL if is_critical else Severity.WARNING
    level = critical if is_critical else warning
    summary = (
        f"{floored(used, 1)} % of the quota of {Product(subject.product).label} is used"
        f" ({severity.label.lower()} level: {level} %)"
    )
    return Condition(AlertType.QUOTA, subject, 2 if is_critical else 1, severity, summary)


def backup_condition(subject: Subject, name: str, failures: int, message: str = "") -> Condition | None:
    """Report a source whose last backup failed, more urgently when its last three did."""
    if failures == 0:
        return None
    if failures >= 3:
        step, severity, summary = 2, Severity.CRITICAL, f"The last 3 backups of {name} failed"
    else:
        step, severity, summary = 1, Severity.WARNING, f"The last backup of {name} failed"
    return Condition(AlertType.BACKUP_FAILED, subject, step, severity, summary, message)


def restore_condition(subject: Subject, name: str, *, has_failed: bool, message: str) -> Condition | None:
    """Report a source whose last restore failed and was not closed by hand."""
    if not has_failed:
        return None
    summary = f"The last restore of {name} failed"
    return Condition(AlertType.RESTORE_FAILED, subject, 1, Severity.WARNING, summary, message)


def silence_condition(subject: Subject, name: str, *, is_silent: bool) -> Condition | None:
    """Report a source that has not reported for longer than expected."""
    if not is_silent:
        return None
    summary = f"{name} has not reported a backup for longer than expected"
    return Condition(AlertType.SOURCE_SILENT, subject, 1, Severity.WARNING, summary)


@dataclass(frozen=True)
class Limits:
    """What the service plan of a tenant allows; None is no limit."""

    workloads: tuple[str, ...]
    interval_min: int | None = None
    interval_max: int | None = None
    retention_min: int | None = None
    retention_max: int | None = None


def plan_conditions(
    subject: Subject, name: str, *, workload: str, interval: int | None, retention: int | None, limits: Limits
) -> list[Condition]:
    """Tell what about a source the plan does not allow; a policy that nobody named is not known and tells nothing."""
    found: list[tuple[AlertType, str]] = []
    if workload not in limits.workloads:
        found.append((AlertType.PLAN_WORKLOAD, f"{Workload(workload).label} is not in the service plan"))
    if interval is not None and (bound := _outside(interval, limits.interval_min, limits.interval_max)):
        found.append((AlertType.PLAN_FREQUENCY, f"a backup every {interval} h; the plan says {bound} h"))
    if retention is not None and (bound := _outside(retention, limits.retention_min, limits.retention_max)):
        found.append((AlertType.PLAN_RETENTION, f"backups are kept {retention} days; the plan says {bound} days"))
    return [Condition(kind, subject, 1, Severity.WARNING, f"{name}: {words}") for kind, words in found]


def _outside(value: int, least: int | None, most: int | None) -> str:
    """Return the limit that the value breaks, in words, or nothing."""
    if least is not None and value < least:
        return f"at least {least}"
    return f"at most {most}" if most is not None and value > most else ""


def deletion_condition(subject: Subject, delete_on: date | None) -> Condition:
    """Tell that a product is marked for deletion and when it goes."""
    when = f" on {delete_on:%-d %b %Y}" if delete_on else ""
    summary = f"{Product(subject.product).label} will be deleted{when}"
    return Condition(AlertType.DELETION_INITIATED, subject, 1, Severity.CRITICAL, summary)


def cancelled_condition(subject: Subject) -> Condition:
    """Tell that a product is no longer marked for deletion."""
    summary = f"The deletion of {Product(subject.product).label} was cancelled"
    return Condition(AlertType.DELETION_CANCELLED, subject, 1, Severity.INFORMATION, summary)


def deleted_condition(subject: Subject) -> Condition:
    """Tell that a product is gone."""
    summary = f"{Product(subject.product).label} was deleted"
    return Condition(AlertType.TENANT_DELETED, subject, 1, Severity.CRITICAL, summary)
