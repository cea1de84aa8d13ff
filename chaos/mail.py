"""Break what e-mail depends on, one fault after the other, and count what arrived: lost, doubled, late.

`python -m chaos.mail` takes about ten minutes; `--mails 500 --kills 8 --away 10` is a quick look.
"""

import argparse
import random
import signal
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from chaos import sink as sinks
from chaos.portal import Portal, running
from chaos.report import Line, write

CHANCE = random.Random(11)


class Size(NamedTuple):
    """How much is sent, how often is killed, and for how many seconds a part is away."""

    mails: int
    kills: int
    away: float


class Outcome(NamedTuple):
    """What a fault did to the e-mails queued during it, and how late the last of them was sent.

    Refused ones are marked as failed for support staff to see; they count neither as sent nor as lost.
    """

    queued: int
    refused: int
    lost: int
    doubled: int
    changed_ids: int
    seconds: float


def killed_workers(portal: Portal, size: Size) -> None:
    """Kill one of the worker's processes, or every fifth time all of them, while e-mails are queued and sent."""
    for kill in range(size.kills):
        portal.queue(size.mails // size.kills, f"kill-{kill}")
        time.sleep(CHANCE.uniform(0.05, 0.6))
        if kill % 5 == 4:
            portal.kill("worker")
            portal.start_worker()
        else:
            portal.kill_a_child("worker", kill)


def valkey_stopped(portal: Portal, size: Size) -> None:
    """Stop Valkey for a while."""
    portal.valkey.stop()
    portal.queue(200, "stopped")
    time.sleep(size.away)
    portal.valkey.start()


def valkey_frozen(portal: Portal, size: Size) -> None:
    """Freeze Valkey for a while."""
    with portal.frozen_valkey():
        portal.queue(200, "frozen")
        time.sleep(size.away)


def valkey_emptied(portal: Portal, size: Size) -> None:
    """Delete everything in Valkey ten times."""
    for turn in range(10):
        portal.queue(20, f"emptied-{turn}")
        portal.empty_valkey()
        time.sleep(size.away / 60)


def two_beats(portal: Portal, size: Size) -> None:
    """Run a second beat."""
    portal.start_beat("second-beat")
    for turn in range(10):
        portal.queue(50, f"beats-{turn}")
        time.sleep(size.away / 30)
    portal.kill("second-beat")


def postgresql_restarted(portal: Portal, size: Size) -> None:
    """Restart PostgreSQL five times, in order and by a crash in turn, while e-mails are sent."""
    for turn in range(5):
        portal.queue(min(400, size.mails), f"restart-{turn}")
        time.sleep(CHANCE.uniform(0.5, 2.0))
        portal.restart_postgresql(signal.SIGINT if turn % 2 else signal.SIGQUIT)
        portal.restart_producer()


def server_away(portal: Portal, size: Size) -> None:
    """Stop the mail server for a while."""
    portal.sink.stop()
    portal.queue(200, "away")
    time.sleep(size.away)
    portal.sink = sinks.start(portal.folder / "var", portal.sink.port)


def server_frozen(portal: Portal, size: Size) -> None:
    """Freeze the mail server for a while."""
    portal.sink.process.send_signal(signal.SIGSTOP)
    portal.queue(200, "server-frozen")
    time.sleep(size.away)
    portal.sink.process.send_signal(signal.SIGCONT)


def server_slow(portal: Portal, size: Size) -> None:
    """Let every tenth e-mail take the mail server two seconds."""
    for turn in range(10):
        portal.queue(1, f"slow-{turn}")
        portal.queue(9, f"quick-{turn}")
        time.sleep(size.away / 60)


def server_refusing(portal: Portal, _size: Size) -> None:
    """Let the mail server refuse one address for ever, and one five times for now, among others."""
    for turn in range(10):
        portal.queue(5, f"refused-{turn}")
        portal.queue(10, f"taken-{turn}")
    portal.queue(4, "later")


#: The fault, its words, how many may arrive twice, and how many seconds after it the last may leave: a lease is 60.
Fault = tuple[Callable[[Portal, Size], None], str, int, float]
FAULTS: tuple[Fault, ...] = (
    (killed_workers, "Worker killed with -9", 1, 120),
    (valkey_stopped, "Valkey stopped", 0, 60),
    (valkey_frozen, "Valkey frozen", 0, 60),
    (valkey_emptied, "Valkey emptied ten times", 0, 60),
    (two_beats, "Two beats", 0, 30),
    (postgresql_restarted, "PostgreSQL restarted five times", 1, 120),
    (server_away, "Mail server stopped", 0, 60),
    (server_frozen, "Mail server frozen", 1, 120),
    (server_slow, "Mail server slow", 0, 60),
    (server_refusing, "Mail server refusing some", 0, 60),
)


def outcome_of(portal: Portal, before: set[str], taken_before: int, seconds: float) -> Outcome:
    """Compare what was queued during a fault with what the mail server took."""
    rows = [
        (str(to), str(message_id), state == "failed" and str(to).startswith("refused"))
        for to, message_id, state in portal.ask('SELECT "to", message_id, state FROM mail_outboxmessage')
        if str(to) not in before
    ]
    queued = {to: message_id for to, message_id, refused in rows if not refused}
    taken = [mail for mail in portal.sink.taken()[taken_before:] if mail.to in queued]
    copies = Counter(mail.to for mail in taken)
    return Outcome(
        queued=len(rows),
        refused=len(rows) - len(queued),
        lost=len(queued.keys() - copies.keys()),
        doubled=sum(copies.values()) - len(copies),
        changed_ids=sum(mail.message_id != queued[mail.to] for mail in taken),
        seconds=seconds,
    )


def trial(portal: Portal, fault: Fault, size: Size) -> Line:
    """Commit one fault, wait until everything is sent, and print the line about it."""
    commit, words, may_double, may_take = fault
    before = {str(to) for (to,) in portal.ask('SELECT "to" FROM mail_outboxmessage')}
    taken_before = len(portal.sink.taken())
    commit(portal, size)
    outcome = outcome_of(portal, before, taken_before, portal.seconds_until_nothing_waits())
    line = Line(
        fault=words,
        figures=(
            f"{outcome.queued:,} e-mails" + (f", {outcome.refused} marked as failed" if outcome.refused else ""),
            f"lost {outcome.lost} (0)",
            f"doubled {outcome.doubled} ({may_double})",
            f"other Message-ID {outcome.changed_ids} (0)",
            f"all sent {outcome.seconds:.0f} s after it ({may_take:.0f} s)",
        ),
        passed=not outcome.lost
        and outcome.doubled <= may_double
        and not outcome.changed_ids
        and outcome.seconds <= may_take,
    )
    print(line, flush=True)
    return line


def main() -> int:
    """Commit every fault, or those whose name is given, on one portal."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mails", type=int, default=5_000)
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--away", type=float, default=60.0)
    parser.add_argument("--report", type=Path, help="write the lines into this document, between its marks")
    parser.add_argument("faults", nargs="*", help="names of functions; all without")
    chosen = parser.parse_args()
    size = Size(chosen.mails, chosen.kills, chosen.away)
    with running() as portal:
        lines = [
            trial(portal, fault, size) for fault in FAULTS if not chosen.faults or fault[0].__name__ in chosen.faults
        ]
    failed = sum(not line.passed for line in lines)
    print(f"{len(lines) - failed} passed, {failed} failed")
    if chosen.report:
        write(chosen.report, "mail", lines)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
