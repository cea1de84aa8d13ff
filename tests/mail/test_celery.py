"""The bell: a real worker and a real beat on a real Valkey ring the outbox's task."""

import os
import subprocess
import sys
import time

import pytest
from django.conf import settings

from msc.access import scope
from msc.celery import HARD_SECONDS, RHYTHMS, VISIBILITY_SECONDS, app
from msc.mail.models import OutboxMessage
from msc.mail.sending import boot_id, our_domain
from msc.operations.models import Heartbeat

WORKER = ("worker", "-c", "1", "-l", "WARNING", "--without-gossip", "--without-mingle")


@pytest.fixture
def started(sink, tmp_path):
    """Start `celery ...` with the test's servers; everything started is stopped."""
    processes = []

    def start(*words):
        environment = {**os.environ, "EMAIL_URL": sink.url}
        command = [sys.executable, "-m", "celery", "-A", "msc.celery", *words]
        processes.append(subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL, start_new_session=True))

    yield start
    for process in processes:
        process.terminate()
    for process in processes:
        process.wait(20)


def _beats():
    with scope.entered("worker"):
        return Heartbeat.objects.count()


@pytest.mark.django_db(transaction=True)
def test_a_queued_email_is_sent_by_a_real_worker_on_beats_tick(queue, message, sink, started, tmp_path):
    queue("one")
    started(*WORKER)
    started("beat", "-l", "WARNING", "--pidfile=", "-s", str(tmp_path / "schedule"))
    deadline = time.monotonic() + 45
    while (message("one").state != "sent" or not _beats()) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert message("one").state == "sent"
    assert _beats() == 1
    assert [mail.to for mail in sink.taken()] == ["ada@northwind.example"]


def test_the_rhythms_name_tasks_that_exist():
    app.loader.import_default_modules()
    assert {rhythm.task for rhythm in RHYTHMS} <= set(app.tasks)
    assert len({rhythm.task for rhythm in RHYTHMS}) == len(RHYTHMS)


def test_nothing_but_json_is_taken_and_no_result_is_kept():
    assert (app.conf.accept_content, app.conf.result_backend, app.conf.task_ignore_result) == (["json"], None, True)


def test_a_killed_workers_task_comes_back_only_when_it_can_no_longer_run():
    assert HARD_SECONDS < VISIBILITY_SECONDS
    assert (app.conf.task_acks_late, app.conf.task_reject_on_worker_lost) == (True, True)
    assert app.conf.broker_transport_options["unacked_restore_throttle"] == 1


def test_the_machine_and_the_domain_are_known():
    assert len(boot_id()) == 36
    assert our_domain() in settings.MSC_MAIL_FROM
    assert OutboxMessage._meta.get_field("boot_id").max_length >= len(boot_id())
