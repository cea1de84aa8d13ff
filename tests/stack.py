"""A pytest plugin: one throw-away PostgreSQL and Valkey for the whole run, shared by its workers.

It starts them when it is imported (`-p tests.stack`), because pytest-django reads the settings before any hook.
"""

import atexit
import os
import shutil
from contextlib import ExitStack

import pytest

from msc import stack

WORKER = os.environ.get("PYTEST_XDIST_WORKER", "gw0")
TEMPLATE = "msc_template"
DATABASE = f"msc_{WORKER}"

_SETTINGS = {
    "SECRET_KEY": "a-key-that-only-the-tests-use-0123456789-abcdefghijklmnopqrstuvwxyz",
    "MSC_ORIGIN": "http://localhost:8000",
    "MSC_ALLOWED_HOSTS": "localhost,127.0.0.1,testserver",
    "MSC_DEMO": "0",
    "MSC_DEBUG": "0",
    # Playwright's blocking interface runs an event loop of its own in the thread of the test.
    "DJANGO_ALLOW_ASYNC_UNSAFE": "1",
}
_FROM_OUTSIDE = ("EMAIL_URL", "MSC_VENDOR_NAME", "MSC_BEHIND_PROXY")


def url(role: str, database: str) -> str:
    """Return the address under which a role reaches a database of this run."""
    return os.environ["MSC_TEST_DATABASE_URL"].replace("{role}", role).replace("{database}", database)


def superuser_url(database: str) -> str:
    """Return the address under which the superuser reaches a database of this run."""
    return url(stack.SUPERUSER, database)


def pytest_collection_modifyitems(items):
    """Skip, with its name in the summary, what needs a program that is not installed (`needs("chromium")`)."""
    for item in items:
        for marker in item.iter_markers("needs"):
            for program in marker.args:
                if not shutil.which(program):
                    item.add_marker(pytest.mark.skip(f"{item.name} needs {program}, which is not installed"))


def pytest_report_header():
    return f"PostgreSQL {os.environ['MSC_TEST_POSTGRESQL']}"


def _start_servers() -> None:
    if version := os.environ.get("PG"):
        os.environ["MSC_PG_BIN"] = f"/usr/lib/postgresql/{version}/bin"
    servers = ExitStack()
    postgresql, valkey = servers.enter_context(stack.throwaway())
    atexit.register(servers.close)
    var = postgresql.home.parent / "var"
    var.mkdir(mode=0o700)
    os.environ["MSC_VAR"] = str(var)
    os.environ["MSC_TEST_POSTGRESQL"] = f"{postgresql.version()} ({postgresql.programs})"
    os.environ["MSC_TEST_DATABASE_URL"] = postgresql.url("{role}", "{database}")
    os.environ["MSC_TEST_REDIS_URL"] = f"redis+socket://{valkey.socket}?virtual_host={{number}}"


def _lead_the_settings() -> None:
    for name in _FROM_OUTSIDE:
        os.environ.pop(name, None)
    os.environ.update(_SETTINGS)
    os.environ["DATABASE_URL"] = url(stack.LOGIN, DATABASE)
    os.environ["MIGRATION_DATABASE_URL"] = url(stack.OWNER, DATABASE)
    os.environ["REDIS_URL"] = os.environ["MSC_TEST_REDIS_URL"].format(number=WORKER.removeprefix("gw"))


if "PYTEST_XDIST_WORKER" not in os.environ:
    _start_servers()
_lead_the_settings()
