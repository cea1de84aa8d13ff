"""docker-compose.yml and Dockerfile, as far as they can be proved without a Docker engine: read, and run by command."""

import os
import re
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import pytest
import yaml

from msc.portal import PROCESSES, ROOT
from tests.setup.processes import eventually, free_port

COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SERVICES = COMPOSE["services"]
DOCKERFILE = (ROOT / "Dockerfile").read_text()


def _start(command, **more):
    environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}", **more}
    return subprocess.Popen(shlex.split(command), env=environment, cwd=ROOT, stderr=subprocess.PIPE, text=True)


def test_the_installation_has_its_parts():
    assert set(SERVICES) == {"web", "worker", "beat", "migrate", "postgres", "redis", "mail"}


def test_it_runs_the_commands_of_make_run():
    assert {name: SERVICES[name]["command"] for name in PROCESSES} == PROCESSES
    assert shlex.split(SERVICES["web"]["command"]) == yaml.safe_load(DOCKERFILE.rpartition("CMD ")[2])


def test_only_the_migrations_know_how_the_owner_signs_in():
    knowing = {name for name, service in SERVICES.items() if "MIGRATION_DATABASE_URL" in service.get("environment", {})}
    assert knowing == {"migrate"}


def test_everything_it_mounts_and_copies_exists():
    mounts = [mount for service in SERVICES.values() for mount in service.get("volumes", [])]
    files = [mount.split(":")[0] for mount in mounts if mount.startswith("./")]
    copied = [
        word for line in re.findall(r"^COPY (?!--from)(.*) \S+$", DOCKERFILE, re.MULTILINE) for word in line.split()
    ]
    assert files
    assert copied
    assert [path for path in [*files, *copied] if not (ROOT / path).exists()] == []


def test_every_variable_it_asks_for_is_explained():
    asked = set(re.findall(r"\$\{(\w+)", (ROOT / "docker-compose.yml").read_text()))
    explained = set(re.findall(r"^(?:# )?(\w+)=", (ROOT / ".env.example").read_text(), re.MULTILINE))
    assert asked - explained == {"MSC_BEHIND_PROXY"}


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
