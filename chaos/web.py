"""Break what the web depends on while people create customers, and count failed requests and lost work.

`python -m chaos.web` takes about ten minutes; `--rate 10 --turns 1 --kills 5 --away 10` is a quick look.
"""

import argparse
import random
import signal
import socket
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from chaos.load import Answer, Load
from chaos.portal import Portal, is_ready, running, seconds_until
from chaos.release import publish
from chaos.report import Line, write

CHANCE = random.Random(12)
WORKERS_ARE_BACK_SECONDS = 1.0


class Size(NamedTuple):
    """Requests a second, how often a fault comes and is killed, and for how many seconds a part is away."""

    rate: float
    turns: int
    kills: int
    away: float


class Web:
    """A portal with web servers, the people who use it, and when each fault came."""

    def __init__(self, portal: Portal, size: Size) -> None:
        self.portal, self.size = portal, size
        self.cookie = portal.prepare_web()
        self.ports = {"web": portal.start_web()}
        self.faults: list[float] = []
        #: Since when all servers are of a release, the newest one last.
        self.upgrades: dict[str, float] = {}
        self.people: Load | None = None

    def load(self, name: str, rate: float) -> Load:
        self.people = Load(self.cookie, self._port, name, rate)
        return self.people

    @property
    def served(self) -> set[str]:
        """The releases that people were answered by."""
        return {answer.release for answer in self.people.answers} if self.people else set()

    def fault(self) -> None:
        """Note that a fault comes now."""
        self.faults.append(time.monotonic())

    def _port(self) -> int:
        """Choose as a balancer does: any server that is in the list."""
        return CHANCE.choice(list(self.ports.values()))


def valkey_stopped(web: Web) -> None:
    """Stop Valkey for a while."""
    web.portal.valkey.stop()
    time.sleep(web.size.away)
    web.portal.valkey.start()


def valkey_frozen(web: Web) -> None:
    """Freeze Valkey for a while."""
    with web.portal.frozen_valkey():
        time.sleep(web.size.away)


def _restart_postgresql(web: Web, how: signal.Signals) -> None:
    for _ in range(web.size.turns):
        time.sleep(CHANCE.uniform(1, 3))
        web.fault()
        web.portal.restart_postgresql(how)
        time.sleep(8)


def postgresql_restarted(web: Web) -> None:
    """Restart PostgreSQL in order, cutting the statements that run."""
    _restart_postgresql(web, signal.SIGINT)


def postgresql_crashed(web: Web) -> None:
    """Restart PostgreSQL as after a crash."""
    _restart_postgresql(web, signal.SIGQUIT)


def web_killed(web: Web) -> None:
    """Kill a process of the web server with -9, in turn."""
    for turn in range(web.size.kills):
        web.fault()
        web.portal.kill_a_child("web", turn)
        time.sleep(CHANCE.uniform(1, 2) + WORKERS_ARE_BACK_SECONDS)


def web_upgraded(web: Web) -> None:
    """Publish newer releases, and restart the two web servers on one socket in turn, as `docs/operations.md` says."""
    before, names = dict(web.ports), ("upgraded-1", "upgraded-2")
    with socket.create_server(("127.0.0.1", 0), backlog=2048) as door:
        for turn in range(web.size.turns + 1):
            name = f"release-{turn}"
            release = publish(web.portal.folder / "releases", name)
            for server in names:
                if turn:
                    web.fault()
                    web.portal.end(server)
                web.portal.start_web_on(door, server, release)
            web.ports = {"door": int(door.getsockname()[1])}
            web.upgrades[name] = time.monotonic()
            seconds_until(lambda name=name: name in web.served)  # type: ignore[misc]
    web.ports = before


def web_replaced(web: Web) -> None:
    """Replace one of two web servers: mark it as draining, wait for the balancer, stop it, start its successor."""
    web.ports["second"] = web.portal.start_web("second")
    for turn in range(web.size.turns):
        name = ("web", "second")[turn % 2]
        draining = web.portal.folder / "var" / name / "draining"
        web.fault()
        draining.touch()
        port = web.ports[name]
        seconds_until(lambda port=port: not is_ready(port))  # type: ignore[misc]
        del web.ports[name]
        web.portal.end(name)
        draining.unlink()
        web.ports[name] = web.portal.start_web(name)
        time.sleep(2)


class Fault(NamedTuple):
    """What is done, its words, and what it may cost."""

    commit: Callable[[Web], None]
    words: str
    failures: Callable[[Web], int]
    #: Whether failures must be 503 with Retry-After, and end so many seconds after the fault.
    polite_for: float | None = None
    creates: int | None = None


def none(_web: Web) -> int:
    """No request may fail."""
    return 0


def one_each(web: Web) -> int:
    """One request may fail each time."""
    return len(web.faults)


def any_number(_web: Web) -> int:
    """Requests may fail for as long as the part is away."""
    return sys.maxsize


FAULTS = (
    Fault(valkey_stopped, "Valkey stopped", none, creates=200),
    Fault(valkey_frozen, "Valkey frozen", none, creates=200),
    Fault(postgresql_restarted, "PostgreSQL restarted", any_number, polite_for=5),
    Fault(postgresql_crashed, "PostgreSQL crashed", any_number, polite_for=5),
    Fault(web_killed, "Web process killed with -9", one_each),
    Fault(web_upgraded, "Web servers upgraded in turn", none),
    Fault(web_replaced, "Web servers replaced in turn", none),
)


def trial(web: Web, fault: Fault) -> Line:
    """Commit a fault while people work, let them send again what failed, and compare with the database."""
    web.faults.clear()
    web.upgrades.clear()
    rate = 2.2 * fault.creates / web.size.away if fault.creates else web.size.rate
    load = web.load(fault.commit.__name__, rate)
    with load.running():
        time.sleep(1)
        fault.commit(web)
        time.sleep(1)
    seconds = time.monotonic() - load.began
    again = load.send_again()
    kept = _kept(web.portal, load)
    taken = {mail.message_id for mail in web.portal.sink.taken()}
    copies = Counter(name for name, _ in kept)
    lost = len(load.created - copies.keys())
    doubled = copies.total() - len(copies)
    mails_lost = sum(message_id not in taken for _, message_id in kept)
    line = _judged(web, fault, load, seconds)
    line = line._replace(
        figures=(*line.figures, f"lost {lost} (0)", f"doubled {doubled} (0)", f"e-mails lost {mails_lost} (0)"),
        passed=line.passed and not (lost or doubled or mails_lost or again),
    )
    print(line, flush=True)
    return line


def _judged(web: Web, fault: Fault, load: Load, seconds: float) -> Line:
    """Say how many requests failed, and how."""
    failures, limit = load.failures, fault.failures(web)
    times = f"{len(web.faults)} times, " if web.faults else ""
    figures = [
        f"{times}{len(load.answers):,} requests, {len(load.answers) / seconds:.0f}/s",
        f"median {load.median_milliseconds:.0f} ms",
        f"{len(load.created):,} created",
        f"failed {len(failures)}" + (f" ({limit})" if limit < sys.maxsize else "") + _causes(failures),
    ]
    passed = len(failures) <= limit
    if fault.polite_for is not None:
        rude = [answer for answer in failures if not answer.is_polite]
        last = max((_after(answer.at, web.faults) for answer in failures), default=0.0)
        figures += [
            f"not 503 with Retry-After {len(rude)} (0)",
            f"last {last:.1f} s after the fault ({fault.polite_for:.0f} s)",
        ]
        passed = passed and not rude and last <= fault.polite_for
    if web.upgrades:
        old = sum(_is_by_old_code(answer, web.upgrades) for answer in load.answers)
        figures.append(f"answered by old code after it {old} (0)")
        passed = passed and not old and web.served >= web.upgrades.keys()
    return Line(fault=fault.words, figures=tuple(figures), passed=passed)


def _is_by_old_code(answer: Answer, upgrades: dict[str, float]) -> bool:
    """Tell whether a request that began when all servers were of a newer release was answered by an older one."""
    superseded = list(upgrades.values())[list(upgrades).index(answer.release) + 1 :] if answer.release else []
    return any(answer.at - answer.seconds > moment for moment in superseded)


def _causes(failures: list[Answer]) -> str:
    """Name the statuses of failures, and what cut a connection."""
    counted = Counter(str(answer.status or answer.cause) for answer in failures)
    return ": " + ", ".join(f"{number} {cause}" for cause, number in counted.most_common()) if failures else ""


def _after(moment: float, faults: list[float]) -> float:
    return min((moment - fault for fault in faults if fault <= moment), default=moment)


_KEPT = """
SELECT i.name, o.message_id FROM customers_customeridentity i
LEFT JOIN mail_outboxmessage o ON o.key = 'customer.created:' || i.customer_id
"""


def _kept(portal: Portal, load: Load) -> list[tuple[str, str]]:
    """Wait until everything is sent, and return name and e-mail of each customer that the database holds."""
    portal.seconds_until_nothing_waits()
    rows = [(str(name), str(message_id)) for name, message_id in portal.ask(_KEPT)]
    return [row for row in rows if row[0].startswith(f"{load.name} ")]


def main() -> int:
    """Commit every fault, or those whose name is given, on one portal."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rate", type=float, default=20.0, help="requests a second")
    parser.add_argument("--turns", type=int, default=4)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--away", type=float, default=60.0)
    parser.add_argument("--report", type=Path, help="write the lines into this document, between its marks")
    parser.add_argument("faults", nargs="*", help="names of functions; all without")
    chosen = parser.parse_args()
    with running() as portal:
        web = Web(portal, Size(chosen.rate, chosen.turns, chosen.kills, chosen.away))
        wanted = [fault for fault in FAULTS if not chosen.faults or fault.commit.__name__ in chosen.faults]
        lines = [trial(web, fault) for fault in wanted]
    failed = sum(not line.passed for line in lines)
    print(f"{len(lines) - failed} passed, {failed} failed")
    if chosen.report:
        write(chosen.report, "web", lines)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
