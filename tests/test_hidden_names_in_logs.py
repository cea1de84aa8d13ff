"""A hidden name is in no line that the started web server and worker write, whatever fails in them."""

import os
import socket
import subprocess
import sys
from contextlib import contextmanager

import pytest
import requests
from django.conf import settings

from customers.models import Customer, CustomerImport, ImportState
from customers.tasks import work_on_imports
from msc import stack
from msc.access import scope
from msc.mail.tasks import deliver
from msc.pages import submission
from tests.encodings import found_in
from tests.setup.processes import eventually, free_port
from tests.sign_in import cookie_of
from tests.stack import DATABASE, superuser_url
from tests.test_hidden_names import ACCOUNT, SECRETS

pytestmark = pytest.mark.django_db(transaction=True)

WEB = ("gunicorn", "--config=python:msc.gunicorn", "--workers=1", "msc.wsgi")
WORKER = ("celery", "-A", "msc.celery", "worker", "-c", "1", "-l", "INFO", "--without-gossip", "--without-mingle")
PATIENCE = 60


class Server:
    """A program of the portal on the test's database, and what it has written."""

    def __init__(self, folder, *module, **environment) -> None:
        self.path = folder / f"{module[0]}.log"
        more = {"EMAIL_URL": "none:", "MSC_LOG_LEVEL": "DEBUG", **environment}
        with self.path.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", *module], env={**os.environ, **more}, stdout=log, stderr=log
            )

    def written(self) -> bytes:
        return self.path.read_bytes()

    def says(self, *words: bytes) -> bool:
        return eventually(lambda: all(word in self.written() for word in words), PATIENCE)

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(PATIENCE)


@pytest.fixture
def worker(tmp_path):
    server = Server(tmp_path, *WORKER)
    yield server
    server.stop()


@pytest.fixture
def web(tmp_path):
    port = free_port()
    server = Server(tmp_path, *WEB, MSC_BIND=f"127.0.0.1:{port}")
    server.address = "127.0.0.1", port
    assert server.says(b"Booting worker"), server.written()
    yield server
    server.stop()


class Office:
    """A person's browser at the started web server."""

    def __init__(self, person, address: tuple[str, int]) -> None:
        self.person, self.address, self.browser = person, address, requests.Session()
        cookie = cookie_of(person, "")
        self.browser.cookies.set(cookie["name"], cookie["value"])
        self.get("/profile/edit/")
        self.browser.headers["X-CSRFToken"] = self.browser.cookies[settings.CSRF_COOKIE_NAME]

    def get(self, path: str, *statuses: int, **query: str) -> None:
        self._ask(
            "GET",
            path,
            statuses or (200,),
            params=query,
            headers={"Referer": f"http://x/?q={SECRETS['name']}".encode()},
        )

    def post(self, path: str, *statuses: int, files=None, **data: object) -> None:
        key = {submission.FIELD: submission.new_key(self.person)}
        self._ask("POST", path, statuses or (302,), data=key | data, files=files)

    def _ask(self, method: str, path: str, statuses: tuple[int, ...], **more: object) -> None:
        url = f"http://127.0.0.1:{self.address[1]}{path}"
        answer = self.browser.request(method, url, allow_redirects=False, timeout=PATIENCE, **more)
        assert answer.status_code in statuses, (path, answer.status_code)

    def shout(self, line: bytes) -> None:
        """Send what is no request and read until the server hangs up."""
        with socket.create_connection(self.address, timeout=PATIENCE) as link:
            link.sendall(line)
            link.shutdown(socket.SHUT_WR)
            while link.recv(4096):
                pass


def test_started_servers_write_no_hidden_name(northwind, ada, web, worker):
    office, name = Office(ada, web.address), SECRETS["name"]
    form = {"address": SECRETS["address"], "phone": SECRETS["phone"], "hide_name": "on", "account_name": ACCOUNT}
    office.post("/customers/create/", **form, name=name)
    office.post("/customers/create/", 422, **form, name=name)
    office.post("/customers/create/", 400, **form, name=name + "\x00")
    office.get("/customers/", q=name)
    office.get("/customers/", q=name, export="all")
    office.get("/customers/", 400, q=name + "\x00")
    lines = f"Customer Name,Address,Phone Number\n{SECRETS['imported name']},{SECRETS['address']},{SECRETS['phone']}\n"
    file = {"file": (f"{name}.csv", lines.encode())}
    office.post("/customers/import/", files=file)
    work_on_imports.delay()
    assert eventually(lambda: _checked(northwind), PATIENCE), worker.written()
    for line in (b"GET /?q=%s\r\n\r\n", b"%s / HTTP/1.1\r\n\r\n", b"GET / HTTP/1.1\r\n%s\r\n\r\n", b"GET / %s\r\n\r\n"):
        office.shout(line % name.encode())
    with without("customers_importline"):
        # Only now: the worker may still be looking whether there is another file.
        office.post("/customers/import/", files=file)
        for task in (work_on_imports, deliver):
            task.delay()
        assert worker.says(b"customers.tasks.work_on_imports", b"42P01"), worker.written()
    with scope.entered("portal", msp=northwind.pk):
        customer = Customer.objects.get(account_name=ACCOUNT)
    with without("customers_contact"):
        office.get(f"/customers/{customer.pk}/", 500, q=name)
        office.post(f"/customers/{customer.pk}/contacts/add/", 500, name=SECRETS["contact"])
    assert web.says(b'"GET /customers/', b"Internal Server Error", b"42P01"), web.written()
    hits = [f"{server.path.name}: {hit}" for server in (web, worker) for hit in found_in(server.written(), SECRETS)]
    assert not hits


@contextmanager
def without(table: str):
    """Take a table away for a while, whatever becomes of the test."""
    with stack.connect(superuser_url(DATABASE)) as superuser:
        superuser.execute(f"ALTER TABLE {table} RENAME TO away")
        try:
            yield
        finally:
            superuser.execute(f"ALTER TABLE away RENAME TO {table}")


def _checked(northwind) -> bool:
    with scope.entered("portal", msp=northwind.pk):
        return CustomerImport.objects.get().state == ImportState.CHECKED
