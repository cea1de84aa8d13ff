"""A whole portal on private, durable servers, whose parts can be killed, stopped and frozen by name."""

import contextlib
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import redis

from chaos import sink as sinks
from msc import stack
from msc.server import end_with_parent

ROOT = Path(__file__).resolve().parent.parent
WORKER = ("celery", "-A", "msc.celery", "worker", "-c", "2", "-l", "WARNING", "--without-gossip", "--without-mingle")
BEAT = ("celery", "-A", "msc.celery", "beat", "-l", "WARNING", "--pidfile=", "-s")
WEB = ("gunicorn", "--config=python:msc.gunicorn", "msc.wsgi")
PATIENCE_SECONDS = 150.0


class Portal:
    """The servers, a mail sink, a producer of e-mails, and the worker and beats that are under trial."""

    def __init__(self, folder: Path) -> None:
        folder.chmod(0o711)
        (folder / "var").mkdir(mode=0o700)
        self.folder = folder
        self.postgresql = stack.PostgreSQL(folder / "postgresql")
        self.valkey = stack.Valkey(folder / "valkey")
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        self._kept: dict[str, tuple[str, ...]] = {}
        self._keeper = threading.Thread(target=self._keep_up)
        self._lock, self._stopping = threading.RLock(), threading.Event()

    def start(self) -> None:
        """Start everything and migrate."""
        self.postgresql.start()
        self.valkey.start()
        self.sink = sinks.start(self.folder / "var")
        self.environment = {
            **os.environ,
            "SECRET_KEY": "a-key-that-only-the-chaos-uses-0123456789-abcdefghijklmnopqrstuvwxyz",
            "DJANGO_SETTINGS_MODULE": "msc.settings",
            "MSC_VAR": str(self.folder / "var"),
            "EMAIL_URL": self.sink.url,
            **self.postgresql.addresses(),
            **self.valkey.addresses(),
        }
        self._owner = {"MIGRATION_DATABASE_URL": self.environment.pop("MIGRATION_DATABASE_URL")}
        self.as_owner("manage.py", "migrate", "--database=owner", "-v0")
        self.start_producer()
        self.start_worker()
        self.start_beat()
        self._keeper.start()

    def stop(self) -> None:
        """Stop everything, frozen parts too."""
        self._stopping.set()
        if self._keeper.ident:
            self._keeper.join()
        for server in (self.valkey, self.postgresql):
            if server.process:
                server.process.send_signal(signal.SIGCONT)
        for name in list(self.processes):
            self.kill(name)
        self.producer.kill()
        self.sink.stop()
        self.valkey.stop()
        self.postgresql.stop()

    def start_producer(self) -> None:
        self.producer = self._spawn("chaos.producer", stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def start_worker(self) -> None:
        self._start("worker", *WORKER)

    def start_web_on(self, door: socket.socket, name: str, release: Path) -> None:
        """Start a web server of a release on a socket that others listen on too, and wait for its word to systemd."""
        ear, address = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM), self.folder / "var" / f"{name}.notify"
        with ear:
            address.unlink(missing_ok=True)
            ear.bind(str(address))
            ear.settimeout(PATIENCE_SECONDS)
            self.processes[name] = self._spawn(
                "chaos.activate", str(door.fileno()), *WEB, cwd=release, keep=door.fileno(), NOTIFY_SOCKET=str(address)
            )
            while b"READY=1" not in ear.recv(1024):
                pass

    def end(self, name: str) -> None:
        """End a part in order: it finishes what it works on."""
        process = self.processes.pop(name)
        process.terminate()
        process.wait()

    def start_web(self, name: str = "web") -> int:
        """Start a web server with a folder of its own for its drain mark, and return its port once it is ready."""
        var, port = self.folder / "var" / name, free_port()
        var.mkdir(exist_ok=True)
        if not (var / "static").exists():
            (var / "static").symlink_to(self.folder / "var" / "static")
        self.processes[name] = self._spawn(*WEB, MSC_VAR=str(var), MSC_BIND=f"127.0.0.1:{port}")
        if seconds_until(lambda: is_ready(port)) > PATIENCE_SECONDS:
            raise RuntimeError("The web server did not start.")
        return port

    def prepare_web(self) -> str:
        """Collect the static files, make an MSP and return the cookie of its administrator."""
        self.collect_static_files()
        return self._run("-m", "chaos.visitor").strip()

    def told(self, *command: str) -> dict[str, Any]:
        """Run one of the project's programs and return what it printed as JSON."""
        answer: dict[str, Any] = json.loads(self._run(*command))
        return answer

    def collect_static_files(self) -> None:
        """Collect the static files, without which no page is made."""
        self._run("manage.py", "collectstatic", "--no-input", "-v0")

    def start_beat(self, name: str = "beat") -> None:
        self._start(name, *BEAT, str(self.folder / "var" / name))

    def _start(self, name: str, *module: str) -> None:
        with self._lock:
            self.processes[name], self._kept[name] = self._spawn(*module), module

    def _keep_up(self) -> None:
        """Start worker and beats again when they end by themselves, as a service manager does."""
        while not self._stopping.wait(1):
            with self._lock:
                for name in self._kept.keys() & self.processes.keys():
                    if self.processes[name].poll() is not None:
                        self.processes[name] = self._spawn(*self._kept[name])

    def kill(self, name: str) -> None:
        """Kill a part with all its children, as the kernel does when memory is short."""
        with self._lock:
            process = self.processes.pop(name)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()

    def kill_a_child(self, name: str, turn: int) -> None:
        """Kill one of the processes that a part has started, in turn."""
        parent = self.processes[name].pid
        listed = Path(f"/proc/{parent}/task/{parent}/children").read_text().split()
        if listed:
            with contextlib.suppress(ProcessLookupError):
                os.kill(int(listed[turn % len(listed)]), signal.SIGKILL)

    def queue(self, count: int, name: str) -> None:
        """Queue trial e-mails, as the portal's requests would."""
        if self.producer.stdin is None or self.producer.stdout is None:
            raise RuntimeError("The producer has no pipes.")
        self.producer.stdin.write(f"{count} {name}\n".encode())
        self.producer.stdin.flush()
        if self.producer.stdout.readline().strip() != str(count).encode():
            raise RuntimeError("The producer did not queue what it was asked to.")

    def restart_postgresql(self, how: signal.Signals) -> None:
        """Stop PostgreSQL, in order or as a crash does, and start it again."""
        if self.postgresql.process:
            self.postgresql.process.send_signal(how)
            self.postgresql.process.wait()
        self.postgresql.start()

    def restart_producer(self) -> None:
        """Give the producer a fresh connection; that a request survives a restart is another trial."""
        self.producer.kill()
        self.producer.wait()
        self.start_producer()

    def empty_valkey(self) -> None:
        """Delete everything that Celery has written down."""
        redis.Redis(unix_socket_path=str(self.valkey.socket)).flushall()

    @contextlib.contextmanager
    def frozen_valkey(self) -> Iterator[None]:
        """Hold Valkey still: it accepts connections and answers nothing."""
        if self.valkey.process is None:
            raise RuntimeError("Valkey does not run.")
        self.valkey.process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self.valkey.process.send_signal(signal.SIGCONT)

    def ask(self, sql: str) -> list[tuple[object, ...]]:
        """Ask the database as the superuser, past all policies."""
        with stack.connect(self.postgresql.url(stack.SUPERUSER)) as connection:
            return connection.execute(sql.encode()).fetchall()

    def states(self) -> dict[str, int]:
        """Return how many e-mails are in each state."""
        rows = self.ask("SELECT state, count(*) FROM mail_outboxmessage GROUP BY state")
        return {str(state): int(str(count)) for state, count in rows}

    def seconds_until_nothing_waits(self) -> float:
        """Wait until no e-mail is queued or being sent, and return how long that took."""
        return seconds_until(lambda: not self.states().keys() & {"queued", "sending"})

    def as_owner(self, *command: str) -> str:
        """Run one of the project's programs as the owner of the tables, and return what it printed."""
        return self._run(*command, **self._owner)

    def _run(self, *command: str, **more: str) -> str:
        """Run one of the project's programs to its end and return what it printed."""
        environment = {**self.environment, **more}
        return subprocess.run(
            [sys.executable, *command], env=environment, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True
        ).stdout

    def _spawn(
        self,
        *module: str,
        stdin: int = subprocess.DEVNULL,
        stdout: int | None = None,
        cwd: Path = ROOT,
        keep: int | None = None,
        **environment: str,
    ) -> "subprocess.Popen[bytes]":
        with (self.folder / "log").open("ab") as log:
            return subprocess.Popen(
                [sys.executable, "-m", *module],
                env={**self.environment, **environment},
                cwd=cwd,
                pass_fds=() if keep is None else (keep,),
                stdin=stdin,
                stdout=log if stdout is None else stdout,
                stderr=log,
                start_new_session=True,
                preexec_fn=end_with_parent(signal.SIGKILL),  # noqa: PLW1509 - it only calls the kernel
            )


def free_port() -> int:
    """Return a port that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def is_ready(port: int) -> bool:
    """Tell whether the web server on the port says that it wants requests."""
    link = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    with contextlib.suppress(OSError, http.client.HTTPException), contextlib.closing(link):
        link.request("GET", "/readyz", headers={"Host": "localhost"})
        return link.getresponse().status == 200
    return False


def seconds_until(reached: Callable[[], bool]) -> float:
    """Wait until something holds, or the patience is at its end, and return the seconds it took."""
    started = time.monotonic()
    while time.monotonic() - started < PATIENCE_SECONDS:
        with contextlib.suppress(psycopg.OperationalError):
            if reached():
                break
        time.sleep(0.1)
    return time.monotonic() - started


@contextlib.contextmanager
def running() -> Iterator[Portal]:
    """Run a portal in a temporary folder for as long as the block takes."""
    with tempfile.TemporaryDirectory(prefix="msc-chaos-", ignore_cleanup_errors=True) as folder:
        portal = Portal(Path(folder))
        try:
            portal.start()
            yield portal
        finally:
            portal.stop()
