"""The web server under measurement and a browser that only measures."""

import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

WORKERS = 2


@dataclass(frozen=True)
class Answer:
    """One measured request; times in seconds, sizes in bytes as sent."""

    status: int
    seconds: float
    first_byte: float
    size: int
    queries: int
    sql_ms: float


@dataclass(frozen=True)
class WebServer:
    """Two gunicorn workers on a port of this machine, with the cookie of a signed-in person."""

    port: int
    process: "subprocess.Popen[bytes]"
    cookie: str

    def get(self, path: str, *, fragment: bool = False) -> Answer:
        """Fetch the path once on a fresh connection and read the whole body."""
        headers = {"Host": "localhost", "Cookie": self.cookie, "Accept-Encoding": "gzip"}
        if fragment:
            headers |= {"HX-Request": "true", "HX-Target": "results"}
        link = http.client.HTTPConnection("127.0.0.1", self.port, timeout=300)
        began = time.perf_counter()
        link.request("GET", path, headers=headers)
        response = link.getresponse()
        head = response.read(1)
        first_byte = time.perf_counter() - began
        size = len(head)
        while block := response.read(1 << 16):
            size += len(block)
        seconds = time.perf_counter() - began
        link.close()
        return Answer(
            response.status,
            seconds,
            first_byte,
            size,
            int(response.headers.get("X-Bench-Queries", 0)),
            float(response.headers.get("X-Bench-Sql", 0)),
        )

    def worker_pids(self) -> list[int]:
        """Return the process ids of the workers."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text()
        return [int(pid) for pid in children.split()]

    def forget_peak_memory(self) -> None:
        """Begin a new peak for each worker."""
        for pid in self.worker_pids():
            Path(f"/proc/{pid}/clear_refs").write_text("5")

    def peak_memory(self) -> int:
        """Return the highest resident size of a worker since the last peak began, in bytes."""
        return max(_peak(pid) for pid in self.worker_pids())


def _peak(pid: int) -> int:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024
    return 0


@contextmanager
def serve(environment: Mapping[str, str], cookie: str) -> Iterator[WebServer]:
    """Run the portal as in production until the block ends."""
    port = _free_port()
    command = [sys.executable, "-m", "gunicorn", "--config", "python:msc.gunicorn", "bench.wsgi"]
    command += ["--workers", str(WORKERS), "--bind", f"127.0.0.1:{port}", "--timeout", "300"]
    quiet = subprocess.DEVNULL
    process = subprocess.Popen(  # noqa: S603 - our own program
        command, env={**os.environ, **environment, "MSC_LOG_LEVEL": "INFO"}, stdout=quiet, stderr=quiet
    )
    server = WebServer(port, process, cookie)
    try:
        _wait(server)
        yield server
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(30)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _wait(server: WebServer) -> None:
    for _ in range(300):
        try:
            if server.get("/bench/static/").status == 200:
                return
        except OSError:
            time.sleep(0.1)
    raise RuntimeError("The web server of the benchmark did not start.")
