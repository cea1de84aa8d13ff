"""The tick that tells that beat, Redis and a worker all do their part."""

from celery import shared_task

from msc.access import scope
from msc.operations.models import Heartbeat


@shared_task
def tick() -> None:
    """Note that a ring of beat has reached a worker and the database."""
    with scope.entered("worker"):
        Heartbeat.of("worker")
