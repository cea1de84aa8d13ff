"""Requests to identity providers: an MSP's setting must not lead the portal into its own network, nor hold it up."""

import contextlib
import io
import ipaddress
import os
import socket
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, TypeVar
from urllib.parse import urlsplit

import requests
from django.conf import settings
from requests.adapters import HTTPAdapter

T = TypeVar("T")

#: IPv6 networks whose addresses stand for IPv4 ones (NAT64, 6to4), private ones among them.
_LEADING_TO_IPV4 = [ipaddress.ip_network(network) for network in ("64:ff9b::/96", "64:ff9b:1::/48", "2002::/16")]
#: A configuration or a set of keys has some 10 KB.
LARGEST_ANSWER = 1_000_000
#: How many threads of a web process may wait for providers; the others always serve pages.
MOST_WAITING = 2
_waiting = threading.BoundedSemaphore(MOST_WAITING)


class PrivateAddress(requests.RequestException):
    """The provider's host stands in a private network."""


class TooSlow(requests.Timeout):
    """The time for providers is used up, by this one or by those that others wait for."""


class TooLarge(requests.RequestException):
    """The provider sends more than a provider has to say."""


class Line:
    """The connections of a session, which another thread can cut while one waits on them."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._copies: list[socket.socket] = []
        self._is_cut = False

    def note(self, connection: socket.socket) -> socket.socket:
        """Take note of a connection; one that comes after the cut is closed at once."""
        with self._lock:
            if self._is_cut:
                connection.close()
                raise TooSlow("The connection came too late.")
            # TLS takes the socket over: only a copy of its descriptor is sure to stay.
            self._copies.append(socket.socket(fileno=os.dup(connection.fileno())))
        return connection

    def cut(self) -> None:
        """End every connection, whoever waits on it."""
        with self._lock:
            self._is_cut = True
            for copy in self._copies:
                with contextlib.suppress(OSError):  # the provider was quicker
                    copy.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Give the copies back."""
        with self._lock:
            while self._copies:
                self._copies.pop().close()


class NotingAdapter(HTTPAdapter):
    """Connects to an address that was checked, and tells the line of every connection."""

    def __init__(self, line: Line) -> None:
        self.line = line
        super().__init__()

    def get_connection_with_tls_context(self, *args: Any, **kwargs: Any) -> Any:  # as in requests
        """Return the pool, which notes the connections that it makes."""
        pool, line = super().get_connection_with_tls_context(*args, **kwargs), self.line
        usual: Any = pool.ConnectionCls

        class Noted(usual):  # type: ignore[misc]  # plain or by TLS, directly or by a proxy
            _dns_host: str

            def _new_conn(self) -> socket.socket:
                name = self._dns_host
                if pool.proxy is None and not settings.MSC_SSO_PRIVATE_NETWORK:
                    # A name that is looked up a second time could lead elsewhere.
                    self._dns_host = public_address(name, self.port)
                try:
                    return line.note(super()._new_conn())
                finally:
                    self._dns_host = name

        pool.ConnectionCls = Noted
        return pool


class OutsideSession(requests.Session):
    """A session that follows no redirect, enters no private network unless the operator allows it, and ends in time.

    A timeout of `requests` holds for each read alone, and none holds for the look-up of a name: a provider that sends a
    byte now and then would keep a web thread for hours. So another thread asks, and its connection is cut.
    """

    def __init__(self, ends_at: float) -> None:
        super().__init__()
        self.ends_at, self.line = ends_at, Line()
        for scheme in ("https://", "http://"):
            self.mount(scheme, NotingAdapter(self.line))

    def request(self, method: Any, url: Any, *args: Any, **kwargs: Any) -> requests.Response:  # as in requests
        """Send the request if its host may be asked."""
        kwargs |= {"allow_redirects": False, "stream": True}
        kwargs.setdefault("timeout", settings.SOCIALACCOUNT_REQUESTS_TIMEOUT)

        def ask() -> requests.Response:
            refuse_private(str(url))
            return _read(requests.Session.request(self, method, url, *args, **kwargs))

        try:
            return within(self.ends_at - time.monotonic(), ask)
        except TooSlow:
            self.line.cut()
            raise

    def close(self) -> None:
        """Close the connections."""
        super().close()
        self.line.close()


def within(seconds: float, ask: Callable[[], T]) -> T:
    """Return what the call returns, or raise an error when it does not in time or too many wait already."""
    if not _waiting.acquire(blocking=False):
        raise TooSlow("Too many are waiting for identity providers.")
    try:
        answer: Future[T] = Future()
        threading.Thread(target=_fulfil, args=(answer, ask), daemon=True).start()
        return answer.result(timeout=max(seconds, 0))
    except TimeoutError as error:
        raise TooSlow("The identity provider did not answer in time.") from error
    finally:
        _waiting.release()


def _fulfil(answer: Future[T], ask: Callable[[], T]) -> None:
    try:
        answer.set_result(ask())
    except Exception as error:  # noqa: BLE001 - it is raised where somebody waits for it
        answer.set_exception(error)


def _read(response: requests.Response) -> requests.Response:
    """Read the body, which must not be large, so that nothing is left to wait for."""
    body = io.BytesIO()
    for block in response.iter_content(1 << 16):
        if body.tell() + len(block) > LARGEST_ANSWER:
            raise TooLarge("The identity provider sent too much.")
        body.write(block)
    response._content = body.getvalue()  # noqa: SLF001 - as `requests` does itself when it reads the body
    return response


def refuse_private(url: str) -> None:
    """Raise an error when the host of the address is not out on the internet."""
    if settings.MSC_SSO_PRIVATE_NETWORK:
        return
    parts = urlsplit(url)
    if parts.scheme != "https" or not parts.hostname:
        raise PrivateAddress("An identity provider must be reached by https.")
    public_address(parts.hostname, parts.port or 443)


def public_address(host: str, port: int) -> str:
    """Look the host up and return its first address; raise an error when any of them is private."""
    try:
        found = socket.getaddrinfo(host, port, proto=socket.IPPROTO_TCP)
    except OSError as error:
        raise PrivateAddress("The host of the identity provider is not known.") from error
    addresses = [ipaddress.ip_address(address[4][0]) for address in found]
    if not all(
        address.is_global and not any(address in network for network in _LEADING_TO_IPV4) for address in addresses
    ):
        raise PrivateAddress("The host of the identity provider is in a private network.")
    return str(addresses[0])
