"""What happens to products by itself; each task claims its rows, may run twice and harms nothing."""

from datetime import datetime, timedelta

import structlog
from celery import shared_task
from django.db.models import F, Q
from django.utils import timezone

from msc.access import scope
from msc.access.actors import TaskActor
from tenants import provisioning, summaries, transitions
from tenants.models import QuotaPeriod, Tenant

logger = structlog.get_logger(__name__)
AT_ONCE = 100


@shared_task
def apply_changes() -> None:
    """Let the provisioner make real what was decided, and move Creating and Updating on to Ready."""
    for _ in range(AT_ONCE):
        if not apply_one():
            return


def apply_one() -> bool:
    """Work on the product that has waited longest, in a transaction of its own; tell whether there was one."""
    with scope.entered("worker"):
        tenant = Tenant.objects.awaiting_provisioner().select_for_update(skip_locked=True, no_key=True).first()
        if tenant is None:
            return False
        scope.narrow_to_msp(tenant.msp_id)
        _apply(tenant)
    return True


def _apply(tenant: Tenant) -> None:
    try:
        provisioning.provisioner()(tenant)
    except (provisioning.ProvisionerError, OSError) as error:
        logger.warning("provisioner_failed", tenant=tenant.pk, attempts=tenant.apply_attempts + 1, error=str(error))
        later = provisioning.retry_at(tenant.apply_attempts, timezone.now())
        Tenant.objects.filter(pk=tenant.pk).update(apply_attempts=F("apply_attempts") + 1, apply_after=later)
    else:
        transitions.finish_applying(by=TaskActor("provisioner", msp_id=tenant.msp_id), tenant=tenant)


@shared_task
def purge() -> None:
    """Purge the products whose delete date has come where their MSP is."""
    purge_due(timezone.now())


def purge_due(now: datetime) -> int:
    """Purge what is due at the moment, each product in a transaction of its own; return how many."""
    with scope.entered("worker"):
        due = list(Tenant.objects.due_for_purge(now).values_list("pk", "msp_id"))
    return sum(_purge(pk, msp_id, now) for pk, msp_id in due)


def _purge(pk: int, msp_id: int, now: datetime) -> bool:
    with scope.entered("worker", msp=msp_id):
        tenant = Tenant.objects.get(pk=pk)
        return transitions.purge_tenant(by=TaskActor("purge", msp_id=msp_id), tenant=tenant, now=now)


@shared_task
def follow_quotas() -> None:
    """Recount the customers whose quota begins or has ended within a day: the list shows the one in force."""
    follow_quotas_at(timezone.now())


def follow_quotas_at(now: datetime) -> None:
    """Recount MSP by MSP; a zone is at most a day away from UTC, so two days are looked at on either side."""
    first, last = (now - timedelta(days=2)).date(), (now + timedelta(days=2)).date()
    with scope.entered("worker"):
        msps = list(Tenant.objects.live().values_list("msp_id", flat=True).distinct())
    for msp_id in msps:
        with scope.entered("worker", msp=msp_id):
            periods = QuotaPeriod.objects.filter(
                Q(effective_on__range=(first, last)) | Q(end_on__range=(first, last)),
                msp=msp_id,
                replaced_at=None,
                tenant__deleted_at=None,
            )
            summaries.refresh(set(periods.values_list("tenant__customer_id", flat=True)), now=now)
