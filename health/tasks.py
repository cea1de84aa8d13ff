"""Health's tasks; each may run twice, at once or in a row, without harm."""

import time

from celery import shared_task

from health import rollups
from msc.access import scope
from msc.access.models import Msp, MspState

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
    """Do what the clock asks for in every MSP: windows at its midnight, a changed zone, silent sources."""
    for msp in working_msps():
        rollups.keep_up(msp)


@shared_task
def retain() -> None:
    """Close days past their retention and delete what they were counted from."""
    for msp in working_msps():
        if rollups.close_days(msp):
            rollups.purge(msp)


def working_msps() -> list[Msp]:
    """Return the MSPs that are not closed."""
    with scope.entered("worker"):
        return list(Msp.objects.filter(state=MspState.ACTIVE).order_by("pk"))
