"""The steps under "Install" of docs/operations.md, taken from that page and followed by a new service user."""

import os
import pwd
import re
import shlex
import shutil
import signal
import subprocess
import tempfile
from contextlib import ExitStack
from pathlib import Path
from urllib.error import URLError
from urllib.request import Request, urlopen

import pytest

from msc.portal import ROOT
from msc.stack import valkey_program
from tests.setup.processes import eventually, free_port

INSTALL = (ROOT / "docs" / "operations.md").read_text().partition("\nWithout Docker:")[2].partition("\n## ")[0]
PROGRAMS = next(Path("/usr/lib/postgresql").glob("*/bin"), None)
#: Where packages come from on this machine.
SOURCES = ("PIP_", "UV_", "npm_config_", "NPM_CONFIG_", "SSL_CERT_", "NODE_EXTRA_CA_CERTS", "HTTPS_PROXY")

pytestmark = [
    pytest.mark.timeout(580),
    pytest.mark.skipif(os.geteuid() != 0, reason="only root adds a user"),
    pytest.mark.skipif(PROGRAMS is None, reason="Debian's PostgreSQL is not installed"),
]


def _inline(pattern: str) -> str:
    (found,) = re.findall(f"`({pattern}[^`]*)`", INSTALL)
    return found


def _steps(program: str) -> list[str]:
    """Return the indented commands that contain the word, in the order of the page."""
    return [line.strip() for line in re.findall(r"^ {7}(.+)$", INSTALL, re.MULTILINE) if program in line]


class Host:
    """Runs commands as the users that the page names and takes everything away again."""

    def __init__(self) -> None:
        self.cleanup = ExitStack()
        self.folder = Path(tempfile.mkdtemp(prefix="msc-install-"))
        self.folder.chmod(0o755)
        self.cleanup.callback(shutil.rmtree, self.folder)
        self.environment = {name: value for name, value in os.environ.items() if name.startswith(SOURCES)}
        self.environment |= {"PATH": f"{PROGRAMS}:/usr/local/bin:/usr/bin:/bin", "LC_ALL": "C.UTF-8"}
        self.checkout = ROOT

    def _options(self, user: str, more: dict[str, str]) -> dict[str, object]:
        account = pwd.getpwnam(user)
        return {
            "cwd": self.checkout,
            "env": {**self.environment, "HOME": account.pw_dir, "USER": user, **more},
            "user": account.pw_uid,
            "group": account.pw_gid,
            "extra_groups": [],
            "start_new_session": True,
            "text": True,
        }

    def run(self, user: str, command: str, typed: str = "", **more: str) -> str:
        """Run a command line to its end; it has no terminal, so it reads from `typed` what it asks for."""
        result = subprocess.run(
            ["/bin/sh", "-c", command],
            input=typed,
            capture_output=True,
            timeout=400,
            check=False,
            **self._options(user, more),
        )
        assert result.returncode == 0, (command, result.stdout[-2000:], result.stderr[-2000:])
        return result.stdout

    def start(self, user: str, command: str, **more: str) -> None:
        """Start a command line that runs until the end of the test."""
        with (self.folder / "log").open("a") as log:
            process = subprocess.Popen(shlex.split(command), stdout=log, stderr=log, **self._options(user, more))
        self.cleanup.callback(_end, process)

    def log(self) -> str:
        return (self.folder / "log").read_text()[-3000:]


def _end(process: subprocess.Popen[str]) -> None:
    process.send_signal(signal.SIGINT if "postgres" in str(process.args) else signal.SIGTERM)
    try:
        process.wait(timeout=45)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


@pytest.fixture
def machine():
    machine = Host()
    with machine.cleanup:
        yield machine


def _add_service_user(machine: Host) -> str:
    """Add the service user as documented and put the release into its home."""
    command = _inline("useradd ")
    user, home = command.split()[-1], Path(command.split("--home-dir ")[1].split()[0])
    if home.exists() or any(entry.pw_name == user for entry in pwd.getpwall()):
        pytest.skip(f"This machine has a user {user} or a folder {home} already")
    subprocess.run(shlex.split(command), check=True)
    machine.cleanup.callback(subprocess.run, ["userdel", "--remove", user], check=True, capture_output=True)
    files = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout
    archive = subprocess.run(
        ["tar", "-c", "--null", "--files-from=-"], cwd=ROOT, input=files, capture_output=True, check=True
    ).stdout
    machine.checkout = home
    machine.run(user, "mkdir release")
    machine.checkout = home / "release"
    account = pwd.getpwnam(user)
    subprocess.run(
        ["tar", "-x", "--no-same-owner"],
        cwd=machine.checkout,
        input=archive,
        check=True,
        user=account.pw_uid,
        group=account.pw_gid,
        extra_groups=[],
    )
    return user


def _start_servers(machine: Host) -> tuple[int, int]:
    """Start what the page takes for granted: a PostgreSQL with passwords, and a Valkey."""
    port, redis_port = free_port(), free_port()
    data = machine.folder / "postgresql"
    data.mkdir()
    shutil.chown(data, "postgres", "postgres")
    machine.run("postgres", f"initdb -D {data} --auth-local=peer --auth-host=scram-sha-256 --no-sync")
    machine.start("postgres", f"{PROGRAMS}/postgres -D {data} -k {data} -p {port} -c listen_addresses=127.0.0.1")
    machine.environment |= {"PGHOST": str(data), "PGPORT": str(port)}
    valkey = shutil.copy(valkey_program(), machine.folder / "valkey-server")
    machine.start("nobody", f"{valkey} --bind 127.0.0.1 --port {redis_port} --save '' --appendonly no --dir /")
    assert eventually(lambda: (data / "postmaster.pid").exists() and "ready" in (data / "postmaster.pid").read_text())
    return port, redis_port


def _status(port: int, host: str) -> int | None:
    try:
        request = Request(f"http://127.0.0.1:{port}/readyz", headers={"Host": host})
        with urlopen(request, timeout=5) as answer:
            return answer.status
    except (URLError, OSError):
        return None


def test_a_service_user_installs_the_portal_by_the_documented_steps(machine):
    user = _add_service_user(machine)
    port, redis_port = _start_servers(machine)
    web_port = free_port()

    name, _, python = _inline("PYTHON=").partition("=")
    machine.run(user, _inline(r"make \.venv/run"), **{name: python})

    create, prepare, passwords = [*_steps("createdb"), *_steps("psql")]
    for command, typed in ((create, ""), (prepare, ""), (passwords, "of-owner\nof-owner\nof-login\nof-login\n")):
        machine.run("postgres", command, typed)

    for name in ("PGHOST", "PGPORT"):
        del machine.environment[name]
    machine.environment |= {
        "SECRET_KEY": "a-key-that-only-this-test-uses-0123456789-abcdefghijklmnopqrstuvwxyz",
        "DATABASE_URL": f"postgres://msc_login:of-login@127.0.0.1:{port}/msc",
        "MSC_ORIGIN": "https://msc.example",
        "MSC_ALLOWED_HOSTS": "msc.example",
        "EMAIL_URL": "smtp://127.0.0.1:25",
        "REDIS_URL": f"redis://127.0.0.1:{redis_port}/0",
        "MSC_BIND": f"127.0.0.1:{web_port}",
    }
    migrate, collect = _steps("manage.py")
    assert "...@db/" in migrate
    machine.run(user, migrate.replace("...@db/", f"of-owner@127.0.0.1:{port}/"))
    machine.run(user, collect)

    processes = [*_steps("gunicorn"), *_steps("celery")]
    assert len(processes) == 3
    for command in processes:
        machine.start(user, command)
    assert eventually(lambda: _status(web_port, "msc.example") == 200, 60), machine.log()
    beats = ".venv/bin/python manage.py heartbeat && echo alive || true"
    assert eventually(lambda: "alive" in machine.run(user, beats), 90), machine.log()
