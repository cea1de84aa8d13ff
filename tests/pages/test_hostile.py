"""Hostile addresses and forms at a list: each is answered, none with a fault."""

import random

import pytest

from tests import factories
from tests.cast import signed_in

pytestmark = pytest.mark.urls("tests.pages.portal")

NAMES = [
    "q", "hidden", "product", "person", "since", "expires", "sort", "page", "size", "count", "panel", "export",
    "choices", "term", "column", "find-person", "move", "__proto__", "identity__phone", "-name", "",
]  # fmt: skip
VALUES = [
    "", "0", "-1", "1", "9" * 30, "1e9", "NaN", "٣", "²", "null", "None", "true", "[]", "{}", "name", "-name", "--name",
    "name,account", "pk", "identity__phone", "csv", "all", "exact", "filters", "columns", "widths", "person", "q",
    "0001-01-01", "9999-12-31", "1970-01-01", "2026-02-30", "yes", "hybrid", "a" * 1500, "%", "\\", "'", '"', "<b>",
    "; DROP TABLE", "\u202e", "🚀", "up:name", "down:", "..//", "é", "ﷺ",
]  # fmt: skip


@pytest.fixture
def office(ada, harbour):
    return signed_in(ada)


def _query(chance):
    return [(chance.choice(NAMES), chance.choice(VALUES)) for _ in range(chance.randint(1, 4))]


@pytest.mark.parametrize("seed", range(6))
def test_no_address_of_a_list_is_a_fault(office, seed):
    chance = random.Random(seed)
    for _ in range(60):
        pairs = _query(chance)
        query = {name: [value for other, value in pairs if other == name] for name, _ in pairs}
        headers = {"HX-Request": "true"} if chance.random() < 0.3 else {}
        assert office.get("/shop/", query, headers=headers).status_code in (200, 400, 404, 422), pairs


@pytest.mark.parametrize("seed", range(3))
def test_no_form_of_a_list_is_a_fault(office, seed):
    chance = random.Random(seed)
    for _ in range(40):
        pairs = [
            (chance.choice(["order", "shown", "move", "reset", "name", "used"]), chance.choice(VALUES)) for _ in "123"
        ]
        form = {name: [value for other, value in pairs if other == name] for name, _ in pairs}
        panel = chance.choice(["columns", "widths", "filters", "", "x"])
        assert office.post(f"/shop/?panel={panel}", form).status_code in (200, 204, 302, 400), pairs
        assert office.get("/shop/").status_code == 200


@pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31", "1969-12-31", "2200-01-01"])
def test_days_at_the_end_of_the_calendar_are_refused(office, day):
    answer = office.get("/shop/", {"since": day})
    assert (answer.status_code, "between 1970 and 2199" in answer.content.decode()) == (200, True)


def test_a_name_with_markup_is_text_everywhere(ada, scoped):
    factories.make_customer(scoped, '"><img src=x>')
    office = signed_in(ada)
    office.post("/shop/?panel=columns", {"order": ["address", "phone"], "shown": ["address", "phone"]})
    for query in ("", "?q=img", "?panel=columns", "?panel=export", "?panel=filters"):
        assert "<img src" not in office.get(f"/shop/{query}").content.decode()
