"""What a person may not see does not exist for them: were it gone, no page, window, choice, count or file would change."""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import pytest

from tests.grid.engine import Stage, alike
from tests.grid.looks import Look, looks_at
from tests.grid.table import TABLES

#: Who looks at whose pages, and whose things are gone meanwhile. Eastgate is the younger: whatever takes the first row of
#: a table shows it Northwind's.
BLIND = (("tom", "own", "sibling"), ("eve", "foreign", "northwind"))
#: Something is wrong with every customer, so that what is counted counts them; Eastgate sells one product only.
_TROUBLE = (
    "UPDATE tenants_tenant SET license_expiry = current_date + 3 WHERE state = 'ready'",
    "UPDATE customers_customersummary SET failing_sources = 1, silent_sources = 1",
    """INSERT INTO health_rollupstate (msp_id, time_zone, window_on, closed_before, drained_at)
       SELECT id, time_zone, current_date, current_date - 400, current_date FROM access_msp""",
    "DELETE FROM serviceplans_offeredproduct WHERE product = 'saas' AND msp_id = (SELECT max(id) FROM access_msp)",
)
_TABLES = """
SELECT table_name, column_name FROM information_schema.columns
WHERE table_schema = 'public' AND column_name = ANY(%s)
"""


def seen(name: str, reader: str, at: str = "own") -> list[Look]:
    """Return everything that the address answers the reader with; files last, since each leaves an event."""
    looks = [look for look in looks_at(name, readers=(reader,)) if look.method == "GET"]
    if any(look.owner == at for look in looks):  # otherwise it is the same address for everybody
        looks = [look for look in looks if look.owner == at]
    return sorted((look for look in looks if look.status == 200), key=lambda look: "export=all" in look.query)


SEEN = [
    (name, *blind)
    for table in ("customers", "people")
    for name in TABLES[table].names
    for blind in BLIND
    if seen(name, *blind[:2])
]


def take_away(superuser: psycopg.Connection, stage: Stage, owner: str) -> None:
    """Delete the owner's customers and what hangs on them, of an MSP everything that is its own."""
    owned = stage.world.owned["own" if owner == "northwind" else owner]
    ids = {
        "customer_id": [owned.customer.pk, owned.second.pk, owned.bare.pk],
        "tenant_id": [owned.ready.pk, owned.deleting.pk, owned.suspended.pk],
        "msp_id": [owned.msp.pk] if owner == "northwind" else [],
    }
    with superuser.transaction():
        superuser.execute("SET LOCAL session_replication_role = replica")
        for table, column in superuser.execute(_TABLES, [list(ids)]).fetchall():
            superuser.execute(f"DELETE FROM {table} WHERE {column} = ANY(%s)", [ids[column]])
        superuser.execute("DELETE FROM customers_customer WHERE id = ANY(%s)", [ids["customer_id"]])
        superuser.execute("DELETE FROM tenants_tenant WHERE id = ANY(%s)", [ids["tenant_id"]])


@contextmanager
def troubled(stage: Stage) -> Iterator[psycopg.Connection]:
    with stage.changed() as superuser:
        with superuser.transaction():
            superuser.execute("SET LOCAL session_replication_role = replica")
            for statement in _TROUBLE:
                superuser.execute(statement)
        yield superuser


def shown(stage: Stage, looks: list[Look]) -> list[bytes]:
    return [alike(look.take(stage).body) for look in looks]


@pytest.mark.parametrize(("name", "reader", "at", "owner"), SEEN)
def test_nothing_changes_when_it_is_gone(stage, name, reader, at, owner):
    looks = seen(name, reader, at)
    with troubled(stage):
        before = shown(stage, looks)
    with troubled(stage) as superuser:
        take_away(superuser, stage, owner)
        after = shown(stage, looks)
    for look, one, other in zip(looks, before, after, strict=True):
        assert other.decode().split("\n") == one.decode().split("\n"), look


def test_whoever_may_see_it_misses_it(stage):
    looks = seen("customers:list", "ada")[:1]
    with troubled(stage) as superuser:
        before = shown(stage, looks)
        take_away(superuser, stage, "sibling")
        assert shown(stage, looks) != before
