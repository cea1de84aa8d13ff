"""The watch over an upgrade sees a lock that holds people up, and how long they wait (the upgrade itself: make chaos)."""

import time

import pytest
from django.db import connections, transaction

from chaos.upgrade import Watch
from msc import stack
from tests.database import superuser_url

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "cache", "owner"])
HELD_SECONDS = 0.3
_WAITERS = """
SELECT count(*) FROM pg_locks l JOIN pg_stat_activity a USING (pid)
WHERE NOT l.granted AND a.datname = current_database() AND l.relation = 'health_run'::regclass
"""


@pytest.fixture
def url():
    return superuser_url(connections["owner"].settings_dict["NAME"])


@pytest.fixture
def watch(url):
    looking = Watch(url)
    looking.start()
    yield looking
    looking.stop()


def wait_until(reached):
    deadline = time.monotonic() + 60
    while not reached():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_a_lock_that_stops_writers_is_seen_and_measured(watch, url):
    with stack.connect(url) as link, transaction.atomic(using="owner"), connections["owner"].cursor() as cursor:
        cursor.execute("LOCK TABLE health_run IN SHARE MODE")
        wait_until(lambda: link.execute(_WAITERS).fetchone() == (1,))
        wait_until(lambda: watch.locks.get("health_run: ShareLock", 0) > HELD_SECONDS)
        time.sleep(HELD_SECONDS)
    watch.stop()
    assert watch.waits["health_run"] > HELD_SECONDS
    assert watch.locks.keys() == {"health_run: ShareLock"}


def test_what_holds_nobody_up_is_no_lock(watch):
    with transaction.atomic(using="owner"), connections["owner"].cursor() as cursor:
        cursor.execute("LOCK TABLE health_run IN SHARE UPDATE EXCLUSIVE MODE")
        wait_until(lambda: watch.waits.keys() >= {"health_run", "health_alert"})
    watch.stop()
    assert watch.locks == {}
