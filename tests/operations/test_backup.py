"""A backup restores to the same portal, and says so; what is not whole is refused."""

import json

import pytest
from django.core.management import CommandError, call_command
from django.db import connections

from customers.models import CustomerIdentity
from msc import stack
from msc.access import scope
from tests import factories
from tests.database import superuser_url

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "cache", "owner"])
RESTORED = "msc_restored"


@pytest.fixture
def customer(northwind):
    with scope.entered("portal", msp=northwind.pk):
        return factories.make_customer(northwind, "Müller & Söhne")


@pytest.fixture
def empty_database():
    """Lead the owner's connection to a new, prepared database, as on a new machine."""
    owner = connections["owner"]
    here = owner.settings_dict["NAME"]
    name = f"{RESTORED}_{here}"
    stack.create_database(superuser_url("postgres"), name)
    owner.close()
    owner.settings_dict["NAME"] = name
    yield name
    owner.close()
    owner.settings_dict["NAME"] = here
    with stack.connect(superuser_url("postgres")) as server:
        server.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def backup(customer, tmp_path):
    file = tmp_path / "portal.backup"
    call_command("backup", file)
    connections["owner"].close()
    return file


def test_a_restored_portal_is_the_same(backup, empty_database, customer, capsys):
    call_command("restore", backup)
    assert "Restored and proved" in capsys.readouterr().out
    with stack.connect(superuser_url(empty_database)) as restored:
        names = restored.execute("SELECT name FROM customers_customeridentity").fetchall()
        forced = restored.execute("SELECT count(*) FROM pg_class WHERE relforcerowsecurity").fetchone()[0]
    assert names == [("Müller & Söhne",)]
    assert forced > 30


def test_a_backup_is_for_its_owner_alone(backup):
    assert [path.stat().st_mode & 0o077 for path in backup.parent.iterdir()] == [0, 0]


def test_a_backup_overwrites_nothing(backup):
    with pytest.raises(CommandError, match="exists already"):
        call_command("backup", backup)


def test_an_altered_backup_is_refused(backup, empty_database):
    damaged = bytearray(backup.read_bytes())
    damaged[len(damaged) // 2] ^= 1
    backup.write_bytes(damaged)
    with pytest.raises(CommandError, match="cut short or altered"):
        call_command("restore", backup)


def test_a_backup_without_its_manifest_is_refused(backup, empty_database):
    backup.with_name("portal.backup.json").unlink()
    with pytest.raises(CommandError, match="cannot be vouched for"):
        call_command("restore", backup)


def test_a_restore_that_differs_from_its_manifest_is_told(backup, empty_database):
    beside = backup.with_name("portal.backup.json")
    manifest = json.loads(beside.read_text())
    manifest["tables"]["customers_customeridentity"][0] += 1
    beside.write_text(json.dumps(manifest))
    with pytest.raises(CommandError, match="table customers_customeridentity"):
        call_command("restore", backup)


def test_a_database_in_use_is_never_overwritten(backup, customer):
    with pytest.raises(CommandError, match="not empty"):
        call_command("restore", backup)
    with scope.entered("portal", msp=customer.msp_id):
        assert CustomerIdentity.objects.filter(customer=customer).exists()
