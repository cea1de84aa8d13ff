"""docker-compose.yml and Dockerfile, as far as they can be proved without a Docker engine: read, and run by command."""

import os
import re
import shlex
import signal
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import pytest
import yaml
from django.core.management import get_commands
from django.utils import timezone

from msc import stack
from msc.access import scope
from msc.operations.models import Heartbeat
from msc.portal import PROCESSES, ROOT
from tests.setup.processes import eventually, free_port
from tests.stack import DATABASE, superuser_url

COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SERVICES = COMPOSE["services"]
OPERATIONS = (ROOT / "docs" / "operations.md").read_text()
#: Documented settings that are not passed on, and why.
NOT_PASSED = {
    "MIGRATION_DATABASE_URL": "known to two services alone",
    "MSC_BIND": "the port that the service publishes",
    "PORT": "of `make run`",
    "MSC_PG_BIN": "of `make run` and `make test`",
    "MSC_VAR": "a folder of the image",
    "MSC_DEMO": "listens on this machine alone",
    "MSC_DEBUG": "listens on this machine alone",
}
#: Made by whoever makes a backup.
BACKUPS = "./backups:/backups"
DOCKERFILE = (ROOT / "Dockerfile").read_text()


def _start(command, **more):
    environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}", **more}
    return subprocess.Popen(shlex.split(command), env=environment, cwd=ROOT, stderr=subprocess.PIPE, text=True)


def test_the_installation_has_its_parts():
    assert set(SERVICES) >= {"web", "nginx", "worker", "beat", "migrate", "owner", "postgres", "redis", "mail"}


def test_it_runs_the_commands_of_make_run():
    assert {name: SERVICES[name]["command"] for name in PROCESSES} == PROCESSES
    assert shlex.split(SERVICES["web"]["command"]) == yaml.safe_load(DOCKERFILE.rpartition("CMD ")[2])


def test_only_the_migrations_know_how_the_owner_signs_in():
    knowing = {name for name, service in SERVICES.items() if "MIGRATION_DATABASE_URL" in service.get("environment", {})}
    assert knowing == {"migrate", "owner"}
    assert SERVICES["owner"]["profiles"] == ["owner"]


def test_it_passes_every_documented_setting_on():
    rows = re.findall(r"^\| (`[A-Z_`, ]+`) \|", OPERATIONS, re.MULTILINE)
    documented = {name for row in rows for name in re.findall(r"[A-Z_]{4,}", row)}
    assert set(COMPOSE["x-portal"]["environment"]) == documented - set(NOT_PASSED)
    assert "MSC_BIND" in SERVICES["web"]["environment"]


def test_its_images_are_of_one_version_each():
    images = [service["image"] for service in SERVICES.values() if "build" not in service]
    images += re.findall(r"^FROM (\S+)", DOCKERFILE, re.MULTILINE)
    assert [image for image in images if not re.search(r":v?\d+\.\d+", image)] == []


def test_each_part_that_stays_has_a_health_check_or_needs_none():
    assert {name for name, service in SERVICES.items() if "healthcheck" not in service} >= {"migrate", "owner"}
    assert all("healthcheck" in SERVICES[name] for name in ("web", "worker", "beat", "postgres"))


@pytest.mark.parametrize(("seconds", "words"), [(None, "yet"), (90, "seconds ago"), (5, "")])
def test_the_health_of_worker_and_beat_is_their_last_task(transactional_db, seconds, words):
    if seconds is not None:
        with scope.entered("worker"):
            Heartbeat.objects.create(name="worker", at=timezone.now() - timedelta(seconds=seconds))
    process = _start(shlex.join(SERVICES["worker"]["healthcheck"]["test"][1:]))
    _, errors = process.communicate(timeout=60)
    assert process.returncode == (1 if words else 0), errors
    assert words in errors


def test_the_documented_commands_are_of_its_services():
    commands = re.findall(r"^ +docker compose (.*)$", OPERATIONS, re.MULTILINE)
    asked = [re.findall(r"(?:^stop|exec|run)(?: --\S+(?: \"\S+ -u\)\")?)* ([a-z]+)", command) for command in commands]
    assert {name for names in asked for name in names} <= set(SERVICES)
    managed = re.findall(r"owner python manage.py (\w+)", "\n".join(commands))
    assert set(managed) >= {"backup", "restore"}
    assert [name for name in managed if name not in get_commands()] == []


def test_a_database_for_a_restore_is_made_by_the_documented_commands(django_db_setup):
    statements = re.findall(r"--command=\"((?:DROP|CREATE) DATABASE [^\"]+)\"", OPERATIONS)
    assert len(statements) == 2
    with stack.connect(superuser_url("postgres")) as superuser:
        for statement in (statements[0].replace("DATABASE", "DATABASE IF EXISTS"), statements[1], statements[0]):
            superuser.execute(statement.replace(" msc", f" {DATABASE}_made"))


def test_everything_it_mounts_and_copies_exists():
    mounts = [mount for service in SERVICES.values() for mount in service.get("volumes", [])]
    files = [mount.split(":")[0] for mount in mounts if mount.startswith("./") and mount != BACKUPS]
    copied = [
        word for line in re.findall(r"^COPY (?!--from)(.*) \S+$", DOCKERFILE, re.MULTILINE) for word in line.split()
    ]
    assert files
    assert copied
    assert [path for path in [*files, *copied] if not (ROOT / path).exists()] == []


def test_every_variable_it_asks_for_is_explained():
    asked = set(re.findall(r"\$\{(\w+)", (ROOT / "docker-compose.yml").read_text()))
    explained = set(re.findall(r"^(?:# )?(\w+)=", (ROOT / ".env.example").read_text(), re.MULTILINE))
    assert asked - explained == set()


def test_its_web_server_answers(transactional_db):
    port = free_port()
    web = _start(SERVICES["web"]["command"], MSC_BIND=f"127.0.0.1:{port}")
    try:
        assert eventually(lambda: _status(f"http://127.0.0.1:{port}/livez") == 200)
    finally:
        web.terminate()
        web.communicate(timeout=40)
    assert web.returncode == 0


def _status(url):
    try:
        with urlopen(url, timeout=5) as answer:
            return answer.status
    except URLError:
        return None


@pytest.mark.parametrize("name", ["worker", "beat"])
def test_its_celery_processes_run_until_they_are_asked_to_end(transactional_db, name):
    process = _start(SERVICES[name]["command"])
    time.sleep(4)
    assert process.poll() is None, process.stderr.read()
    process.terminate()
    process.communicate(timeout=40)
    assert process.returncode in {0, -signal.SIGTERM}


def test_its_migrations_run(transactional_db):
    process = _start(SERVICES["migrate"]["command"])
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 0, errors
