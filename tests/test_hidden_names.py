"""The whole life of a customer whose name is hidden: its real name is nowhere outside the MSP's own pages and mails."""

import io
import logging
import os
from pathlib import Path

import psycopg
import pytest
import redis
from django.conf import settings
from django.contrib.sessions.models import Session
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from customers.models import Customer
from customers.tasks import work_on_imports
from msc import celery, gunicorn, stack
from msc.access import scope
from msc.logging import WithoutValues
from msc.mail.tasks import deliver, tidy
from msc.pages import submission
from serviceplans.models import StorageRegion
from tenants.tasks import apply_changes
from tests import factories
from tests.encodings import found_in
from tests.grid.places import SUPPORTED
from tests.sign_in import client_of
from tests.stack import DATABASE, superuser_url
from tests.support.browser import support_client

pytestmark = pytest.mark.django_db(transaction=True)

SECRETS = {
    "name": "Quexwörth Zymurgy",
    "second name": "Wimbrelgate Ouzelworks",
    "address": "77 Kittiwake Terrace",
    "phone": "+494315558877",
    "shown phone": "+49 431 5558877",
    "contact": "Peregrine Ouzelbury",
    "contact's mail": "peregrine@ouzelbury.example",
    "imported name": "Fulmar Guillemot Partners",
    "too long": "Zzyzx" * 90,
}
ACCOUNT = "ACC-4711"


@pytest.fixture
def written_log():
    """What the portal's own formatter writes of everything that is logged."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(_formatter())
    handler.addFilter(WithoutValues())
    root = logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield stream
    root.removeHandler(handler)
    root.setLevel(level)


def _formatter() -> logging.Formatter:
    described = dict(settings.LOGGING["formatters"]["lines"])
    return described.pop("()")(**described)


class Life:
    """What happens to the customer, and every header that was answered."""

    def __init__(self, ada, northwind) -> None:
        self.ada, self.northwind = ada, northwind
        self.office: Client = client_of(ada)
        self.office.raise_request_exception = False
        self.headers: list[bytes] = []
        self.addresses: list[str] = []

    def post(self, path: str, *statuses: int, **data):
        answer = self.office.post(path, {submission.FIELD: submission.new_key(self.ada), **data})
        return self._note(answer, path, statuses or (302,))

    def get(self, path: str, *statuses: int, **query):
        return self._note(self.office.get(path, query), path, statuses or (200,))

    def _note(self, answer, path: str, statuses: tuple[int, ...]):
        assert answer.status_code in statuses, (path, answer.status_code)
        if answer.streaming:
            assert b"".join(answer.streaming_content)
        self.addresses.append(path)
        self.headers += [f"{name}: {value}".encode() for name, value in answer.headers.items()]
        return answer

    def form(self, **more: object) -> dict[str, object]:
        usual = {"name": SECRETS["name"], "address": SECRETS["address"], "phone": SECRETS["phone"]}
        return usual | {"hide_name": "on", "account_name": ACCOUNT} | more

    def begin(self) -> Customer:
        self.post("/customers/create/", **self.form())
        self.post("/customers/create/", 422, **self.form(account_name="ACC-4712"))
        self.post("/customers/create/", 422, **self.form(account_name=SECRETS["name"]))
        self.post("/customers/create/", 422, **self.form(name=SECRETS["too long"]))
        self.post("/customers/create/", 400, **self.form(name=SECRETS["name"] + "\x00"))
        with scope.entered("portal", msp=self.northwind.pk):
            return Customer.objects.get(account_name=ACCOUNT)

    def work(self, customer: Customer, plan, region) -> None:
        page = f"/customers/{customer.pk}/"
        self.get("/customers/", q=SECRETS["name"])
        self.get("/customers/", q=SECRETS["name"], export="all", sort="name")
        self.get("/customers/", 400, q=SECRETS["name"] + "\x00")
        self.post(f"{page}edit/", **self.form(name=SECRETS["second name"], version=1))
        self.post(f"{page}edit/", 409, **self.form(version=1))
        self.post(
            f"{page}contacts/add/", name=SECRETS["contact"], email=SECRETS["contact's mail"], phone=SECRETS["phone"]
        )
        self.post(f"{page}products/add/hybrid/", service_plan=plan.pk, tenant_type="evaluation", regions=[region.pk])
        lines = (
            f"Customer Name,Address,Phone Number\n{SECRETS['imported name']},{SECRETS['address']},{SECRETS['phone']}\n"
        )
        started = self.post("/customers/import/", file=SimpleUploadedFile(f"{SECRETS['name']}.csv", lines.encode()))
        for task in (work_on_imports, apply_changes, deliver, tidy):
            task.delay()
            task()
        self.get(started["Location"])
        self.get(page)

    def fail(self, customer: Customer, superuser: psycopg.Connection) -> None:
        """Make real failures: a table that is away, and a trigger that refuses the row with its values."""
        superuser.execute("ALTER TABLE customers_contact RENAME TO away")
        self.get(f"/customers/{customer.pk}/", 500, q=SECRETS["name"])
        self.post(f"/customers/{customer.pk}/contacts/add/", 500, name=SECRETS["contact"])
        superuser.execute("ALTER TABLE away RENAME TO customers_contact")
        superuser.execute("ALTER TABLE customers_customeridentity ADD CONSTRAINT refuses CHECK (false) NOT VALID")
        self.post(f"/customers/{customer.pk}/edit/", 409, 422, 500, **self.form(version=2))
        superuser.execute("ALTER TABLE customers_customeridentity DROP CONSTRAINT refuses")

    def end(self, customer: Customer, superuser: psycopg.Connection) -> None:
        page = f"/customers/{customer.pk}/"
        self.post(f"{page}delete/", 422)
        with superuser.transaction():  # the grace period passes
            superuser.execute("SET LOCAL session_replication_role = replica")
            superuser.execute("UPDATE tenants_tenant SET state = 'deleted', deleted_at = now()")
        self.post(f"{page}delete/")
        self.get(f"{page}", 404)


def support_pages(sam) -> bytes:
    """Return every page of support staff: lists, searches by account name, objects and their histories."""
    browser = support_client(sam)
    pages = []
    for model in SUPPORTED:
        place = f"/support/{model.replace('_', '/', 1)}/"
        listed = browser.get(place)
        pages += [listed, browser.get(place, {"q": ACCOUNT})]
        for row in listed.context["cl"].result_list:
            pages += [browser.get(f"{place}{row.pk}/change/"), browser.get(f"{place}{row.pk}/history/")]
    assert all(page.status_code == 200 for page in pages)
    assert len(pages) > 30
    return b"\n".join(page.content + str(page.headers).encode() for page in pages)


def seen_by_support(superuser: psycopg.Connection) -> bytes:
    """Return every row that the database role of support staff can read, of every table."""
    tables = superuser.execute(
        "SELECT relname FROM pg_class WHERE relkind IN ('r', 'p', 'v') AND relnamespace = 'public'::regnamespace"
    )
    rows = []
    for (table,) in tables.fetchall():
        readable = superuser.execute("SELECT has_table_privilege('msc_support', %s, 'SELECT')", [table]).fetchone()
        if readable and readable[0]:
            with superuser.transaction():
                superuser.execute("SET LOCAL ROLE msc_support")
                rows += [text for (text,) in superuser.execute(f"SELECT t::text FROM {table} t").fetchall()]
    assert any(ACCOUNT in row for row in rows)
    return "\n".join(rows).encode()


def in_redis() -> bytes:
    assert celery.app.conf.broker_url == settings.REDIS_URL  # where `delay` has rung
    server = redis.Redis.from_url(settings.REDIS_URL.replace("redis+socket", "unix").replace("virtual_host", "db"))
    blobs = []
    for key in server.scan_iter():
        kind = server.type(key)
        read = {
            b"string": server.get,
            b"hash": server.hgetall,
            b"set": server.smembers,
            b"zset": lambda k: server.zrange(k, 0, -1),
            b"list": lambda k: server.lrange(k, 0, -1),
        }.get(kind, lambda k: b"")  # a key that went away meanwhile has no kind
        blobs.append(key + b" " + repr(read(key)).encode())
    assert blobs
    return b"\n".join(blobs)


def sessions() -> bytes:
    with scope.entered("portal"):
        return "\n".join(str(one.get_decoded()) for one in Session.objects.all()).encode()


def server_log() -> bytes:
    logs = [path for path in Path(os.environ["MSC_VAR"]).parent.rglob("*log*") if path.is_file()]
    text = b"\n".join(path.read_bytes() for path in logs)
    assert b"ERROR" in text, "the failures are in no log of the server"
    return text


def test_the_name_of_a_hidden_customer_is_nowhere_else(northwind, ada, sam, written_log):
    with stack.connect(superuser_url(DATABASE)) as superuser:
        with scope.entered("portal", msp=northwind.pk):
            plan, region = factories.make_plan(northwind), StorageRegion.objects.get(name="us-east-1")
        life = Life(ada, northwind)
        customer = life.begin()
        life.work(customer, plan, region)
        life.fail(customer, superuser)
        in_life = support_pages(sam) + seen_by_support(superuser)
        life.end(customer, superuser)
        access_lines = "\n".join(gunicorn.access_log_format % _atoms(path) for path in life.addresses)
        sinks = {
            "support's pages while it lived": in_life,
            "support's pages afterwards": support_pages(sam),
            "the rows of support's role": seen_by_support(superuser),
            "the application's log": written_log.getvalue().encode(),
            "the web server's log": access_lines.encode(),
            "PostgreSQL's log": server_log(),
            "Redis": in_redis(),
            "sessions": sessions(),
            "headers": b"\n".join(one for one in life.headers if not one.startswith(b"Set-Cookie")),
            "file names": b"\n".join(os.fsencode(path) for path in Path(os.environ["MSC_VAR"]).rglob("*")),
        }
        outside = superuser.execute(
            "SELECT subject || text || html FROM mail_outboxbody WHERE msp_id IS NULL"
        ).fetchall()
        sinks["e-mails outside the MSP"] = "\n".join(text for (text,) in outside).encode()
    hits = [f"{sink}: {hit}" for sink, blob in sinks.items() for hit in found_in(blob, SECRETS)]
    assert not hits
    assert b"Internal Server Error" in sinks["the application's log"]


def _atoms(path: str) -> dict[str, str]:
    return {"h": "127.0.0.1", "m": "GET", "U": path, "s": "200", "B": "1", "M": "1"}


def test_the_sieve_finds_what_it_looks_for():
    for what, text in SECRETS.items():
        assert f"{what} (plain)" in found_in(f"before {text} after".encode(), SECRETS)
    assert found_in(b"VG8gUXVleHfDtnJ0aCBaeW11cmd5IQ==", SECRETS)
