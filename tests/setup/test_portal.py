"""`python -m msc.portal` as a person at a terminal meets it."""

import os
import shutil
import signal
import socket
import stat
import subprocess
import sys
import tempfile
from pathlib import Path
from urllib.request import urlopen

import pytest

from tests.setup.processes import alive, children, descendants, eventually, free_port

pytestmark = pytest.mark.timeout(180)


@pytest.fixture(scope="module")
def var():
    folder = Path(tempfile.mkdtemp(prefix="msc-test-"))
    folder.chmod(0o711)
    yield folder / "var"
    shutil.rmtree(folder)


class Started:
    """A portal of its own data, in another process."""

    def __init__(self, var, port):
        environment = {name: value for name, value in os.environ.items() if name in {"PATH", "HOME", "MSC_PG_BIN"}}
        self.port = port
        self.process = subprocess.Popen(
            [sys.executable, "-m", "msc.portal"],
            env={**environment, "MSC_VAR": str(var), "PORT": str(port), "MSC_DEMO": "0"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.said = ""

    def ready(self):
        """Read until the portal says that it runs."""
        for line in self.process.stdout:
            self.said += line
            if "The portal runs at" in line:
                return self
        raise AssertionError(self.said)

    def ended(self):
        """Wait for the end and return the exit code."""
        self.said += self.process.communicate(timeout=60)[0]
        return self.process.returncode


@pytest.fixture
def start(var):
    started = []

    def start(port=None):
        started.append(Started(var, port or free_port()))
        return started[-1]

    yield start
    for portal in started:
        if portal.process.poll() is None:
            portal.process.terminate()
            portal.ended()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_runs_until_it_is_asked_to_stop(start, var, number):
    portal = start().ready()
    started = descendants(portal.process.pid)
    with urlopen(f"http://localhost:{portal.port}/livez") as answer:
        assert answer.status == 200
    assert (var / "secret-key").stat().st_mode & 0o777 == 0o600
    assert len((var / "secret-key").read_text()) > 50
    portal.process.send_signal(number)
    assert portal.ended() == 0
    assert not any(alive(pid) for pid in started)


def test_an_empty_portal_says_how_to_begin_and_a_management_command_runs_beside_it(start, var):
    portal = start().ready()
    assert "Nobody can sign in to this portal yet" in portal.said
    added = managed(var, "support_person", "you@example.com")
    assert (added.returncode, "has been sent a link" in added.stdout) == (0, True), added.stderr
    assert eventually(lambda: list((var / "mail").glob("*.eml")))
    (mail,) = (var / "mail").glob("*.eml")
    assert f"http://localhost:{portal.port}/account/reset/" in mail.read_bytes().replace(b"=\n", b"").decode()
    assert stat.S_IMODE((var / "portal.lock").stat().st_mode) == 0o600
    portal.process.send_signal(signal.SIGTERM)
    assert portal.ended() == 0
    refused = managed(var, "support_person", "you@example.com")
    assert (refused.returncode, "No portal runs with" in refused.stdout) == (1, True)


def managed(var, *arguments):
    """Run a management command on the portal of the folder, as `make manage` does in another terminal."""
    environment = {name: value for name, value in os.environ.items() if name in {"PATH", "HOME", "MSC_PG_BIN"}}
    return subprocess.run(
        [sys.executable, "-m", "msc.portal", "--manage", *arguments],
        env={**environment, "MSC_VAR": str(var), "PORT": "8000"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_a_taken_port_is_refused_before_anything_starts(start):
    with socket.create_server(("127.0.0.1", 0)) as other:
        portal = start(port=other.getsockname()[1])
        assert portal.ended() == 1
    assert portal.said.startswith("Port ")
    assert portal.said.count("\n") == 1


@pytest.mark.parametrize("name", ["worker", "gunicorn"])
def test_one_process_that_ends_stops_the_rest(start, name):
    portal = start().ready()
    started = descendants(portal.process.pid)
    [victim] = [pid for pid in children(portal.process.pid) if f" {name} " in _command(pid)]
    os.kill(victim, signal.SIGKILL)
    assert portal.ended() == 1
    assert f"The {name.replace('gunicorn', 'web')} process ended by itself" in portal.said
    assert not any(alive(pid) for pid in started)


def _command(pid):
    return Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " ")


def test_the_folder_is_held_by_one_portal_and_nothing_outlives_kill_9(start):
    portal = start().ready()
    second = start()
    assert second.ended() == 1
    assert second.said.startswith("The portal already runs with ")
    started = descendants(portal.process.pid)
    assert len(started) >= 7
    portal.process.kill()
    assert eventually(lambda: not any(alive(pid) for pid in started), 40)
