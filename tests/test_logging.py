"""What a log line says, and whose values it never says."""

import io
import json
import logging
import logging.config

import pytest
import structlog
from django.db import IntegrityError, connection, transaction
from django.http import HttpResponse
from django.test import RequestFactory
from django.urls import path

from msc import logging as ours
from msc import stack
from msc.access import scope
from msc.access.login import refuse_powerful_login
from msc.access.models import Msp
from tests.stack import DATABASE, superuser_url

CANARY = "Cäcilia & Söhne KG"


@pytest.fixture
def lines(settings):
    """Configure as production does and read what is written, each line as JSON."""
    written = io.StringIO()
    configuration = ours.configuration(readable=False)
    configuration["handlers"]["lines"]["stream"] = written
    logging.config.dictConfig(configuration)
    yield lambda: [json.loads(line) for line in written.getvalue().splitlines()]
    logging.config.dictConfig(settings.LOGGING)


def answer(request, number):
    return HttpResponse("ok")


def fail(request, number):
    raise ValueError(f"no customer is called {CANARY}")


urlpatterns = [
    path("customers/<int:number>/", answer),
    path("broken/<int:number>/", fail),
]


@pytest.mark.urls(__name__)
@pytest.mark.django_db
def test_a_request_is_one_line_without_its_query(lines, client):
    response = client.get(f"/customers/7/?q={CANARY}", headers={"referer": f"http://x.example/?q={CANARY}"})
    (line,) = lines()
    assert (line["event"], line["method"], line["status"]) == ("request", "GET", 200)
    assert line["route"] == "customers/<int:number>/"
    assert line["request_id"] == response.headers["X-Request-ID"]
    assert len(line["request_id"]) == 32
    assert line["ms"] > 0
    assert CANARY not in json.dumps(line, ensure_ascii=False)


@pytest.mark.urls(__name__)
@pytest.mark.django_db
def test_an_exception_is_logged_by_type_and_place(lines, client):
    client.raise_request_exception = False
    assert client.get("/broken/7/?q=x").status_code == 500
    failed = next(line for line in lines() if "exception" in line)
    assert failed["exception"].splitlines()[-1] == "builtins.ValueError"
    assert "test_logging.py" in failed["exception"]
    assert failed["request_id"] == lines()[-1]["request_id"]
    assert "lia & S" not in json.dumps(lines(), ensure_ascii=False)


@pytest.mark.django_db
def test_a_database_error_is_its_state_and_its_constraint(lines):
    with scope.entered("support"):
        Msp.objects.create(name=CANARY, slug="first")
        try:
            with transaction.atomic():
                Msp.objects.create(name=CANARY, slug="second")
        except IntegrityError:
            logging.getLogger("django.request").exception("It broke.")
    (line,) = lines()
    assert "psycopg.errors.UniqueViolation 23505 one_msp_per_name" in line["exception"]
    assert "django.db.utils.IntegrityError" in line["exception"].splitlines()[-1]
    assert "lia & S" not in json.dumps(line, ensure_ascii=False)


def test_errors_about_the_program_keep_their_words(lines):
    try:
        None.customer  # noqa: B018 - the fault is the point
    except AttributeError:
        logging.getLogger("x").exception("It broke.")
    assert lines()[0]["exception"].endswith("AttributeError: 'NoneType' object has no attribute 'customer'")


def test_statements_are_never_logged(settings):
    logging.config.dictConfig(ours.configuration(readable=False, level="DEBUG"))
    try:
        assert not logging.getLogger("django.db.backends").isEnabledFor(logging.DEBUG)
    finally:
        logging.config.dictConfig(settings.LOGGING)


def test_private_values_are_dropped_whoever_passes_them(lines):
    structlog.get_logger("x").warning("sent", mail=7, to="ada@northwind.example", subject=CANARY, name=CANARY)
    (line,) = lines()
    assert {key for key in line if key not in ("event", "level", "logger", "timestamp")} == {"mail"}


def test_celery_says_neither_arguments_nor_the_text_of_an_exception(lines):
    facts = {"name": "tasks.x", "id": "1", "description": "raised unexpected", "args": CANARY, "kwargs": CANARY}
    said = {**facts, "exc": f"ValueError('{CANARY}')", "traceback": CANARY}
    logging.getLogger("celery.app.trace").error(
        "Task %(name)s[%(id)s] %(description)s: %(exc)s %(args)s", said, extra={"data": said}
    )
    (line,) = lines()
    assert line["event"] == "Task tasks.x[1] raised unexpected: ValueError "
    assert CANARY not in json.dumps(line, ensure_ascii=False)


def test_the_web_servers_own_messages_lose_the_query(lines):
    logging.getLogger("gunicorn.error").error("Error handling request %s", f"/customers/?q={CANARY}")
    assert lines()[0]["event"] == "Error handling request /customers/"
    assert "%(q)s" not in ours.GUNICORN_ACCESS_FORMAT
    assert "%(f)s" not in ours.GUNICORN_ACCESS_FORMAT
    assert "%(r)s" not in ours.GUNICORN_ACCESS_FORMAT


def test_an_address_cannot_end_a_line_of_the_access_log(lines):
    atoms = {"h": "192.0.2.1", "m": "GET", "U": '/a\n{"event": "forged"}', "s": "404", "B": 3, "M": 7}
    logging.getLogger("gunicorn.access").info(ours.GUNICORN_ACCESS_FORMAT, atoms)
    (line,) = lines()
    assert (line["event"], line["logger"]) == ('192.0.2.1 "GET /a\n{"event": "forged"}" 404 3 7ms', "gunicorn.access")


@pytest.mark.parametrize("readable", [True, False])
def test_no_value_begins_a_line_of_its_own(settings, readable):
    written = io.StringIO()
    configuration = ours.configuration(readable=readable)
    configuration["handlers"]["lines"]["stream"] = written
    logging.config.dictConfig(configuration)
    forged = "2099-01-01T00:00:00Z [info] FORGED"
    atoms = {"h": "192.0.2.1", "m": "GET", "U": f"/zz\n{forged}", "s": "404", "B": 3, "M": 7}
    try:
        logging.getLogger("gunicorn.access").info(ours.GUNICORN_ACCESS_FORMAT, atoms)
        structlog.get_logger("x").warning(f"a\r{forged}", route=f"b\u2028{forged}")
        error = OSError(f"c\n{forged}")
        logging.getLogger("x").error("It broke.\x85%s", forged, exc_info=error)
    finally:
        logging.config.dictConfig(settings.LOGGING)
    lines = written.getvalue().splitlines()
    assert sum("FORGED" in line for line in lines) >= 3
    assert not [line for line in lines if line.startswith("2099")]


def test_the_id_of_a_request_is_never_the_callers(lines):
    request = RequestFactory().get("/", headers={"x-request-id": "chosen by the caller"})
    response = ours.RequestLog(lambda _: HttpResponse())(request)
    assert response.headers["X-Request-ID"] == request.request_id != "chosen by the caller"


@pytest.fixture
def database_away(transactional_db, monkeypatch):
    """Lead the portal to a database that does not exist."""
    monkeypatch.setattr(ours.log_database_away, "_logged", {})
    connection.close()
    monkeypatch.setitem(connection.settings_dict, "NAME", "no_such_database")
    yield
    monkeypatch.undo()
    connection.close()


@pytest.mark.parametrize("address", ["/readyz", "/metrics", "/customers/"])
def test_why_the_database_cannot_be_reached_is_logged_once(lines, client, database_away, address):
    assert [client.get(address).status_code for _ in range(3)] == [503, 503, 503]
    (line,) = [line for line in lines() if line["event"] == "database_away"]
    assert line["level"] == "error"
    assert line["reason"].startswith("psycopg.OperationalError connection failed:")
    assert "FATAL: database ... does not exist" in line["reason"]
    assert "no_such_database" not in json.dumps(lines())


def test_why_the_login_could_not_be_checked_is_logged(lines, database_away):
    refuse_powerful_login()
    assert [line["event"] for line in lines()] == ["database_away"]


def test_what_the_server_says_is_logged_by_its_state(lines, client, transactional_db, monkeypatch):
    monkeypatch.setattr(ours.log_database_away, "_logged", {})
    with stack.connect(superuser_url(DATABASE)) as superuser:
        superuser.execute("REVOKE SELECT ON health_dirtyday FROM msc_worker")
        try:
            assert client.get("/metrics").status_code == 503
        finally:
            superuser.execute("GRANT SELECT ON health_dirtyday TO msc_worker")
    (line,) = [line for line in lines() if line["event"] == "database_away"]
    assert line["reason"] == "psycopg.errors.InsufficientPrivilege 42501"
