"""What somebody who can run SQL of their own as one of the portal's database roles still cannot do."""

import psycopg
import pytest
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.db import ProgrammingError, connection, transaction
from psycopg import sql

from msc import stack
from msc.access import scope
from msc.events import log
from msc.events.models import Event
from tests.stack import DATABASE, superuser_url

#: A function that runs as somebody else must look for types in the caller's temporary schema last.
SEARCH_PATHS = """
SELECT p.oid::regprocedure::text FROM pg_proc p
WHERE pronamespace = 'public'::regnamespace
  AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = p.oid AND d.deptype = 'e')
  AND (prosecdef OR array_to_string(proconfig, ';') LIKE '%search_path=%')
  AND NOT coalesce(proconfig, '{}') @> ARRAY['search_path=pg_catalog, public, pg_temp']
"""

#: A type that reports whom the portal's own function runs as when it meets a value of it.
SHADOW = """
CREATE FUNCTION pg_temp.reports(pg_catalog.text) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'ran as %', current_user;
END $$;
CREATE DOMAIN pg_temp.text AS pg_catalog.text CHECK (pg_temp.reports(VALUE));
"""

ROLES = [None, "msc_portal", "msc_support", "msc_worker"]


def run(statement, role=None, msp=None):
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT set_config('app.msp', %s, true)", [str(msp.pk) if msp else ""])
        if role:
            cursor.execute(f"SET LOCAL ROLE {role}")
        cursor.execute(statement)
        return cursor.fetchall() if cursor.description else None


@pytest.fixture
def temporary_objects(transactional_db):
    """Give everybody the right on temporary objects that msc/database.sql takes away."""
    with stack.connect(superuser_url(DATABASE)) as superuser:
        name = sql.Identifier(DATABASE)
        superuser.execute(sql.SQL("GRANT TEMPORARY ON DATABASE {} TO PUBLIC").format(name))
        yield
        superuser.execute(sql.SQL("REVOKE TEMPORARY ON DATABASE {} FROM PUBLIC").format(name))


def test_every_function_that_runs_as_its_owner_names_the_temporary_schema_last(db):
    assert run(SEARCH_PATHS) == []


@pytest.mark.pg15
@pytest.mark.parametrize("role", ROLES)
def test_no_role_may_make_temporary_objects(db, role):
    with pytest.raises(ProgrammingError, match="permission denied"):
        run("CREATE TEMPORARY TABLE shadow (x int)", role)


@pytest.mark.pg15
@pytest.mark.parametrize("call", ["customers_matching('a', 5)", "customers_found('a', 5, 5)"])
def test_a_type_of_the_callers_own_never_runs_as_the_owner(temporary_objects, harbour, call):
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(SHADOW)
        cursor.execute("SET LOCAL ROLE msc_portal")
        cursor.execute("SELECT set_config('app.msp', %s, true)", [str(harbour.msp_id)])
        cursor.execute(f"SELECT * FROM {call}")
        transaction.set_rollback(True)


@pytest.mark.pg15
@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("table", ["events_event", "events_eventdetail"])
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE {} SET msp_id = NULL",
        "DELETE FROM {}",
        "TRUNCATE {}",
        "ALTER TABLE {} DISABLE TRIGGER ALL",
        "ALTER TABLE {} DISABLE TRIGGER append_only",
        "DROP TRIGGER append_only ON {}",
        "DROP TABLE {}",
    ],
)
def test_no_role_changes_the_record_of_events(ada, northwind, scoped, role, table, statement):
    log.record(by=ada, action="person.edited", on=ada, label=ada.email)
    assert Event.objects.filter(msp_id=northwind.pk).exists()
    with pytest.raises(ProgrammingError, match=r"permission denied|must be owner"):
        run(statement.format(table), role, northwind)


def test_the_limits_of_statements_belong_to_the_role(db):
    limits = ("statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout")
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT setting, source FROM pg_settings WHERE name = ANY(%s) ORDER BY name", [list(limits)])
        assert cursor.fetchall() == [("60000", "user"), ("5000", "user"), ("30000", "user")]


def test_a_connection_asks_for_nothing_that_a_pooler_refuses():
    assert "options" not in connection.settings_dict["OPTIONS"]


@pytest.mark.pg15
def test_not_even_the_owner_deletes_from_the_record_of_events(transactional_db):
    with stack.connect(superuser_url(DATABASE)) as superuser:
        superuser.execute("SET ROLE msc_owner")
        with pytest.raises(psycopg.Error, match="append-only"):
            superuser.execute("DELETE FROM events_event")


@pytest.mark.pg15
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE access_user SET password = 'x'",
        "UPDATE access_user SET role = 'support'",
        "UPDATE access_user SET msp_id = NULL",
        "UPDATE access_user SET email = 'somebody@else.example'",
        "SELECT digest FROM people_apicredential",
        "UPDATE people_apicredential SET digest = 'x'",
        "UPDATE people_apicredential SET scopes = '{runs:write}'",
        "SELECT digest FROM people_invitation",
        "SELECT sealed_secret FROM people_singlesignon",
    ],
)
def test_support_staffs_role_may_not_change_people_nor_read_digests(ada, statement):
    with pytest.raises(ProgrammingError, match="permission denied"):
        run(statement, "msc_support")


def test_support_staffs_role_changes_its_own_people_alone(ada, sam):
    switched_off = "UPDATE access_user SET is_active = false RETURNING email"
    assert run(switched_off, "msc_support") == [(sam.email,)]
    with pytest.raises(ProgrammingError, match="row-level security"):
        run(
            "INSERT INTO access_user (email, password, role, msp_id, first_name, last_name, folded_name, phone,"
            " time_zone, is_active, version, joined_at)"
            f" SELECT 'x@y.example', '', 'msp_admin', {ada.msp_id}, '', '', '', '', '', true, 1, now()",
            "msc_support",
        )


@pytest.mark.parametrize("table", ["account_emailaddress", "usersessions_usersession", "mfa_authenticator"])
def test_support_staffs_role_sees_the_sign_in_of_its_own_people_alone(ada, sam, table):
    with scope.entered("portal", msp=ada.msp_id, person=ada.pk):
        _sign_in_rows(ada)
    with scope.entered("support"):
        _sign_in_rows(sam)
    assert run(f"SELECT DISTINCT user_id FROM {table}", "msc_support") == [(sam.pk,)]


def _sign_in_rows(person):
    UserSession.objects.create(user=person, session_key=f"key-{person.pk}", ip="203.0.113.1", user_agent="")
    Authenticator.objects.create(user=person, type=Authenticator.Type.TOTP, data={})
