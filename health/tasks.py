"""Health's tasks; each may run twice, at once or in a row, without harm."""

import time

from celery import shared_task
from django.utils import timezone

from health import alerts, derived, emails, overdue, rollups
from health.models import DataSource
from msc.access import scope
from msc.access.models import Msp, MspState
from tenants.states import TenantState

DRAIN_SECONDS = 45.0


@shared_task
def drain() -> None:
    """Recount what facts have marked; beat rings every few seconds."""
    until = time.monotonic() + DRAIN_SECONDS
    for msp in rollups.msps_with_marks():
        while time.monotonic() < until and rollups.drain(msp):
            pass


@shared_task
def keep_up() -> None:
    """Do what the clock asks for in every MSP: overdue jobs, windows at its midnight, a changed zone, silent sources."""
    for msp in working_msps():
        overdue.close_overdue_jobs(msp, timezone.now())
        rollups.keep_up(msp)


@shared_task
def retain() -> None:
    """Close days past their retention and delete what they were counted from, and refused records."""
    for msp in working_msps():
        for tenant in _purged_tenants(msp):
            rollups.forget_tenant(msp, tenant)
        if rollups.close_days(msp):
            rollups.purge(msp)
        rollups.purge_refused(msp, timezone.now())


def _purged_tenants(msp: Msp) -> list[int]:
    """Return the tenants that are gone but still have data sources."""
    with scope.entered("worker", msp=msp.pk):
        gone = DataSource.objects.for_msp(msp.pk).filter(tenant__state=TenantState.DELETED)
        return list(gone.values_list("tenant_id", flat=True).distinct())


def working_msps() -> list[Msp]:
    """Return the MSPs that are not closed."""
    with scope.entered("worker"):
        return list(Msp.objects.filter(state=MspState.ACTIVE).order_by("pk"))


@shared_task
def derive_usage() -> None:
    """Derive usage from sizes and users where plans have rates and no program reports usage."""
    for msp in working_msps():
        derived.derive_usage(msp)


@shared_task
def evaluate_alerts() -> None:
    """Bring every MSP's alerts in line with what holds, and send the daily digests that are due."""
    for msp in working_msps():
        alerts.evaluate(msp)
        with scope.entered("worker", msp=msp.pk):
            emails.send_digests(msp, timezone.now())
