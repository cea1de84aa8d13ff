"""A small SMTP client that knows the moment at which a mail has left this machine."""

import contextlib
import re
import smtplib
import socket
import ssl
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Protocol
from urllib.parse import unquote, urlsplit

SECONDS = 8.0  # to connect, and for each answer
FRESH_SECONDS = 5.0  # for how long a connection is taken to be still there without asking
RECEIPT_SECONDS = 30.0  # for the answer to the final dot, before which a server may do its work
PORTS = {"smtp": 25, "smtps": 465, "smtp+starttls": 587}


class NotSent(Exception):
    """A mail was not accepted; the text is what the server, or the network, said."""


class ServerAway(NotSent):
    """No mail can be sent at the moment, whoever it is for."""


class TryLater(NotSent):
    """This mail is not accepted now but may be later."""


class Refused(NotSent):
    """This mail will never be accepted."""


class Carrier(Protocol):
    """What takes a mail away, in the three steps between which the outbox keeps its books."""

    def offer(self, sender: str, to: str) -> None:
        """Agree on sender and recipient; nothing is sent yet."""

    def hand_over(self, raw: bytes) -> None:
        """Send the whole mail with its end mark; returns when it is out of our hands."""

    def reply(self) -> str:
        """Wait for the receipt."""

    def close(self) -> None:
        """Let go of the connection."""


@dataclass(frozen=True)
class Server:
    """Where the mail server listens and how it wants to be spoken to."""

    host: str
    port: int
    security: str  # one of PORTS
    user: str = ""
    password: str = field(default="", repr=False)

    @classmethod
    def from_url(cls, url: str) -> "Server":
        """Read ``smtp://``, ``smtps://`` or ``smtp+starttls://user:password@host:port``."""
        parts = urlsplit(url)
        return cls(
            host=parts.hostname or "localhost",
            port=parts.port or PORTS[parts.scheme],
            security=parts.scheme,
            user=unquote(parts.username or ""),
            password=unquote(parts.password or ""),
        )


class SmtpCarrier:
    """A connection to a mail server, opened with the first mail and kept for the next ones."""

    def __init__(self, server: Server, our_name: str) -> None:
        """Nothing is opened yet."""
        self._server, self._our_name = server, our_name
        self._smtp: smtplib.SMTP | None = None
        self._used_at = 0.0

    def offer(self, sender: str, to: str) -> None:
        """Name sender and recipient and ask to send; a refused sender is not the mail's fault."""
        with self._connection() as smtp:
            _expect(250, smtp.mail(sender), refused=TryLater)
            _expect(250, smtp.rcpt(to), refused=Refused)
            _expect(354, smtp.docmd("DATA"), refused=Refused)

    def hand_over(self, raw: bytes) -> None:
        """Give body and final dot to the kernel in one piece, so that no kill falls between them.

        The kernel holds the end of it back until `reply`, or for 200 ms, or until this process ends, so that the
        server does not take the processor from us before the books are written.
        """
        with self._one_mail() as smtp:
            _hold_back(smtp, held=True)
            smtp.send(with_final_dot(raw))

    def reply(self) -> str:
        """Let the end of the mail go and read the answer to its final dot."""
        with self._one_mail() as smtp:
            _hold_back(smtp, held=False)
            _wait_at_most(smtp, RECEIPT_SECONDS)
            receipt = _expect(250, smtp.getreply(), refused=Refused)
            _wait_at_most(smtp, SECONDS)
        return receipt

    def close(self) -> None:
        """Say goodbye if the server still listens."""
        if self._smtp is not None:
            with contextlib.suppress(OSError, smtplib.SMTPException):
                self._smtp.quit()
            self._hang_up()

    def _connection(self) -> contextlib.AbstractContextManager[smtplib.SMTP]:
        fresh = time.monotonic() - self._used_at < FRESH_SECONDS
        if self._smtp is None or not (fresh or _still_there(self._smtp)):
            self._hang_up()
            self._smtp = connect(self._server, self._our_name)
        self._used_at = time.monotonic()
        return self._one_mail()

    @contextlib.contextmanager
    def _one_mail(self) -> Iterator[smtplib.SMTP]:
        """Turn what goes wrong on the line into a fault of this attempt, and begin anew after it."""
        if self._smtp is None:
            raise TryLater("The connection to the mail server is closed.")
        try:
            yield self._smtp
        except (OSError, smtplib.SMTPException) as error:
            self._hang_up()
            raise TryLater(_words(error)) from error
        except NotSent:
            self._hang_up()
            raise

    def _hang_up(self) -> None:
        if self._smtp is not None:
            self._smtp.close()
            self._smtp = None


def connect(server: Server, our_name: str) -> smtplib.SMTP:
    """Connect, greet and sign in; a server that lets us do none of it is away."""
    try:
        smtp = _opened(server, our_name)
        try:
            _greet(smtp, server)
        except BaseException:
            smtp.close()
            raise
    except (OSError, smtplib.SMTPException) as error:
        raise ServerAway(_words(error)) from error
    return smtp


def _opened(server: Server, our_name: str) -> smtplib.SMTP:
    if server.security == "smtps":
        return smtplib.SMTP_SSL(
            server.host,
            server.port,
            our_name,
            timeout=SECONDS,
            context=ssl.create_default_context(),
        )
    return smtplib.SMTP(server.host, server.port, our_name, timeout=SECONDS)


def _greet(smtp: smtplib.SMTP, server: Server) -> None:
    if smtp.sock is not None:
        smtp.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    if server.security == "smtp+starttls":
        smtp.starttls(context=ssl.create_default_context())
    smtp.ehlo_or_helo_if_needed()
    if server.user:
        smtp.login(server.user, server.password)


def _wait_at_most(smtp: smtplib.SMTP, seconds: float) -> None:
    if smtp.sock is not None:
        smtp.sock.settimeout(seconds)


def _hold_back(smtp: smtplib.SMTP, *, held: bool) -> None:
    if smtp.sock is not None and hasattr(socket, "TCP_CORK"):  # Linux; elsewhere the mail just leaves at once
        smtp.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_CORK, int(held))


def _still_there(smtp: smtplib.SMTP) -> bool:
    try:
        return smtp.noop()[0] == 250
    except (OSError, smtplib.SMTPException):
        return False


def _expect(wanted: int, reply: tuple[int, bytes], refused: type[NotSent]) -> str:
    code, text = reply
    if code == wanted or (wanted == 250 and code == 251):
        return _line(code, text)
    raise (refused if 500 <= code < 600 else TryLater)(_line(code, text))


def with_final_dot(raw: bytes) -> bytes:
    """End lines with CRLF, double a leading dot and append the line that ends a mail."""
    lines = re.sub(rb"\r\n|\n|\r", b"\r\n", raw)
    stuffed = re.sub(rb"(?m)^\.", b"..", lines)
    return stuffed + (b"" if stuffed.endswith(b"\r\n") else b"\r\n") + b".\r\n"


def _line(code: int, text: bytes) -> str:
    return f"{code} {' '.join(text.decode('utf-8', 'replace').split())}"[:500]


def _words(error: OSError | smtplib.SMTPException) -> str:
    if isinstance(error, smtplib.SMTPResponseException):
        text = error.smtp_error
        return _line(error.smtp_code, text if isinstance(text, bytes) else text.encode())
    return (str(error) or type(error).__name__)[:500]
