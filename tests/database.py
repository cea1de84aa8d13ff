"""The tests' database: a template migrated once by the owner role, a copy for each worker, a reset by the superuser.

The portal connects as a role that owns nothing, so neither Django's making of a test database nor its flush would do.
"""

import fcntl
import hashlib
import os
import subprocess
from pathlib import Path

import psycopg
import pytest
from django.conf import settings
from django.core.management import call_command
from django.db import connections
from django.test import TransactionTestCase

from msc import frontend, stack
from tests.stack import DATABASE, TEMPLATE, superuser_url

_CHECKSUM = "SELECT count(*) || ':' || coalesce(sum(hashtextextended(t::text, 0)), 0) FROM {} t"

# The cache of the rate limits is a connection of its own to the same database; every test may use it.
TransactionTestCase.databases = {"default", "cache"}


class Rows:
    """What stands in the tables of a freshly migrated database, and the way back to it."""

    def __init__(self, connection: psycopg.Connection) -> None:
        self.connection = connection
        tables = connection.execute(
            "SELECT format('%I', relname) FROM pg_class"
            " WHERE relkind IN ('r', 'p') AND relnamespace = 'public'::regnamespace ORDER BY 1"
        ).fetchall()
        self.tables = [name for (name,) in tables]
        self.checksums: dict[str, str] = {}
        filled = self.touched()
        self.copies = {name: self._copy(name) for name in filled}
        self.checksums = {name: connection.execute(_CHECKSUM.format(name)).fetchone()[0] for name in filled}

    def restore(self) -> list[str]:
        """Put every table back as it was after the migrations, whatever triggers and keys say; name those that were not."""
        if not (touched := self.touched()):
            return []
        with self.connection.transaction():
            self.connection.execute("SET LOCAL session_replication_role = replica")
            self.connection.execute("SET LOCAL lock_timeout = '10s'")
            for name in touched:
                self.connection.execute(f"DELETE FROM {name}")
                self._fill(name)
        return touched

    def touched(self) -> list[str]:
        """Name the tables that differ from their checksums; a table without one should be empty."""
        questions = [
            f"SELECT '{name}' WHERE ({_CHECKSUM.format(name)}) <> '{self.checksums[name]}'"
            if name in self.checksums
            else f"SELECT '{name}' WHERE EXISTS (TABLE {name})"
            for name in self.tables
        ]
        return [name for (name,) in self.connection.execute(" UNION ALL ".join(questions)).fetchall()]

    def _copy(self, name: str) -> bytes:
        with self.connection.cursor().copy(f"COPY {name} TO STDOUT") as copy:
            return b"".join(bytes(block) for block in copy)

    def _fill(self, name: str) -> None:
        if name in self.copies:
            with self.connection.cursor().copy(f"COPY {name} FROM STDIN") as copy:
                copy.write(self.copies[name])


@pytest.fixture(scope="session")
def django_db_setup(django_test_environment, django_db_blocker):
    """Copy the template for this worker; the first worker to come makes the template."""
    with (Path(os.environ["MSC_VAR"]) / "template.lock").open("a+") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not os.fstat(lock.fileno()).st_size:
            with django_db_blocker.unblock():
                _make_template()
            lock.write("made")
            lock.flush()
        # Within the lock too: two workers must not write to the catalogue of roles at once.
        stack.create_database(superuser_url("postgres"), DATABASE, TEMPLATE)
    with stack.connect(superuser_url(DATABASE)) as connection:
        rows = Rows(connection)
        TransactionTestCase._fixture_teardown = lambda _: rows.restore()
        yield rows
        with django_db_blocker.unblock():
            connections.close_all()


def _make_template() -> None:
    """Make the migrated template and collect the static files, both once for all workers.

    A dump of the template is kept under var/ for as long as nothing changes that it is made of, since migrating takes
    most of the time that a single test file needs. Without the folder, as in a fresh clone, the owner migrates.
    """
    stack.create_database(superuser_url("postgres"), TEMPLATE)
    dump = settings.BASE_DIR / "var" / "test-templates" / f"{_template_fingerprint()}.dump"
    if dump.exists():
        _run_postgresql_program("pg_restore", "--exit-on-error", f"--dbname={superuser_url(TEMPLATE)}", str(dump))
    else:
        owner = connections["owner"]
        owner.settings_dict["NAME"] = TEMPLATE
        call_command("migrate", database="owner", verbosity=0)
        owner.close()
        owner.settings_dict["NAME"] = DATABASE
        dump.parent.mkdir(parents=True, exist_ok=True)
        for outdated in dump.parent.glob("*.dump"):
            outdated.unlink()
        unfinished = dump.with_suffix(".unfinished")
        _run_postgresql_program("pg_dump", "--format=custom", f"--file={unfinished}", superuser_url(TEMPLATE))
        unfinished.rename(dump)
    frontend.collect()
    call_command("collectstatic", interactive=False, verbosity=0)


def _template_fingerprint() -> str:
    """Return a digest of everything that decides what a migrated database contains."""
    root = settings.BASE_DIR
    apps = [path.parent for path in root.glob("*/__init__.py")]
    sources = [root / "requirements" / "run.txt", root / "msc" / "settings.py", stack.PREPARATION]
    sources += [path for app in apps for path in (*app.rglob("migrations/*.py"), *app.rglob("models.py"))]
    sources += [path for app in apps for path in (*app.rglob("sql/*.sql"), *app.rglob("row_security.py"))]
    digest = hashlib.sha256(os.environ["MSC_TEST_POSTGRESQL"].split()[0].encode())
    for path in sorted(sources):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:20]


def _run_postgresql_program(name: str, *arguments: str) -> None:
    subprocess.run([stack.postgresql_program().parent / name, *arguments], check=True)


@pytest.fixture(autouse=True)
def _no_counts_of_other_tests(request, django_db_blocker):
    """Empty the cache after a test: its connection is outside the transaction that the test rolls back."""
    yield
    if "db" in request.fixturenames:
        with django_db_blocker.unblock(), connections["cache"].cursor() as cursor:
            cursor.execute("DELETE FROM msc_cache")
