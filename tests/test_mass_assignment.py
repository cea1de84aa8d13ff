"""A request that sends more than its form offers changes what the form offers and nothing else."""

import json
import re
from datetime import datetime, timedelta
from itertools import zip_longest
from typing import Any

import pytest
from django.apps import apps
from django.db import models

from msc.access.row_security import OUTSIDE, SCOPED
from tests.grid.engine import WRITTEN_BY_A_REFUSAL, Answer, Stage
from tests.grid.forms import FORMS, form
from tests.grid.places import url
from tests.grid.table import TABLE_OF, TABLES
from tests.grid.world import Owned

#: Numbers that a form offers and that no column is called by.
FIGURES = {"version"}
#: What keeps texts that no request could ever name.
APART = {"django_session", "msc_cache"}
#: Who sends the forms: somebody of each set of rights, and strangers what strangers may send.
READERS = {"customers": ("ada", "tom"), "people": ("ada", "rita"), "support": ("sam",), "sign_in": ("nobody", "ada")}
_NAMES = re.compile(rb'<(?:input|select|textarea|button)\b[^>]*?\sname="([^"]+)"')
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d.*")
_RANDOM = re.compile(r"[\w$+/=:-]{20,}|msc_\w{8}|\d+")
SOON = timedelta(minutes=5)


SENT = [
    (name, reader)
    for table, readers in READERS.items()
    for name in TABLES[table].names
    for reader in readers
    if TABLES[table].row(name, "POST").statuses[reader]["own"] < 400
]


def columns() -> list[models.Field]:
    """Return every column of every table of the portal."""
    tables = SCOPED.keys() | OUTSIDE.keys()
    return [column for model in apps.get_models() if model._meta.db_table in tables for column in model._meta.fields]


def value_for(column: models.Field, stranger: Owned) -> Any:
    """Return something that the column takes and that no request of these tests asks for."""
    if column.is_relation:
        mine = {type(thing): thing for thing in vars(stranger).values() if isinstance(thing, models.Model)}
        thing = mine.get(column.related_model)
        return thing.pk if thing else 1
    if column.choices:
        return list(column.choices)[-1][0]
    kinds: list[tuple[type, Any]] = [
        (models.BooleanField, "on"),
        (models.DateTimeField, "1999-12-31T23:59:59Z"),
        (models.DateField, "1999-12-31"),
        (models.DecimalField, "77.77"),
        (models.IntegerField, 7777),
        (models.EmailField, "in@jected.example"),
        (models.JSONField, "{}"),
    ]
    return next((value for kind, value in kinds if isinstance(column, kind)), "Injected")


def injected(stage: Stage, offered: set[str]) -> dict[str, Any]:
    """Return a value under the name of every column and every field of any form, but for what is offered."""
    stranger = stage.world.owned["foreign"]
    more = {name: value_for(column, stranger) for column in columns() for name in (column.name, column.attname)}
    for name in FORMS:
        more |= form(name, stage.world, stranger)
    more |= {"hide_name": "on", "hidden": "on", "owner": stranger.person.pk, "is_sandbox": "on"}
    return {name: value for name, value in more.items() if name not in offered | FIGURES | {"records", "file"}}


class Contents:
    """What a request left in the tables that it wrote, and the ids of the rows that it made."""

    def __init__(self, stage: Stage, answer: Answer) -> None:
        self.rows = {table: rows for table, rows in answer.rows.items() if table not in APART}
        self.new = {
            table: {row["id"] for row in rows if "id" in row} - ids_before(stage, table)
            for table, rows in self.rows.items()
        }
        self.all_new = set().union(*self.new.values())

    def differences(self, other: "Contents") -> list[str]:
        """Return what differs but for ids of new rows, moments and random texts."""
        found = []
        for table in sorted(self.rows.keys() | other.rows.keys()):
            for row, twin in zip_longest(self.rows.get(table, []), other.rows.get(table, []), fillvalue={}):
                found += [
                    f"{table}.{column}: {row.get(column)!r} became {twin.get(column)!r}"
                    for column in row.keys() | twin.keys()
                    if not self._alike(other, row.get(column), twin.get(column))
                ]
        return found

    def _alike(self, other: "Contents", one: Any, two: Any) -> bool:
        if one == two:
            return True
        if isinstance(one, int) and isinstance(two, int):
            return one in self.all_new and two in other.all_new
        if type(one) is not type(two):
            return False
        if isinstance(one, str) and _MOMENT.fullmatch(one) and _MOMENT.fullmatch(two):
            return abs(datetime.fromisoformat(one) - datetime.fromisoformat(two)) < SOON
        return _words(one) == _words(two)


def _words(value: Any) -> str:
    return _RANDOM.sub("#", value if isinstance(value, str) else json.dumps(value, sort_keys=True))


def ids_before(stage: Stage, table: str) -> set[int]:
    """Return the ids of a table's rows as they stand between two requests, if its rows have any."""
    found = stage.superuser.execute(f"SELECT to_jsonb(t) -> 'id' FROM {table} t").fetchall()
    return {one for (one,) in found if one is not None}


def differences(stage: Stage, one: Answer, other: Answer) -> list[str]:
    return Contents(stage, one).differences(Contents(stage, other))


@pytest.fixture
def keeping(stage):
    stage.keeps_rows = True
    yield stage
    stage.keeps_rows = False


@pytest.mark.parametrize(("name", "reader"), SENT)
def test_a_form_takes_what_it_offers(keeping, name, reader):
    stage, owned = keeping, keeping.world.owned["own"]
    address, right = url(name, owned), form(name, keeping.world, owned)
    page = stage.ask(reader, "GET", address)
    offered = {found.decode() for found in _NAMES.findall(page.body)} | right.keys()
    answers = [
        stage.ask(reader, "POST", address, stage.form(reader, data))
        for data in (form(name, stage.world, owned), form(name, stage.world, owned) | injected(stage, offered))
    ]
    assert [answer.status for answer in answers] == [TABLE_OF[name].row(name, "POST").statuses[reader]["own"]] * 2
    assert not differences(stage, *answers)


@pytest.mark.parametrize("name", ["health:api-runs", "health:api-usage"])
def test_a_program_is_taken_at_its_known_words(keeping, name):
    stage, owned = keeping, keeping.world.owned["own"]
    ask = lambda body: stage.ask("program", "POST", url(name, owned), body, content_type="application/json")  # noqa: E731
    body = form(name, stage.world, owned)
    (record,) = body["records"]
    more = injected(stage, {*record, "records"})
    right, around, within = ask(body), ask(body | more), ask({"records": [record | more]})
    assert right.status == 200
    for answer in (around, within):
        refused = answer.status in (400, 422) and not set(answer.written) - WRITTEN_BY_A_REFUSAL.keys()
        assert refused or not differences(stage, right, answer), answer.body


def test_what_the_form_does_offer_makes_a_difference(keeping):
    stage, owned = keeping, keeping.world.owned["own"]
    address, right = url("customers:edit", owned), form("customers:edit", stage.world, owned)
    answers = [
        stage.ask("ada", "POST", address, stage.form("ada", data)) for data in (right, right | {"name": "Injected"})
    ]
    assert any("customers_customeridentity.name" in found for found in differences(stage, *answers))
    wanted = {
        "role",
        "msp",
        "msp_id",
        "id",
        "state",
        "is_active",
        "created_at",
        "created_by_id",
        "hide_name",
        "tenant_admins",
    }
    assert not wanted - injected(stage, set()).keys()
