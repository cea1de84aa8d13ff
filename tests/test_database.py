"""The ground under the other tests: whom the portal connects as, and that every test begins with the same rows."""

import pytest
from django.core.cache import cache
from django.db import DatabaseError, connection, connections, transaction


def _ask(sql, alias="default"):
    with connections[alias].cursor() as cursor:
        cursor.execute(sql)
        return cursor.fetchone()


@pytest.mark.pg15
def test_the_portal_connects_as_a_role_that_owns_nothing(db):
    role = "SELECT rolsuper, rolbypassrls, rolinherit, rolcreatedb FROM pg_roles WHERE rolname = current_user"
    assert _ask(role) == (False, False, False, False)
    assert _ask("SELECT count(*) FROM pg_class WHERE relowner = 'msc_login'::regrole") == (0,)


@pytest.mark.pg15
@pytest.mark.parametrize("role", ["msc_portal", "msc_support", "msc_worker"])
def test_the_portal_may_take_its_roles_for_one_transaction(transactional_db, role):
    with transaction.atomic():
        _ask(f"SELECT set_config('role', '{role}', true)")
        assert _ask("SELECT current_user") == (role,)
    assert _ask("SELECT current_user") == ("msc_login",)


@pytest.mark.pg15
@pytest.mark.parametrize("command", ["SET ROLE msc_owner", "TRUNCATE customers_customer", "CREATE TABLE x (y int)"])
def test_the_portal_may_not_do_what_the_owner_may(db, command):
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(command)


@pytest.mark.pg15
@pytest.mark.django_db(transaction=True, databases=["default", "cache", "owner"])
@pytest.mark.parametrize("turn", [1, 2])
def test_a_test_with_real_transactions_leaves_nothing_behind(turn):
    regions = _ask("SELECT count(*) FROM serviceplans_storageregion", "owner")
    assert regions > (10,)
    with connections["owner"].cursor() as cursor:
        cursor.execute("DELETE FROM serviceplans_storageregion")
    assert cache.get("seen") is None
    cache.set("seen", turn)


@pytest.mark.parametrize("turn", [1, 2])
def test_a_test_begins_with_an_empty_cache(db, turn):
    assert cache.get("seen") is None
    cache.set("seen", turn)
