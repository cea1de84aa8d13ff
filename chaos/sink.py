"""A mail server that keeps a line about each mail it takes, in a process of its own.

How it answers is said by the recipient: `refused@` 550, `later-N@` 451 for the first N times, `full@` 452 always,
`slow@` after two seconds, `held@` not at all before the mail the first time, `mute@` never after the final dot, `cut@`
breaks the connection instead of a receipt.
"""

import asyncio
import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from email import message_from_bytes
from pathlib import Path
from typing import NamedTuple, Protocol

from aiosmtpd.smtp import SMTP

START_SECONDS = 20.0


class Taken(NamedTuple):
    """What the sink keeps of a mail."""

    to: str
    message_id: str
    size: int


class _Session(Protocol):
    """What the handler reads of aiosmtpd's session and envelope, which have no types."""

    rcpt_tos: list[str]
    content: bytes


class Handler:
    """Answers as the recipient's name says and writes down what it takes."""

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        self._asked: Counter[str] = Counter()

    async def handle_RCPT(  # noqa: N802 - aiosmtpd names its hooks so
        self, _server: SMTP, _session: object, envelope: _Session, address: str, _options: list[str]
    ) -> str:
        self._asked[address] += 1
        if address.startswith("refused"):
            return "550 5.1.1 No such mailbox here"
        if address.startswith("full"):
            return "452 4.2.2 Mailbox full"
        if (later := re.match(r"later-(\d+)@", address)) and self._asked[address] <= int(later[1]):
            return "451 4.7.1 Greylisted, try again"
        if address.startswith("held") and self._asked[address] == 1:
            await asyncio.sleep(3600)
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, _session: object, envelope: _Session) -> str:  # noqa: N802
        to = envelope.rcpt_tos[0]
        message_id = message_from_bytes(envelope.content)["Message-ID"]
        line = json.dumps(Taken(to, message_id, len(envelope.content)))
        os.write(self._file, f"{line}\n".encode())
        if to.startswith("slow"):
            await asyncio.sleep(2)
        if to.startswith("mute"):
            await asyncio.sleep(3600)
        if to.startswith("cut") and isinstance(server.transport, asyncio.Transport):
            server.transport.abort()
        return "250 Taken"


class Sink(NamedTuple):
    """A running sink: where it listens and what it has taken."""

    port: int
    path: Path
    process: "subprocess.Popen[bytes]"

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self.port}"

    def taken(self) -> list[Taken]:
        """Return every mail taken, in order."""
        lines = self.path.read_text().splitlines() if self.path.exists() else []
        return [Taken(*json.loads(line)) for line in lines]

    def stop(self) -> None:
        """End the process, if need be a frozen one."""
        self.process.send_signal(signal.SIGCONT)
        self.process.terminate()
        self.process.wait(10)


def start(folder: Path, port: int = 0) -> Sink:
    """Start a sink that keeps its book in `folder`, on a free port unless one is named."""
    ready = folder / "sink.port"
    ready.unlink(missing_ok=True)
    command = [sys.executable, "-m", "chaos.sink", str(folder), str(port)]
    process = subprocess.Popen(command, start_new_session=True)
    deadline = time.monotonic() + START_SECONDS
    while not ready.exists():
        if process.poll() is not None or time.monotonic() > deadline:
            process.kill()
            raise RuntimeError("The mail sink did not start.")
        time.sleep(0.02)
    return Sink(int(ready.read_text()), folder / "sink.taken", process)


@contextlib.contextmanager
def running(folder: Path) -> Iterator[Sink]:
    """Run a sink for as long as the block takes."""
    sink = start(folder)
    try:
        yield sink
    finally:
        sink.stop()


async def _serve(folder: Path, port: int) -> None:
    handler, loop = Handler(folder / "sink.taken"), asyncio.get_running_loop()
    server = await loop.create_server(lambda: SMTP(handler, enable_SMTPUTF8=True, loop=loop), "127.0.0.1", port)
    part = folder / "sink.port.part"
    part.write_text(str(server.sockets[0].getsockname()[1]))
    part.rename(folder / "sink.port")
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(_serve(Path(sys.argv[1]), int(sys.argv[2])))
