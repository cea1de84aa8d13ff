"""The started web server beside clients that are slow, send too much or end badly."""

import http.client
import os
import shlex
import socket
import subprocess
import sys
import threading
from contextlib import closing

import pytest

from msc.portal import PROCESSES, ROOT
from tests.setup.processes import eventually, free_port

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(300)]
PATIENCE = 30
SLOW = 200
SECONDS_A_BYTE = 0.6
HEADER = b"GET /account/sign-in/ HTTP/1.1\r\nHost: localhost\r\nX-Slow: " + b"x" * 10_000
BODY = (
    b"POST /account/sign-in/ HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-www-form-urlencoded\r\n"
    b"Content-Length: 10000\r\n\r\nlogin=" + b"x" * 10_000
)


class Web:
    def __init__(self, log):
        self.port, self.log = free_port(), log
        command = [sys.executable, "-m", *shlex.split(PROCESSES["web"])]
        environment = {**os.environ, "MSC_BIND": f"127.0.0.1:{self.port}"}
        with log.open("wb") as output:
            self.process = subprocess.Popen(command, env=environment, cwd=ROOT, stdout=output, stderr=output)

    def connect(self):
        return socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE)

    def answers(self):
        try:
            return self.ask("GET", "/livez")[0] == 200
        except OSError:
            return False

    def ask(self, method, path, body=None, headers=None):
        with closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)) as link:
            link.request(method, path, body, {"Host": "localhost", **(headers or {})})
            response = link.getresponse()
            return response.status, response.headers, response.read()

    def say(self, request):
        """Send bytes and return all that comes back until the server hangs up."""
        with self.connect() as link:
            link.sendall(request)
            return b"".join(iter(lambda: link.recv(65_536), b""))

    def stop(self):
        self.process.terminate()
        self.process.wait(60)


@pytest.fixture(scope="module")
def web(tmp_path_factory, django_db_setup, django_db_blocker):
    with django_db_blocker.unblock():
        web = Web(tmp_path_factory.mktemp("web") / "log")
        assert eventually(web.answers, 60), web.log.read_text()
        yield web
        web.stop()


class Slow(threading.Thread):
    """Clients that send one byte after the other."""

    def __init__(self, web):
        super().__init__(daemon=True)
        self.enough = threading.Event()
        self.links = [(web.connect(), (HEADER, BODY)[number % 2]) for number in range(SLOW)]
        for link, text in self.links:
            link.sendall(text[:300] if text is BODY else text[:60])

    def run(self):
        place = 300
        while not self.enough.wait(SECONDS_A_BYTE):
            for link, text in self.links:
                link.sendall(text[place : place + 1])
            place += 1

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.enough.set()
        self.join()
        for link, _ in self.links:
            link.close()


def test_pages_are_answered_beside_two_hundred_slow_clients(web):
    with Slow(web) as slow:
        for _ in range(5):
            assert web.ask("GET", "/livez")[0] == 200
            assert web.ask("GET", "/account/sign-in/")[0] == 200
            status, _, _ = web.ask("POST", "/account/sign-in/", "login=x", {"Content-Type": "text/plain"})
            assert status == 403
        assert slow.is_alive()


@pytest.mark.parametrize(
    ("path", "kind"), [("/account/sign-in/", "text/html"), ("/api/v1/runs", "application/problem+json")]
)
def test_a_body_beyond_the_limit_is_answered_and_not_kept(web, path, kind):
    status, headers, _ = web.ask("POST", path, b"x" * 20_000_000, {"Content-Type": "text/plain"})
    assert (status, headers.get_content_type()) == (413, kind)


def test_a_body_of_unknown_length_beyond_the_limit_is_cut(web):
    head = b"POST /account/sign-in/ HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"
    chunk = b"%x\r\n%s\r\n" % (2**20 + 1, b"x" * (2**20 + 1))
    assert web.say(head + chunk).startswith(b"HTTP/1.1 413 ")


def test_a_body_in_chunks_is_read(web):
    head = b"POST /account/sign-in/ HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n"
    kind = b"Content-Type: application/x-www-form-urlencoded; charset=latin-1\r\n\r\n"
    assert web.say(head + kind + b"7\r\nlogin=x\r\n0\r\n\r\n").startswith(b"HTTP/1.1 400 ")


def test_a_long_request_line_gets_the_portals_own_page(web):
    status, headers, body = web.ask("GET", f"/account/sign-in/?q={'x' * 20_000}")
    assert (status, b"Error 400" in body, headers["X-Frame-Options"]) == (400, True, "DENY")


def test_no_header_of_a_client_moves_an_address_or_chooses_a_charset(web):
    for name in ("SCRIPT_NAME", "Script-Name"):
        assert web.ask("GET", "/account/sign-in/", headers={name: "/account"})[0] == 200
    assert web.ask("GET", "/account/sign-in/?a=x", headers={"Content-Type": "x/y; charset=idna"})[0] == 400
