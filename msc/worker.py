"""gunicorn's worker for clients that may be slow: a thread gets a request only when all of it has arrived.

gunicorn keeps the processes, the shared socket and the signals; waitress reads and writes all connections of a process
in one loop. `docs/decisions/0110` says why.
"""

import contextlib
import os
import time
from datetime import timedelta
from io import BytesIO
from socket import AF_UNIX
from types import SimpleNamespace
from typing import Any

from gunicorn.workers.base import Worker
from waitress import wasyncore
from waitress.adjustments import Adjustments
from waitress.channel import HTTPChannel
from waitress.parser import HTTPRequestParser
from waitress.server import BaseWSGIServer, TcpWSGIServer, UnixWSGIServer
from waitress.task import ThreadedTaskDispatcher, WSGITask
from waitress.utilities import RequestEntityTooLarge

from msc.access.answers import REFUSED, largest_body

CONNECTIONS = 1_000
MAX_HEADER_BYTES = 64 * 1024
HEADER_SECONDS = 20
#: A body has this time, and a second more for each so many bytes that have come.
BODY_SECONDS, BODY_BYTES_A_SECOND = 60, 8 * 1024
#: Larger bodies are kept in temporary files, of which a process may have so many bytes at a time.
IN_MEMORY_BYTES = 512 * 1024
ON_DISK_BYTES = 512 * 1024 * 1024
#: A body that is refused is read to its end, so that the client reads the answer, unless it is larger than this.
DISCARDED_BYTES = 64 * 1024 * 1024
#: How long a process that ends waits for a request on a connection that it kept open.
LINGER_SECONDS = 2


class _Discarded:
    """Reads a body to its end and keeps nothing of it."""

    error = None

    def __init__(self, size: int) -> None:
        self.left = size

    @property
    def completed(self) -> bool:
        return self.left == 0

    def received(self, data: bytes) -> int:
        taken = min(self.left, len(data))
        self.left -= taken
        return taken

    def getfile(self) -> BytesIO:
        return BytesIO()

    getbuf = getfile


class _Request(HTTPRequestParser):  # type: ignore[misc]  # waitress has no types
    """A request whose body is limited by its address before any of it is kept."""

    error: Any
    refused: int | None = None

    def __init__(self, adj: Any) -> None:
        super().__init__(adj)
        self.began = time.monotonic()

    def parse_header(self, header_plus: bytes) -> None:
        super().parse_header(header_plus)
        limit = largest_body(self.path)
        if self.content_length > limit:
            self._refuse(413)
        elif self._size(limit) > IN_MEMORY_BYTES and not _Disk.reserve(self, self._size(limit)):
            self._refuse(503)
        largest = DISCARDED_BYTES if self.refused else limit + 1
        self.adj = SimpleNamespace(max_request_header_size=MAX_HEADER_BYTES, max_request_body_size=largest)

    def _size(self, limit: int) -> int:
        return limit if self.chunked else self.content_length

    def _refuse(self, status: int) -> None:
        self.refused = status
        self.headers["CONNECTION"] = "close"
        self.connection_close = True
        self.expect_continue = False
        self.close()
        self.body_rcv = None if self.chunked else _Discarded(self.content_length)

    def received(self, data: bytes) -> int:
        consumed: int = super().received(data)
        if isinstance(self.error, RequestEntityTooLarge):
            self.error = None
            self._refuse(self.refused or 413)
        return consumed

    def is_late(self) -> bool:
        """Tell whether the client has taken longer for its request than it may."""
        allowed = (
            BODY_SECONDS + self.body_bytes_received / BODY_BYTES_A_SECOND if self.headers_finished else HEADER_SECONDS
        )
        return time.monotonic() - self.began > allowed

    def close(self) -> None:
        super().close()
        _Disk.release(self)


class _Disk:
    """The bytes of temporary files that requests of this process have reserved; used by its loop and its threads."""

    reserved: dict[int, int] = {}

    @classmethod
    def reserve(cls, request: _Request, size: int) -> bool:
        if sum(list(cls.reserved.values())) + size > ON_DISK_BYTES:
            return False
        cls.reserved[id(request)] = size
        return True

    @classmethod
    def release(cls, request: _Request) -> None:
        cls.reserved.pop(id(request), None)


class _Answer(WSGITask):  # type: ignore[misc]
    """One request in a thread, with a line of the access log."""

    def get_environment(self) -> dict[str, Any]:
        environ: dict[str, Any] = super().get_environment()
        return environ | {"RAW_URI": self.request.request_uri, REFUSED: self.request.refused}

    def build_response_header(self) -> bytes:
        if not self.channel.server.worker.alive:
            self.set_close_on_finish()
        header: bytes = super().build_response_header()
        return header

    def execute(self) -> None:
        worker = self.channel.server.worker
        try:
            super().execute()
        finally:
            worker.count()
            spent = timedelta(seconds=time.time() - self.start_time)
            response = SimpleNamespace(
                status=self.status, sent=self.content_bytes_written, headers=self.response_headers
            )
            worker.log.access(response, self.request.headers, self.get_environment(), spent)


class _Connection(HTTPChannel):  # type: ignore[misc]
    """One connection, read and written by the loop."""

    parser_class = _Request
    task_class = _Answer

    def handle_close(self) -> None:
        super().handle_close()
        if self.request is not None:
            self.request.close()

    def is_busy(self) -> bool:
        """Tell whether a request is under way or its answer has not left."""
        return bool(self.requests or self.request or self.total_outbufs_len)


class _Listening(BaseWSGIServer):  # type: ignore[misc]
    """The loop's side of a socket that gunicorn has bound."""

    channel_class = _Connection
    worker: "BufferedWorker"

    def maintenance(self, now: float) -> None:
        """Close connections whose client is too slow, or has asked nothing for a while."""
        super().maintenance(now)
        for channel in list(self.active_channels.values()):
            is_stuck = channel.total_outbufs_len and channel.last_activity < now - BODY_SECONDS
            if is_stuck or (channel.request is not None and channel.request.is_late()):
                channel.will_close = True


class _Tcp(_Listening, TcpWSGIServer):  # type: ignore[misc]
    pass


class _Unix(_Listening, UnixWSGIServer):  # type: ignore[misc]
    pass


class BufferedWorker(Worker):  # type: ignore[misc]  # gunicorn has no types
    """A process of gunicorn that reads and writes by waitress."""

    alive: bool

    def run(self) -> None:
        """Serve until gunicorn asks to end, then finish what has begun."""
        self.map: dict[int, Any] = {}
        dispatcher = ThreadedTaskDispatcher()
        dispatcher.set_thread_count(self.cfg.threads)
        listening = [self._listen(one.sock, dispatcher) for one in self.sockets]
        while self.alive and self.ppid == os.getppid():
            self._turn()
        for server in listening:
            server.del_channel()
            server.accepting = False
        self._finish()
        dispatcher.shutdown(timeout=1)

    def count(self) -> None:
        """Count a request; a process ends after a number of them."""
        self.nr += 1
        if self.nr >= self.max_requests and self.alive:
            self.log.info("Autorestarting worker after current request.")
            self.alive = False

    def _listen(self, sock: Any, dispatcher: ThreadedTaskDispatcher) -> _Listening:
        options = Adjustments(
            sockets=[sock],
            backlog=self.cfg.backlog,
            connection_limit=CONNECTIONS,
            channel_timeout=self.cfg.keepalive,
            cleanup_interval=2,
            max_request_header_size=MAX_HEADER_BYTES,
            inbuf_overflow=IN_MEMORY_BYTES,
            clear_untrusted_proxy_headers=False,
            log_socket_errors=False,
            ident=None,
        )
        kind = _Unix if sock.family == AF_UNIX else _Tcp
        server = kind(
            self.wsgi,
            self.map,
            True,
            sock,
            dispatcher=dispatcher,
            adj=options,
            sockinfo=(sock.family, sock.type, sock.proto, sock.getsockname()),
            bind_socket=False,
        )
        server.worker = self
        return server

    def _turn(self) -> None:
        self.notify()
        wasyncore.loop(timeout=0.5, use_poll=True, map=self.map, count=1)

    def _finish(self) -> None:
        """Answer the requests that have begun; kept connections have a moment for the one that may be on its way."""
        now = time.monotonic()
        linger, end = now + LINGER_SECONDS, now + self.cfg.graceful_timeout - 1
        while (now := time.monotonic()) < end:
            connections = [one for one in self.map.values() if isinstance(one, _Connection)]
            for connection in connections:
                if now > linger and not connection.is_busy():
                    connection.will_close = True
            if not connections:
                break
            self._turn()
        with contextlib.suppress(OSError):
            wasyncore.close_all(self.map)
