"""What the environment may say: unsafe settings, and settings that cannot work, are refused in one sentence."""

import os
import runpy
import subprocess
import sys

import pytest
from django.core.checks import run_checks
from django.core.exceptions import ImproperlyConfigured
from environs import EnvError

from msc.operations.checks import refuse_what_cannot_work
from msc.portal import ROOT

HTTPS = {"MSC_ORIGIN": "https://msc.example", "MSC_ALLOWED_HOSTS": "msc.example"}
WEB = ("-c", "import msc.wsgi")
WORKER = ("-m", "celery", "--app=msc.celery", "worker", "--concurrency=1")
CHECK = ("manage.py", "check")


def load(monkeypatch, environment):
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    return runpy.run_path(str(ROOT / "msc" / "settings.py"))


@pytest.mark.parametrize(
    "origin",
    [
        "http://localhost.evil.example",
        "http://127.0.0.1.evil.example",
        "http://localhost@evil.example",
        "http://localhost:8000@evil.example",
        "http://evil.example/localhost",
        "http://0.0.0.0:8000",
        "http://192.168.1.5",
        "ftp://localhost",
        "localhost:8000",
        "http://localhost:port",
        "https://msc.example/path",
        "https://msc.example?x=1",
        "https://",
    ],
)
def test_an_origin_that_is_no_local_or_https_address_is_refused(monkeypatch, origin):
    with pytest.raises(ImproperlyConfigured, match=r"^MSC_ORIGIN must"):
        load(monkeypatch, {"MSC_ORIGIN": origin})


@pytest.mark.parametrize("origin", ["http://localhost:8130", "http://127.0.0.2", "http://[::1]:8130"])
def test_a_loopback_address_is_local(monkeypatch, origin):
    loaded = load(monkeypatch, {"MSC_ORIGIN": origin, "MSC_DEMO": "1"})
    assert loaded["IS_LOCAL"]
    assert loaded["EMAIL_URL"].startswith("file:///")


def test_a_host_of_the_network_is_not_local(monkeypatch):
    loaded = load(monkeypatch, HTTPS)
    assert (loaded["IS_LOCAL"], loaded["EMAIL_URL"], loaded["MSC_SSO_PRIVATE_NETWORK"]) == (False, "", False)


@pytest.mark.parametrize("name", ["MSC_DEMO", "MSC_DEBUG"])
@pytest.mark.parametrize("bind", ["0.0.0.0:8000", ":8000", "[::]:8000", "192.168.1.5:80", "msc.example:80"])
def test_a_demonstration_listens_on_this_machine_alone(monkeypatch, name, bind):
    with pytest.raises(ImproperlyConfigured, match="MSC_BIND must be an address of this machine alone"):
        load(monkeypatch, {name: "1", "MSC_BIND": bind})


@pytest.mark.parametrize("bind", ["127.0.0.1:8130", "[::1]:8130", "localhost:8130", "unix:/run/msc/socket"])
def test_a_demonstration_may_listen_on_any_local_address(monkeypatch, bind):
    load(monkeypatch, {"MSC_DEMO": "1", "MSC_BIND": bind})


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("SECRET_KEY", "short", "SECRET_KEY must have at least 50 characters."),
        ("SECRET_KEY_FALLBACKS", "x", "SECRET_KEY_FALLBACKS: each key has at least 50 characters."),
        ("DATABASE_URL", "mysql://user:secret@db/msc", "must begin with postgres://."),
        ("MIGRATION_DATABASE_URL", "sqlite:///x", "must begin with postgres://."),
        ("MSC_ALLOWED_HOSTS", "*", "MSC_ALLOWED_HOSTS must name the portal's hosts"),
        ("MSC_LOG_LEVEL", "LOUD", "MSC_LOG_LEVEL"),
        ("MSC_PREPARE_AFTER", "-1", "MSC_PREPARE_AFTER"),
        ("MSC_SSO_SECONDS", "0", "MSC_SSO_SECONDS"),
        ("MSC_DEBUG", "maybe", "MSC_DEBUG"),
    ],
)
def test_a_value_that_is_unsafe_or_unreadable_is_refused(monkeypatch, name, value, sentence):
    with pytest.raises((ImproperlyConfigured, EnvError)) as refusal:
        load(monkeypatch, {name: value})
    assert sentence in str(refusal.value)
    assert "secret" not in str(refusal.value)


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("EMAIL_URL", "", "EMAIL_URL is needed unless MSC_ORIGIN is on localhost"),
        ("EMAIL_URL", "foo://user:secret@bar", "EMAIL_URL must begin with smtp, smtps"),
        ("EMAIL_URL", "smtp://", "EMAIL_URL names no mail server"),
        ("EMAIL_URL", "smtp://mail:port", "EMAIL_URL is not an address"),
        ("EMAIL_URL", "file://folder", "EMAIL_URL must name a folder"),
        ("MSC_MAIL_FROM", "nonsense", "MSC_MAIL_FROM must be an email address"),
        ("MSC_MAIL_FROM", "Portal <noreply@>", "MSC_MAIL_FROM must be an email address"),
        ("MSC_PROVISIONER", "no.such.thing", "MSC_PROVISIONER must be the dotted path"),
        ("MSC_PROVISIONER", "nothing", "MSC_PROVISIONER must be the dotted path"),
        ("REDIS_URL", "http://x", "REDIS_URL must begin with redis"),
        ("MSC_ORIGIN", "https://portal.example", "MSC_ALLOWED_HOSTS must name the host of MSC_ORIGIN."),
        ("VAR_DIR", ROOT / "manage.py" / "var", "MSC_VAR must be a folder"),
    ],
)
def test_a_value_that_cannot_work_is_refused(settings, name, value, sentence):
    setattr(settings, name, value)
    with pytest.raises(ImproperlyConfigured) as refusal:
        refuse_what_cannot_work()
    assert str(refusal.value).startswith(sentence)
    assert "secret" not in str(refusal.value)
    assert [error.msg for error in run_checks() if error.id == "msc.E001"] == [str(refusal.value)]


@pytest.mark.parametrize("url", ["smtp://mail", "smtps://u:p@mail.example:465", "file:///srv/mail", "none:"])
def test_a_way_for_emails_that_works_is_taken(settings, url):
    settings.EMAIL_URL = url
    refuse_what_cannot_work()


@pytest.mark.parametrize("command", [WEB, WORKER, CHECK])
def test_nothing_starts_in_production_without_a_way_for_emails(command):
    environment = {**os.environ, **HTTPS}
    started = subprocess.run(
        [sys.executable, *command], env=environment, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
    )
    assert started.returncode == 1
    assert "EMAIL_URL is needed unless MSC_ORIGIN is on localhost" in started.stderr
    assert "Traceback" not in started.stderr


@pytest.mark.parametrize("command", [WEB, WORKER, CHECK])
def test_an_unsafe_setting_ends_the_start_with_its_sentence(command):
    environment = {**os.environ, "SECRET_KEY": "short"}
    started = subprocess.run(
        [sys.executable, *command], env=environment, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
    )
    assert started.returncode != 0
    assert started.stderr.strip().endswith("SECRET_KEY must have at least 50 characters.")
