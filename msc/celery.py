"""The bell that rings the portal's tasks; what there is to do stands in PostgreSQL.

Every task claims its work from the database, enters the scope it needs and may run twice, at once or in a row,
without harm. So a lost message costs one beat's wait, a doubled one nothing, and an emptied Redis nothing.
"""

import os
import sys
from datetime import timedelta
from typing import NamedTuple

from celery import Celery
from celery.signals import worker_init
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from msc.access.login import refuse_powerful_login
from msc.operations.checks import refuse_what_cannot_work

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "msc.settings")

SOFT_SECONDS, HARD_SECONDS = 240, 300  # a task that takes longer is broken off, then killed
VISIBILITY_SECONDS = 600  # longer than HARD_SECONDS: only then is a killed worker's task given to another
AWAY_SECONDS = 5  # how long Redis may keep silent before it counts as gone

app = Celery("msc")
app.conf.update(
    broker_url=settings.REDIS_URL,
    broker_connection_retry_on_startup=True,
    broker_connection_max_retries=None,
    broker_transport_options={
        "visibility_timeout": VISIBILITY_SECONDS,
        # Together: look for a killed worker's tasks every ten seconds, not every hundred.
        "unacked_restore_interval": 10,
        "unacked_restore_throttle": 1,
        "socket_timeout": AWAY_SECONDS,
        "socket_connect_timeout": AWAY_SECONDS,
        "socket_keepalive": True,
        "retry_on_timeout": True,
    },
    task_serializer="json",
    accept_content=["json"],
    task_ignore_result=True,
    task_store_errors_even_if_ignored=False,
    task_acks_late=True,
    task_reject_on_worker_lost=True,
    task_soft_time_limit=SOFT_SECONDS,
    task_time_limit=HARD_SECONDS,
    task_publish_retry=False,
    worker_prefetch_multiplier=1,
    worker_cancel_long_running_tasks_on_connection_loss=False,
    worker_soft_shutdown_timeout=25,
    worker_hijack_root_logger=False,
    worker_send_task_events=False,
    timezone="UTC",
    enable_utc=True,
    beat_schedule_filename=str(settings.VAR_DIR / "beat-schedule"),
)
app.autodiscover_tasks()


class Rhythm(NamedTuple):
    """How often beat rings a task."""

    task: str
    every: timedelta


#: Intervals, no times of day: what is due by a calendar is found by the task itself, which may come late or twice.
RHYTHMS = (
    Rhythm("msc.operations.tasks.tick", timedelta(seconds=10)),
    Rhythm("msc.mail.tasks.deliver", timedelta(seconds=2)),
    Rhythm("msc.mail.tasks.tidy", timedelta(minutes=1)),
    Rhythm("msc.mail.tasks.forget", timedelta(hours=6)),
    Rhythm("msc.people.tasks.forget", timedelta(hours=1)),
    Rhythm("customers.tasks.fold_tally", timedelta(minutes=5)),
    Rhythm("customers.tasks.work_on_imports", timedelta(seconds=2)),
    Rhythm("customers.tasks.forget_imports", timedelta(hours=6)),
    Rhythm("tenants.tasks.apply_changes", timedelta(seconds=3)),
    Rhythm("tenants.tasks.purge", timedelta(minutes=1)),
    Rhythm("tenants.tasks.follow_quotas", timedelta(minutes=10)),
    Rhythm("health.tasks.drain", timedelta(seconds=5)),
    Rhythm("health.tasks.keep_up", timedelta(minutes=1)),
    Rhythm("health.tasks.evaluate_alerts", timedelta(minutes=1)),
    Rhythm("health.tasks.derive_usage", timedelta(hours=1)),
    Rhythm("health.tasks.retain", timedelta(hours=1)),
)

app.conf.beat_schedule = {
    rhythm.task: {
        "task": rhythm.task,
        "schedule": rhythm.every,
        # A ring that nobody answered before the next ones is worth nothing.
        "options": {"expires": max(10.0, 2 * rhythm.every.total_seconds()), "ignore_result": True},
    }
    for rhythm in RHYTHMS
}


@worker_init.connect
def check_login(**_more: object) -> None:
    """End a worker whose settings cannot work, or whose database role is not bound by row-level security."""
    try:
        refuse_what_cannot_work()
        refuse_powerful_login()
    except ImproperlyConfigured as error:
        sys.exit(str(error))
