"""The portal refuses to start as a role that row-level security does not hold."""

import os
import subprocess
import sys

import pytest

from msc import stack
from tests.stack import DATABASE, url

WEB = ("-c", "import msc.wsgi")
WORKER = ("-m", "celery", "--app=msc.celery", "worker", "--concurrency=1")


def _start(command, role):
    environment = {**os.environ, "DATABASE_URL": url(role, DATABASE)}
    return subprocess.run([sys.executable, *command], env=environment, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("role", [stack.SUPERUSER, stack.OWNER])
@pytest.mark.parametrize("command", [WEB, WORKER])
def test_a_powerful_role_is_refused(transactional_db, command, role):
    started = _start(command, role)
    assert started.returncode == 1
    assert "use the role msc_login of msc/database.sql" in started.stderr


def test_the_login_role_is_not(transactional_db):
    assert _start(WEB, stack.LOGIN).returncode == 0


def test_a_database_that_is_away_keeps_nobody_from_starting(transactional_db, monkeypatch):
    monkeypatch.setenv("DATABASE_URL", "postgres://msc_login@127.0.0.1:1/msc")
    assert subprocess.run([sys.executable, *WEB], check=False).returncode == 0
