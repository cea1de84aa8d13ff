"""Sending what lies in the outbox: claim a mail, hand it over, note the receipt.

Each step is one short transaction, so a process may be killed between any two of them:

    queued --claim--> sending --the last byte has left--> handed --receipt--> sent

A ``sending`` whose lease has run out never left this machine and is claimed again. A ``handed``
one has left and is not, unless the machine itself went down before the receipt (msc.mail.tidying).
"""

import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from email.utils import parseaddr
from pathlib import Path
from random import SystemRandom
from typing import Literal, NamedTuple

import structlog
from django.conf import settings
from django.db import DatabaseError, connection

from msc.access import scope
from msc.mail.carriers import open_carrier
from msc.mail.client import Carrier, NotSent, Refused, ServerAway
from msc.mail.composing import Letter, compose
from msc.mail.models import OutboxBody, OutboxMessage, SendingHost

log = structlog.get_logger(__name__)

MOST_ATTEMPTS = 20  # with the pauses below: about three and a half hours
FIRST_PAUSE = 5.0
LONGEST_PAUSE = 900.0
JITTER = SystemRandom()
BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


class Claim(NamedTuple):
    """A mail that is ours until its lease runs out."""

    message: OutboxMessage
    body: OutboxBody


class Outcome(NamedTuple):
    """What became of an attempt, with what the server said; `lost` is a claim that ran out."""

    verdict: Literal["sent", "refused", "later", "away", "lost"]
    words: str = ""


class LeaseLost(Exception):
    """The claim has run out, or is about to: somebody else may be sending this mail."""


def deliver(*, seconds: float) -> int:
    """Send mail after mail until none is due, the time is up or the server is away."""
    started, tried = time.monotonic(), 0
    with scope.entered("worker"):
        SendingHost.announce(boot_id())
    with closing(open_carrier(settings.EMAIL_URL, our_domain())) as carrier:
        claimed = claim()
        while claimed:
            tried += 1
            outcome = attempt(claimed, carrier)
            go_on = outcome.verdict != "away" and time.monotonic() - started < seconds
            claimed = note(claimed, outcome, go_on=go_on)
    return tried


def claim() -> Claim | None:
    """Take the mail that has waited longest, or one whose sender has vanished."""
    with _books():
        return _claim()


def attempt(claimed: Claim, carrier: Carrier) -> Outcome:
    """Try one mail; whatever is wrong with it stays with it."""
    try:
        return Outcome("sent", _hand_over(claimed, carrier))
    except Refused as refusal:
        return Outcome("refused", str(refusal))
    except ServerAway as fault:
        return Outcome("away", str(fault))
    except NotSent as fault:
        return Outcome("later", str(fault))
    except LeaseLost:
        log.warning("mail_lease_lost", mail=claimed.message.pk)
        return Outcome("lost")
    except DatabaseError:
        raise
    except Exception as fault:  # one mail that trips our own code must not hold up the others
        log.exception("mail_not_sent", mail=claimed.message.pk)
        return Outcome("later", f"The portal could not send it: {type(fault).__name__}.")


def note(claimed: Claim, outcome: Outcome, *, go_on: bool) -> Claim | None:
    """Write down what became of a mail and, in the same transaction, take the next one."""
    with _books():
        _write_down(claimed, outcome)
        return _claim() if go_on else None


@contextmanager
def _books() -> Iterator[None]:
    """Open a transaction that need not reach the disk at once.

    Should PostgreSQL crash before it does, the mail is still queued, or still handed over: both are true enough.
    """
    with scope.entered("worker"):
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL synchronous_commit = off")
        yield


def _claim() -> Claim | None:
    message = OutboxMessage.objects.claim_one(most_attempts=MOST_ATTEMPTS)
    return Claim(message, OutboxBody.objects.get(message=message)) if message else None


def _write_down(claimed: Claim, outcome: Outcome) -> None:
    ours, attempts = OutboxMessage.objects.claimed_as(claimed.message), claimed.message.attempts
    match outcome.verdict:
        case "sent" if ours.confirm(outcome.words):
            claimed.body.delete()
        case "refused":
            ours.refuse(outcome.words)
        case "away":
            ours.retry(outcome.words, pause=FIRST_PAUSE * JITTER.uniform(1, 2), counted=False)
        case "later" if attempts < MOST_ATTEMPTS:
            ours.retry(outcome.words, pause=pause_after(attempts))
        case "later":
            ours.give_up(outcome.words)


def _hand_over(claimed: Claim, carrier: Carrier) -> str:
    """Send the mail; `handed` is written before the last byte leaves and committed right after it.

    Killed before the commit, the mail counts as not sent; the gap is the time of one COMMIT.
    """
    message = claimed.message
    envelope = compose(_letter(claimed))
    carrier.offer(envelope.sender, envelope.to)
    with scope.entered("worker"):
        if not OutboxMessage.objects.claimed_as(message).mark_handed(boot_id()):
            raise LeaseLost
        carrier.hand_over(envelope.raw)
    return carrier.reply()


def _letter(claimed: Claim) -> Letter:
    message, body = claimed
    return Letter(
        message_id=message.message_id,
        sender=settings.MSC_MAIL_FROM,
        to=message.to,
        written_at=message.created_at,
        subject=body.subject,
        text=body.text,
        html=body.html,
    )


def pause_after(attempts: int) -> float:
    """Return how long to wait after so many attempts: doubling, with a cap, never in step."""
    pause = min(FIRST_PAUSE * 2.0 ** (attempts - 1), LONGEST_PAUSE)
    return pause * JITTER.uniform(0.8, 1.2)


def boot_id() -> str:
    """Return what changes with every start of this machine, and only then."""
    return BOOT_ID.read_text().strip()


def our_domain() -> str:
    """Return the domain that this portal sends from, which it also greets mail servers with."""
    return parseaddr(settings.MSC_MAIL_FROM)[1].rpartition("@")[2] or "localhost"
