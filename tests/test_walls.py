"""The two walls, each with the other one down; and that every stone of the first one bears."""

import contextlib
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.db import DatabaseError, ProgrammingError, connection, transaction

from customers.models import Customer
from msc.access import scope
from msc.access.querysets import ScopedQuerySet
from msc.access.row_security import SCOPED
from tests.grid.engine import Stage
from tests.grid.looks import looks_at
from tests.grid.marks import seen_in
from tests.grid.table import TABLES

NAMES = [name for table in ("customers", "people", "programs") for name in TABLES[table].names]
NORTHWIND = {"own", "sib", "nor"}
HIDDEN_FROM = {
    "ada": {"for", "eas"},
    "tom": {"for", "eas"},
    "rita": {"for", "eas"},
    "program": {"for", "eas"},
    "eve": NORTHWIND,
    "foreign": NORTHWIND,
}


def of_another_msp(reader: str, text: bytes) -> set[str]:
    return {one for one in seen_in(text) if one[:3] in HIDDEN_FROM.get(reader, ())}


@contextmanager
def first_wall_down(monkeypatch) -> Iterator[None]:
    """Let `for_user` return whatever PostgreSQL shows."""
    with monkeypatch.context() as patch:
        patch.setattr(ScopedQuerySet, "for_user", lambda rows, user: rows.all())
        for queryset in _subclasses(ScopedQuerySet):
            if "for_user" in queryset.__dict__:
                patch.setattr(queryset, "for_user", lambda rows, user: rows.all())
        yield


def _subclasses(of: type) -> Iterator[type]:
    for one in of.__subclasses__():
        yield one
        yield from _subclasses(one)


@contextmanager
def second_wall_down(stage: Stage) -> Iterator[None]:
    """Switch row-level security off in this database."""
    _row_security(stage, "DISABLE")
    try:
        yield
    finally:
        _row_security(stage, "ENABLE")


def _row_security(stage: Stage, how: str) -> None:
    for table in SCOPED:
        stage.superuser.execute(f"ALTER TABLE {table} {how} ROW LEVEL SECURITY")


@pytest.mark.parametrize("name", NAMES)
def test_row_level_security_holds_alone(stage, monkeypatch, name):
    with first_wall_down(monkeypatch):
        for look in looks_at(name, readers=("ada", "tom", "eve", "program", "foreign")):
            answer = look.take(stage)
            assert not of_another_msp(look.reader, answer.everything), look
            assert answer.status != 200 or look.status != 404 or look.owner == "sibling", look


def test_scoped_querysets_hold_alone(stage):
    wrong = []
    with second_wall_down(stage):
        for name in NAMES:
            for look in looks_at(name, readers=("ada", "tom", "eve", "program", "foreign")):
                if look.method == "POST" and look.owner == "own":
                    continue
                answer = look.take(stage)
                if not look.query and answer.status != look.status:
                    wrong.append(f"{look}: {answer.status}, not {look.status}")
                wrong += [f"{look}: {leak}" for leak in stage.leaks(look.reader, answer)]
    assert not wrong, "\n".join(wrong)


# -- What the roles of the database may do ------------------------------------------------------------------------


@contextmanager
def _as_role(role: str | None) -> Iterator[None]:
    with transaction.atomic():
        if role:
            with connection.cursor() as cursor:
                cursor.execute(f"SET LOCAL ROLE {role}")
        yield


def counted(role: str | None, table: str) -> int:
    """Count the rows that the role sees without a scope; a table that it has no right on shows none."""
    with connection.cursor() as cursor, contextlib.suppress(ProgrammingError), _as_role(role):
        cursor.execute(f"SELECT count(*) FROM {table}")
        return cursor.fetchone()[0]
    return 0


@pytest.mark.parametrize("table", SCOPED)
@pytest.mark.parametrize("role", [None, "msc_portal"])
def test_without_a_scope_a_table_shows_nothing(stage, role, table):
    assert counted(role, table) == 0


@pytest.mark.parametrize("role", [None, "msc_portal", "msc_support", "msc_worker"])
@pytest.mark.parametrize(
    "statement",
    [
        "TRUNCATE customers_customer",
        "TRUNCATE events_event",
        "SET LOCAL ROLE msc_owner",
        "SET LOCAL ROLE postgres",
        "SET SESSION AUTHORIZATION postgres",
        "ALTER TABLE customers_customer DISABLE ROW LEVEL SECURITY",
        "ALTER TABLE customers_customer NO FORCE ROW LEVEL SECURITY",
        "DROP POLICY portal_rows ON customers_customer",
        "ALTER TABLE events_event DISABLE TRIGGER ALL",
        "SET LOCAL session_replication_role = replica",
        "ALTER ROLE msc_portal BYPASSRLS",
        "GRANT msc_owner TO msc_login",
        "CREATE TABLE own_table (x int)",
        "CREATE FUNCTION own() RETURNS int LANGUAGE sql SECURITY DEFINER AS 'SELECT 1'",
        "COPY customers_customer TO PROGRAM 'cat'",
        "SELECT pg_read_file('/etc/passwd')",
        "UPDATE events_event SET actor_label = 'nobody'",
        "DELETE FROM events_event",
        "UPDATE events_eventdetail SET label = ''",
        "DELETE FROM events_eventdetail",
    ],
)
def test_no_role_of_the_portal_can_undo_the_wall(stage, role, statement):
    with pytest.raises(DatabaseError):
        attempt(stage, role, statement)


def attempt(stage: Stage, role: str | None, statement: str) -> None:
    with _as_role(role), connection.cursor() as cursor:
        cursor.execute("SELECT set_config('app.msp', %s, true)", [str(stage.world.northwind.pk)])
        cursor.execute(statement)


def test_without_row_security_a_query_is_refused_not_answered(stage):
    with pytest.raises(DatabaseError, match="row-level security"):
        attempt(stage, "msc_portal", "SET LOCAL row_security = off; SELECT count(*) FROM customers_customer")


def test_a_second_transaction_begins_without_a_scope(stage):
    with scope.entered("portal", msp=stage.world.northwind.pk):
        assert Customer.objects.count() == 6
    assert not connection.in_atomic_block
    with scope.entered("portal"):
        assert Customer.objects.count() == 0
    with pytest.raises(ProgrammingError, match="permission denied"):
        Customer.objects.count()
