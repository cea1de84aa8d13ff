"""The second wall: what PostgreSQL shows to a transaction, whatever the code asks for."""

import pytest
from django.db import ProgrammingError, connection, transaction

from customers.models import Customer, CustomerIdentity
from msc.access import scope
from msc.access.models import Msp, User
from msc.access.row_security import OUTSIDE, SCOPED

pytestmark = pytest.mark.django_db


def _tables() -> set[str]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
            " WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p')"
        )
        return {name for (name,) in cursor.fetchall()}


def test_every_table_is_scoped_or_outside_with_a_reason():
    assert _tables() == set(SCOPED) | set(OUTSIDE)
    assert not set(SCOPED) & set(OUTSIDE)
    assert all(OUTSIDE.values())


def test_row_security_is_enabled_and_forced_on_every_scoped_table():
    with connection.cursor() as cursor:
        cursor.execute("SELECT relname FROM pg_class WHERE relrowsecurity AND relforcerowsecurity")
        forced = {name for (name,) in cursor.fetchall()}
    assert set(SCOPED) <= forced


def test_the_login_role_owns_nothing_and_bypasses_nothing():
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT session_user, rolsuper, rolbypassrls, rolinherit FROM pg_roles WHERE rolname = session_user"
        )
        assert cursor.fetchone() == ("msc_login", False, False, False)
        cursor.execute(
            "SELECT count(*) FROM pg_class WHERE relowner = (SELECT oid FROM pg_roles WHERE rolname = session_user)"
        )
        assert cursor.fetchone() == (0,)


def test_without_a_scope_no_row_is_seen(harbour):
    with scope.entered("portal"):
        assert Customer.objects.count() == 0
        assert User.objects.count() == 0
        assert Msp.objects.count() == 0


def test_a_scope_shows_its_own_msp_only(harbour, foreign, eastgate):
    with scope.entered("portal", msp=eastgate.pk):
        assert [customer.account_name for customer in Customer.objects.all()] == ["Foreign Foods"]


def test_a_row_cannot_be_given_to_another_msp(harbour, eastgate):
    with pytest.raises(ProgrammingError), transaction.atomic():
        Customer.objects.filter(pk=harbour.pk).update(msp=eastgate)


def test_a_search_finds_the_scopes_own_customers_only(harbour, foreign):
    assert list(Customer.objects.matching("harb")) == [harbour]
    assert list(Customer.objects.matching("foreign")) == []


@pytest.mark.parametrize("needle", ["%", "_", "\\", "100%", "a_b"])
def test_a_search_takes_wildcards_as_they_are(harbour, needle):
    assert list(Customer.objects.matching(needle)) == []


def test_support_staff_have_no_right_on_identities(harbour):
    with scope.entered("support"), pytest.raises(ProgrammingError, match="permission denied"), transaction.atomic():
        CustomerIdentity.objects.count()


def test_the_scope_outside_comes_back_after_a_scope_inside(harbour, eastgate):
    with scope.entered("portal", msp=eastgate.pk):
        assert not Customer.objects.filter(pk=harbour.pk).exists()
    assert Customer.objects.filter(pk=harbour.pk).exists()
