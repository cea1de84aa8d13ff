"""`python -m msc.portal`: the whole portal on one machine, in the foreground; Ctrl-C stops all of it."""

import argparse
import contextlib
import fcntl
import functools
import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType

from msc.server import StackError, end_with_parent
from msc.stack import PostgreSQL, Valkey

ROOT = Path(__file__).resolve().parent.parent

#: What the portal consists of, beside its two servers. `docker-compose.yml` runs the same commands.
PROCESSES = {
    "web": "gunicorn --config=python:msc.gunicorn msc.wsgi",
    "worker": "celery --app=msc.celery worker --concurrency=2 --loglevel=WARNING --without-gossip --without-mingle",
    "beat": "celery --app=msc.celery beat --loglevel=WARNING --pidfile=",
}

_PATIENCE_SECONDS = 30.0


class Process:
    """One of the portal's processes, with a log of its own; its children end with it."""

    def __init__(self, name: str, environment: dict[str, str], log: Path) -> None:
        self.name = name
        self.log = log
        with log.open("wb") as output:
            environment = {**environment, "NO_COLOR": "1"}
            self._process = subprocess.Popen(  # noqa: S603 - commands of the table above
                [sys.executable, "-m", *PROCESSES[name].split()],
                cwd=ROOT,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
                preexec_fn=end_with_parent(signal.SIGTERM),  # noqa: PLW1509 - there are no threads here
            )

    def runs(self) -> bool:
        """Tell whether the process is alive."""
        return self._process.poll() is None

    def ask_to_stop(self) -> None:
        """Let the process finish what it does and end."""
        if self.runs():
            self._process.terminate()

    def stop(self) -> None:
        """Wait for the end, and make it come when it takes too long; nothing of the process's group stays."""
        self.ask_to_stop()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(_PATIENCE_SECONDS)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()

    def last_words(self) -> str:
        """Return the end of the log."""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-15:])


class Stop:
    """Notices that somebody asked the portal to stop."""

    def __init__(self) -> None:
        self.asked = False
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._note)

    def _note(self, _number: int, _frame: FrameType | None) -> None:
        self.asked = True


def say(sentence: str) -> None:
    """Tell the person at the terminal."""
    print(sentence, flush=True)


@contextlib.contextmanager
def only_one(var: Path) -> Iterator[Path]:
    """Keep the folder for this portal alone, and yield the file that is locked meanwhile."""
    var.mkdir(parents=True, exist_ok=True)
    path = var / "portal.lock"
    with os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT, 0o600)) as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise StackError(f"The portal already runs with {var}.") from None
        yield path


def write_state(lock: Path, environment: dict[str, str]) -> None:
    """Note what this portal runs with, for management commands beside it."""
    lock.chmod(0o600)
    lock.write_text(json.dumps({name: value for name, value in environment.items() if is_setting(name)}))


def is_setting(name: str) -> bool:
    """Tell whether the variable is one of the portal's settings, except for what signs in to the database."""
    return name.startswith("MSC_") or name in {"PORT", "EMAIL_URL", "SECRET_KEY", "SECRET_KEY_FALLBACKS"}


def state_of_running(var: Path) -> dict[str, str]:
    """Return what the portal that runs in the folder was started with; nothing when none runs."""
    path = var / "portal.lock"
    if not path.exists():
        return {}
    with path.open() as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            state: dict[str, str] = json.loads(lock.read() or "{}")
            return state
    return {}


def secret(path: Path) -> str:
    """Return the secret kept in the file, made at the first start and readable by its owner only."""
    if not path.exists():
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(secrets.token_urlsafe(64))
    return path.read_text().strip()


def settings(var: Path, port: int) -> dict[str, str]:
    """Return the environment of the portal's processes: what is set already, and what the demonstration needs."""
    environment = {
        "MSC_DEMO": "1",
        "MSC_ORIGIN": f"http://localhost:{port}",
        **os.environ,
        "MSC_VAR": str(var),
        "PORT": str(port),
    }
    if "SECRET_KEY" not in environment:
        environment["SECRET_KEY"] = secret(var / "secret-key")
    if "DATABASE_URL" in environment and "MIGRATION_DATABASE_URL" not in environment:
        raise StackError("With DATABASE_URL set, MIGRATION_DATABASE_URL must say how the tables' owner signs in.")
    return environment


@contextlib.contextmanager
def servers(var: Path, environment: dict[str, str]) -> Iterator[dict[str, str]]:
    """Run the private servers that the environment names no other for, and yield their addresses."""
    addresses: dict[str, str] = {}
    with contextlib.ExitStack() as running:
        if "DATABASE_URL" not in environment:
            postgresql = PostgreSQL(var / "postgresql")
            running.callback(postgresql.stop)
            postgresql.start()
            addresses |= postgresql.addresses()
        if "REDIS_URL" not in environment:
            valkey = Valkey(var / "valkey")
            running.callback(valkey.stop)
            valkey.start()
            addresses |= valkey.addresses()
        yield addresses


@contextlib.contextmanager
def processes(var: Path, environment: dict[str, str]) -> Iterator[list[Process]]:
    """Run web, worker and beat; the address of the tables' owner is not for them."""
    environment = {name: value for name, value in environment.items() if name != "MIGRATION_DATABASE_URL"}
    logs = var / "log"
    logs.mkdir(exist_ok=True)
    running: list[Process] = []
    try:
        running.extend(Process(name, environment, logs / f"{name}.log") for name in PROCESSES)
        yield running
    finally:
        for process in running:
            process.ask_to_stop()
        for process in running:
            process.stop()


def demand_free(port: int) -> None:
    """Refuse a port that is taken, before anything is started."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            raise StackError(f"Port {port} cannot be used ({error.strerror}): choose another by PORT=...") from None


def answers(port: int) -> bool:
    """Tell whether the web server takes requests."""
    with socket.socket() as client:
        client.settimeout(1)
        return client.connect_ex(("127.0.0.1", port)) == 0


def watch(running: list[Process], stop: Stop, welcome: Callable[[], bool]) -> int:
    """Wait until the portal is asked to stop or a process ends by itself, and return the exit code."""
    welcomed = False
    while not stop.asked:
        if dead := next((process for process in running if not process.runs()), None):
            say(f"The {dead.name} process ended by itself, so the portal stops. The end of {dead.log}:")
            say(dead.last_words())
            return 1
        welcomed = welcomed or welcome()
        time.sleep(0.1)
    say("Stopping.")
    return 0


def welcome(var: Path, port: int) -> bool:
    """Once the web server answers, say where the portal is and who may sign in, and tell whether that was done."""
    if not answers(port):
        return False
    accounts = var / "demo-accounts.txt"
    if accounts.exists():
        say(accounts.read_text().rstrip())
    say(f"The portal runs at http://localhost:{port} (logs: {var / 'log'}; Ctrl-C stops it).")
    return True


def run(var: Path, port: int, stop: Stop) -> int:
    """Run everything until the end and return the exit code."""
    with only_one(var) as lock, contextlib.ExitStack() as running:
        environment = settings(var, port)
        write_state(lock, environment)
        demand_free(port)
        begin = time.monotonic()
        environment |= running.enter_context(servers(var, environment))
        say(f"PostgreSQL and Valkey answer after {time.monotonic() - begin:.1f} s.")
        if subprocess.run([sys.executable, "-m", "msc.prepare"], cwd=ROOT, env=environment, check=False).returncode:
            raise StackError("The database could not be brought up to date: see above. make reset would begin anew.")
        say(f"Database and static files are ready after {time.monotonic() - begin:.1f} s.")
        return watch(running.enter_context(processes(var, environment)), stop, functools.partial(welcome, var, port))


def manage(var: Path, port: int, arguments: list[str]) -> int:
    """Run a management command on the servers of the portal that runs in the folder, and return its exit code."""
    environment = settings(var, port) | state_of_running(var)
    if "DATABASE_URL" not in environment:
        postgresql = PostgreSQL(var / "postgresql")
        if not postgresql.answers():
            raise StackError(f"No portal runs with {var}: start it by make run first.")
        environment |= postgresql.addresses()
    if "REDIS_URL" not in environment:
        environment |= Valkey(var / "valkey").addresses()
    command = [sys.executable, "manage.py", *arguments]
    return subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode  # noqa: S603 - what the person typed


def main() -> int:
    """Read the command line and run the portal, or a management command beside it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--end-with-parent", action="store_true", help="stop when the process that started it dies")
    parser.add_argument("--manage", nargs=argparse.REMAINDER, help="run this management command on a portal that runs")
    asked = parser.parse_args()
    var, port = Path(os.environ.get("MSC_VAR", ROOT / "var")).resolve(), int(os.environ.get("PORT", "8000"))
    if asked.end_with_parent:
        end_with_parent(signal.SIGTERM, parent=os.getppid())()
    try:
        return manage(var, port, asked.manage) if asked.manage else run(var, port, Stop())
    except StackError as error:
        say(str(error))
        return 1


if __name__ == "__main__":
    sys.exit(main())
