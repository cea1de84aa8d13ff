"""People who create customers through forms at a steady pace, and remember what they were answered."""

import contextlib
import http.client
import re
import statistics
import threading
import time
from collections.abc import Callable, Iterator
from typing import NamedTuple
from urllib.parse import urlencode

from chaos.release import HEADER

FORM = "/customers/create/"
PEOPLE = 8
#: The browser's half of the forms' tokens; any 32 letters will do.
CSRF_COOKIE = "msc-csrf=" + "trial" * 6 + "ok"
_HIDDEN = re.compile(r'name="(csrfmiddlewaretoken|submit_key)"\s+value="([^"]+)"')


class Answer(NamedTuple):
    """One request: when it was answered and after how long, how, by which release, and what it sent.

    A status of 0 is a cut connection.
    """

    at: float
    seconds: float
    status: int
    retry_after: str
    body: str
    sent: str
    cause: str = ""
    release: str = ""

    @property
    def failed(self) -> bool:
        return self.status not in (200, 302, 303)

    @property
    def is_polite(self) -> bool:
        """Tell whether a failure says when to come again."""
        return self.status == 503 and self.retry_after.isdigit()


class Load:
    """The people, the ports they know the portal by, the page they read before each form, and every answer they got."""

    def __init__(self, cookie: str, ports: Callable[[], int], name: str, rate: float, *, also: str = "") -> None:
        self.answers: list[Answer] = []
        self.began = time.monotonic()
        self._cookie, self._port, self.name, self._rate = cookie, ports, name, rate
        self._also = also
        self._ended = threading.Event()
        self._numbers = iter(range(1_000_000))
        self._lock = threading.Lock()

    @property
    def created(self) -> set[str]:
        """The names of the customers that people were told exist."""
        return {_name_in(answer.sent) for answer in self.answers if answer.sent and not answer.failed}

    @property
    def failures(self) -> list[Answer]:
        return [answer for answer in self.answers if answer.failed]

    @property
    def median_milliseconds(self) -> float:
        return 1000 * statistics.median(answer.seconds for answer in self.answers)

    @contextlib.contextmanager
    def running(self) -> Iterator[None]:
        """Keep the people busy for as long as the block takes."""
        people = [threading.Thread(target=self._work, args=(number,)) for number in range(PEOPLE)]
        for person in people:
            person.start()
        try:
            yield
        finally:
            self._ended.set()
            for person in people:
                person.join()

    def send_again(self) -> int:
        """Send every form that failed once more, key and all, and return how many fail again."""
        again = [self._ask("POST", answer.sent) for answer in self.failures if answer.sent]
        return sum(answer.failed for answer in again)

    def _work(self, number: int) -> None:
        pace = (3 if self._also else 2) * PEOPLE / self._rate
        due = time.monotonic() + pace * number / PEOPLE
        while not self._ended.wait(max(0.0, due - time.monotonic())):
            due = max(due + pace, time.monotonic() - pace)
            if self._also:
                self._note(self._ask("GET", path=self._also))
            form = self._note(self._ask("GET"))
            hidden = dict(_HIDDEN.findall(form.body))
            if form.failed or len(hidden) != 2:
                continue
            with self._lock:
                name = f"{self.name} {next(self._numbers)}"
            values = {**hidden, "name": name, "address": "1 Harbour Street, Kiel", "phone": "+49431123456"}
            self._note(self._ask("POST", urlencode(values)))

    def _note(self, answer: Answer) -> Answer:
        with self._lock:
            self.answers.append(answer._replace(body=""))
        return answer

    def _ask(self, method: str, sent: str = "", path: str = FORM) -> Answer:
        """Send one request on a connection of its own."""
        port = self._port()
        headers = {"Host": f"localhost:{port}", "Connection": "close", "Cookie": f"{self._cookie}; {CSRF_COOKIE}"}
        if sent:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        link = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        began = time.monotonic()
        try:
            link.request(method, path, sent or None, headers)
            response = link.getresponse()
            body = response.read().decode()
            now, retry_after = time.monotonic(), response.headers.get("Retry-After", "")
            release = response.headers.get(HEADER, "")
            return Answer(now, now - began, response.status, retry_after, body, sent, release=release)
        except (OSError, http.client.HTTPException) as error:
            now = time.monotonic()
            return Answer(now, now - began, 0, "", "", sent, type(error).__name__)
        finally:
            link.close()


def _name_in(sent: str) -> str:
    found = re.search(r"&name=([^&]+)", sent)
    return found[1].replace("+", " ") if found else ""
