"""From an outbox row to the bytes of a mail: the same bytes at every attempt."""

from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr
from typing import NamedTuple

from msc.mail.client import Refused


class Letter(NamedTuple):
    """What an e-mail consists of once it is rendered."""

    message_id: str
    sender: str  # "Name <address>"
    to: str
    written_at: datetime
    subject: str
    text: str
    html: str


class Envelope(NamedTuple):
    """What is said to the mail server: from whom, to whom, and the mail itself."""

    sender: str
    to: str
    raw: bytes


def compose(letter: Letter) -> Envelope:
    """Build the mail; an address or a subject that no mail can carry is refused here."""
    try:
        name, address = parseaddr(letter.sender)
        sender, to = _ascii_address(address), _ascii_address(letter.to)
        message = _message(letter)
        message["From"] = Address(name, addr_spec=sender)
        message["To"] = Address(addr_spec=to)
        return Envelope(sender, to, message.as_bytes())
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        raise Refused(f"This e-mail cannot be written: {type(error).__name__}.") from error


def _message(letter: Letter) -> EmailMessage:
    message = EmailMessage(policy=SMTP)
    message["Subject"] = letter.subject
    message["Date"] = format_datetime(letter.written_at)
    message["Message-ID"] = letter.message_id
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(letter.text, cte="quoted-printable")
    message.add_alternative(letter.html, subtype="html", cte="quoted-printable")
    message.set_boundary(f"=_{letter.message_id.strip('<>').partition('@')[0]}")
    return message


def _ascii_address(address: str) -> str:
    """Write the domain in its ASCII form; a name that is not ASCII is left to be refused."""
    local, at, domain = address.rpartition("@")
    if not (local and at and local.isascii() and local.isprintable()):
        raise ValueError("not an address that a mail server understands")
    return f"{local}@{domain.encode('idna').decode('ascii')}"
