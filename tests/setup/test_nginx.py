"""deploy/nginx.conf: read, and run by Debian's nginx in front of the started web server."""

import http.client
import json
import re
import shutil
import socket
import subprocess
from contextlib import closing, contextmanager

import pytest
import yaml
from django.conf import settings

from msc.portal import ROOT
from tests.setup.processes import eventually, free_port
from tests.setup.test_slow_clients import Web

CONFIGURATION = (ROOT / "deploy" / "nginx.conf").read_text()
SERVICES = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]
NGINX = shutil.which("nginx", path="/usr/sbin:/usr/bin")
PATIENCE = 30
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(300)]
needs_nginx = pytest.mark.skipif(not NGINX, reason="nginx is missing: scripts/test-tools installs it")


class Front:
    """nginx with the repository's configuration; only its port, its upstream and its files differ."""

    def __init__(self, folder, upstream):
        self.port, self.log = free_port(), folder / "access.log"
        text = CONFIGURATION
        for here, there in (
            ("listen 8000;", f"listen 127.0.0.1:{self.port};"),
            ("web:8000;", f"127.0.0.1:{upstream};"),
            ("/var/log/nginx/", f"{folder}/"),
            ("/run/nginx.pid", f"{folder}/nginx.pid"),
            ("worker_processes auto;", "worker_processes 1;"),
        ):
            assert text.count(here) >= 1, here
            text = text.replace(here, there)
        for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"):
            text = text.replace("http {\n", f"http {{\n    {kind}_temp_path {folder}/{kind};\n", 1)
        file = folder / "nginx.conf"
        file.write_text(text)
        self.command = [NGINX, "-p", str(folder), "-c", str(file), "-e", str(folder / "error.log")]

    def check(self):
        return subprocess.run([*self.command, "-t"], capture_output=True, text=True, check=False, timeout=PATIENCE)

    @contextmanager
    def running(self):
        process = subprocess.Popen([*self.command, "-g", "daemon off;"])
        try:
            assert eventually(self.answers)
            yield self
        finally:
            process.terminate()
            process.wait(PATIENCE)

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


@pytest.fixture(scope="module")
def front(tmp_path_factory, django_db_setup, django_db_blocker):
    folder = tmp_path_factory.mktemp("nginx")
    folder.chmod(0o755)
    with django_db_blocker.unblock():
        web = Web(folder / "web.log")
        try:
            assert eventually(web.answers, 60), web.log.read_text()
            front = Front(folder, web.port)
            checked = front.check()
            assert checked.returncode == 0, checked.stderr
            with front.running():
                yield front
        finally:
            web.stop()


def test_docker_reaches_the_portal_through_nginx_alone():
    assert "./deploy/nginx.conf:/etc/nginx/nginx.conf:ro" in SERVICES["nginx"]["volumes"]
    assert "ports" not in SERVICES["web"]
    assert SERVICES["nginx"]["ports"] == ["127.0.0.1:8000:8000"]
    assert SERVICES["web"]["environment"]["MSC_BIND"].endswith(":8000")


def test_its_limits_are_those_of_the_portal():
    found = re.findall(r"location (/\S*) \{\s+client_max_body_size (\d+)m;", CONFIGURATION)
    assert {(path, int(size) * 1024 * 1024) for path, size in found} == set(settings.MSC_LARGEST_BODIES)


@needs_nginx
def test_a_page_is_answered_and_no_header_of_a_client_changes_it(front):
    assert front.ask("GET", "/account/sign-in/")[0] == 200
    for name in ("SCRIPT_NAME", "Script-Name"):
        assert front.ask("GET", "/account/sign-in/", headers={name: "/account"})[0] == 200


@needs_nginx
def test_a_body_over_the_limit_is_refused(front):
    assert front.ask("POST", "/account/sign-in/", b"x" * (2**20 + 1))[0] == 413
    status, headers, body = front.ask("POST", "/api/v1/usage", b"x", {"Content-Length": str(13 * 2**20)})
    assert (status, headers.get_content_type()) == (413, "application/problem+json")
    assert json.loads(body)["status"] == 413


@needs_nginx
def test_a_slow_client_stops_no_other(front):
    links = [socket.create_connection(("127.0.0.1", front.port), timeout=PATIENCE) for _ in range(40)]
    try:
        for link in links:
            link.sendall(b"POST /account/sign-in/ HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\nlog")
        assert front.ask("GET", "/account/sign-in/")[0] == 200
    finally:
        for link in links:
            link.close()


@needs_nginx
def test_its_log_contains_no_query_string_and_no_referer(front):
    front.ask("GET", "/account/sign-in/?q=hidden-query", headers={"Referer": "http://localhost/?q=hidden-referer"})
    front.ask("POST", "/account/sign-in/?q=hidden-body", b"x" * (2**20 + 1))
    assert eventually(lambda: " POST /account/sign-in/ 413 " in front.log.read_text())
    written = "".join(file.read_text() for file in (front.log, front.log.with_name("error.log")) if file.exists())
    assert " GET /account/sign-in/ 200 " in written
    assert "hidden-" not in written
