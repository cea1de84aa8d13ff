"""What programs and people change in health: runs and usage come in, a policy is set by hand, alerts are subscribed to."""

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction
from django.utils import timezone

from health import intake, tools
from health.intake import Numbered, Outcome
from health.models import Alert, DataSource, Run
from health.records import Refused
from health.refused import Endpoint
from health.statuses import AlertState, RunStatus
from msc.access.models import Msp, User
from msc.access.permits import require
from msc.errors import DomainError
from msc.events import log
from msc.events.conflicts import refuse_stale
from msc.people.models import ApiCredential

#: Characters from the end of a tool's output that are shown of a refused one.
SHOWN_OUTPUT = 400


@transaction.atomic
def take_runs(*, by: ApiCredential, msp: Msp, records: Iterable[Numbered]) -> Outcome:
    """Keep the runs that a program sends for tenants of its MSP."""
    now = timezone.now()
    outcome = intake.store_runs(_own(by, msp), records, now)
    outcome.samples.keep(by=by, msp=msp, endpoint=Endpoint.RUNS, now=now)
    return outcome


@transaction.atomic
def take_usage(*, by: ApiCredential, msp: Msp, records: Iterable[Numbered]) -> Outcome:
    """Keep the usage records that a program sends for tenants of its MSP."""
    now = timezone.now()
    outcome = intake.store_usage(_own(by, msp), records, now)
    outcome.samples.keep(by=by, msp=msp, endpoint=Endpoint.USAGE, now=now)
    return outcome


@transaction.atomic
def take_output(*, by: ApiCredential, msp: Msp, tool: str, text: str, parameters: dict[str, str]) -> Outcome:
    """Keep the run that the output of a backup tool tells of."""
    now = timezone.now()
    outcome = Outcome()
    try:
        outcome = _store_output(_own(by, msp), tools.TOOLS[tool], text, parameters, now)
    except Refused as refused:
        outcome.refuse(1, refused, parameters | {"output": text[-SHOWN_OUTPUT:]})
        outcome.samples.keep(by=by, msp=msp, endpoint=Endpoint(tool), now=now)
    return outcome


def _store_output(msp: Msp, tool: tools.Tool, text: str, parameters: dict[str, str], now: datetime) -> Outcome:
    """Store the run; raise Refused with the caller's word for the field when it is not kept."""
    call = tools.call_of(parameters, now)
    record = tools.record_of(tool, text, call, parameters, now)
    if call.ended_at is None and not call.is_running and (known := _end_known(msp, record["tenant"], record["job_id"])):
        record["ended_at"] = known.isoformat()
    outcome = intake.store_runs(msp, [(1, record)], now)
    if outcome.refusals:
        raise Refused(_parameter_of(outcome.refusals[0].field), outcome.refusals[0].reason)
    if record["kind"] == "other":
        outcome.note = tools.NOTE
    return outcome


def _own(by: ApiCredential, msp: Msp) -> Msp:
    """Return the MSP of the credential; another one is a programming error."""
    if by.msp_id != msp.pk:
        raise ValueError("a credential works for its own MSP only")
    return msp


def _end_known(msp: Msp, tenant: int | None, job: str) -> datetime | None:
    """Return the end that is kept of a job: sent again without its end it must not seem to have ended now."""
    runs = Run.objects.for_msp(msp.pk).filter(tenant_id=tenant or 0, job_id=job.strip(), status__gt=RunStatus.RUNNING)
    return runs.values_list("ended_at", flat=True).first()


def _parameter_of(field: str) -> str:
    """Return the name by which the caller of restic's or borg's address knows a field."""
    return {"data_source": "source", "job_id": "job", "ended_at": "ended", "started_at": "started"}.get(field, field)


@transaction.atomic
def set_policy(
    *, by: User, source: DataSource, version: int, name: str, interval_hours: int | None, retention_days: int | None
) -> DataSource:
    """Set the backup policy of a data source by hand; with nothing set, the next run's policy stands again."""
    require(by, "tenant.edit")
    found = DataSource.objects.for_user(by).select_for_update(no_key=True).filter(pk=source.pk).first()
    if found is None:
        raise DomainError("This data source is gone. Close this window.")
    refuse_stale(found, version)
    before = _policy_in_words(found)
    asked = DataSource(policy_name=name, policy_interval_hours=interval_hours, policy_retention_days=retention_days)
    changes = log.changed(before, _policy_in_words(asked))
    if not changes:
        return found
    found.policy_name, found.policy_interval_hours = name, interval_hours
    found.policy_retention_days = retention_days
    found.policy_by_hand = bool(name or interval_hours or retention_days)
    found.policy_at = None
    found.version += 1
    found.save(
        update_fields=[
            "policy_name",
            "policy_interval_hours",
            "policy_retention_days",
            "policy_by_hand",
            "policy_at",
            "version",
        ]
    )
    intake.mark_source(found)
    # Names of sources and policies are the MSP's own: they may tell whose they are.
    log.record(
        by=by,
        action="source.policy_set",
        on=found,
        label=found.customer.account_name,
        private_label=found.name,
        customer_id=found.customer_id,
        private=changes,
    )
    return found


@transaction.atomic
def close_alert(*, by: User, alert: Alert, reason: str) -> None:
    """Close an alert by hand; what happened so far raises none again."""
    require(by, "alert.close")
    found = Alert.objects.for_user(by).select_for_update(no_key=True).filter(pk=alert.pk).first()
    source = (
        DataSource.objects.for_user(by).filter(pk=alert.data_source_id or 0).select_related("customer", "msp").first()
    )
    if found is None or source is None or found.state != AlertState.ACTIVE:
        raise DomainError("This alert has been resolved already. Close this window.")
    if not found.is_closable:
        raise DomainError("This alert resolves by itself when its cause ends; it cannot be closed by hand.")
    if not reason.strip():
        raise DomainError("Enter a reason.", field="reason")
    found.state, found.resolved_at = AlertState.RESOLVED, timezone.now()
    found.closed_by, found.close_reason = by.full_name[:320], reason.strip()
    found.save(update_fields=["state", "resolved_at", "closed_by", "close_reason"])
    DataSource.objects.for_user(by).filter(pk=source.pk).update(restores_closed_at=source.failed_restore_at)
    intake.mark_source(source)
    log.record(
        by=by,
        action="alert.closed",
        on=found,
        label=source.customer.account_name,
        private_label=found.summary,
        customer_id=source.customer_id,
        private={"Reason": ("", found.close_reason)},
    )


def _policy_in_words(source: DataSource) -> dict[str, str | int]:
    return {
        "Backup policy": source.policy_name,
        "Hours between backups": source.policy_interval_hours or "",
        "Days of retention": source.policy_retention_days or "",
    }
