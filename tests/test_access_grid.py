"""Who may do and see what: every address, person, owner and method against the tables under `grid/tables`."""

from collections.abc import Iterator

import pytest

from tests.grid.engine import WRITTEN_BY_A_REFUSAL, Answer
from tests.grid.forms import form
from tests.grid.looks import LISTS, looks_at
from tests.grid.places import PATHS, QUERIES, patterns, url
from tests.grid.table import TABLE_OF, TABLES, UNSAFE

PATTERNS = {pattern.name: pattern for pattern in patterns()}
#: Patterns of Django admin without a name: old addresses that lead to the change page, and what is not found.
NAMELESS = [name for name in PATTERNS if "(" in name]
NAMES = sorted(TABLE_OF)
METHODS = ("GET", "POST", *UNSAFE)
#: Whoever holds the link of an invitation sees whom and which MSP it is about, and nothing else.
SHOWN_TO_THE_HOLDER = {"people:invitation": {"noropen", "easopen"}}


def test_every_address_has_a_row_and_every_row_an_address():
    assert set(PATTERNS) - set(NAMELESS) == set(TABLE_OF)
    for name, table in TABLE_OF.items():
        assert {("GET"), ("POST")} <= {method for named, method in table.rows if named == name}, name


def test_every_address_that_takes_an_id_says_whose():
    assert {name for name, pattern in PATTERNS.items() if pattern.parameters} - set(NAMELESS) == {
        name for name in PATHS if name in PATTERNS
    }


def cells(name: str) -> Iterator[tuple[str, str, str, int]]:
    """Return the cells of an address: reader, owner, method and status; the methods nobody uses for one owner."""
    for method in METHODS:
        row = TABLE_OF[name].row(name, method)
        for reader, owner, status in row.cells():
            varies = name in PATHS or name in QUERIES or len(set(row.statuses[reader].values())) > 1
            if owner == "own" or (varies and method not in UNSAFE):
                yield reader, owner, method, status


def is_refusal(name: str, reader: str, answer: Answer) -> bool:
    led_away = reader == "nobody" and answer.status == 302 and name not in TABLES["sign_in"].names
    return answer.status >= 400 or led_away


@pytest.mark.parametrize("name", NAMES)
def test_the_grid(stage, name):
    wrong = []
    for reader, owner, method, status in cells(name):
        owned = stage.world.owned[owner]
        data = stage.form(reader, form(name, stage.world, owned)) if method == "POST" else None
        more = {"content_type": "application/json"} if data and name.startswith("health:api") else {}
        answer = stage.ask(reader, method, url(name, owned), data, **more)
        case = f"{method} {name} of {owner} as {reader}"
        if answer.status != status:
            wrong.append(f"{case}: {answer.status}, not {status}")
        if is_refusal(name, reader, answer) and (changed := set(answer.written) - set(WRITTEN_BY_A_REFUSAL)):
            wrong.append(f"{case}: was refused with {answer.status} and yet wrote {changed}")
        leaks = stage.leaks(reader, answer, besides=SHOWN_TO_THE_HOLDER.get(name, set()))
        wrong += [f"{case}: leaks {leak}" for leak in leaks]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("name", LISTS)
def test_windows_files_and_choices_of_a_list_show_nothing_foreign(stage, name):
    wrong = []
    for look in looks_at(name):
        if look.query:
            answer = look.take(stage)
            if answer.status != 200:
                wrong.append(f"{look}: {answer.status}")
            wrong += [f"{look}: leaks {leak}" for leak in stage.leaks(look.reader, answer)]
    assert not wrong, "\n".join(wrong)
