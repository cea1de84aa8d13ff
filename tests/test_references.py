"""A reference to somebody else's thing, wherever a request carries one, is answered as one to nothing at all."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.db.models import Model
from django.urls import reverse

from customers.models import Customer
from health.api import Reading
from msc.access import scope
from msc.access.models import User
from msc.pages.filters import ScopedModelMultiChoice
from msc.people.models import ApiCredential
from serviceplans.models import ServicePlan, StorageRegion
from tenants.models import Tenant
from tests.grid.engine import Answer, Stage, alike
from tests.grid.forms import FORMS, form
from tests.grid.looks import LISTS
from tests.grid.places import MISSING_ID, names_an_object, patterns, url
from tests.grid.table import TABLE_OF

#: Whose things a reader may not know of.
STRANGERS = (("ada", "foreign"), ("tom", "foreign"), ("tom", "sibling"), ("eve", "own"))
#: What a field of a form names.
FIELDS = {
    "service_plan": ServicePlan,
    "regions": StorageRegion,
    "hybrid_regions": StorageRegion,
    "tenant_admins": User,
    "add": Customer,
    "remove": Customer,
}
#: Numbers that name nothing.
FIGURES = {"version", "quota_warning_percent", "quota_critical_percent", "digest_hour"}
#: What every administrator of an MSP may know, whichever customer it is used for.
OF_THE_MSP = (ApiCredential, ServicePlan, StorageRegion)


def strange(stage: Stage, of: type, owner: str) -> int:
    """Return the id of a thing of another owner; of a region that the reader's MSP is not offered."""
    owned = stage.world.owned[owner]
    if of is StorageRegion:
        with scope.entered("support"):
            return StorageRegion.objects.exclude(offers__isnull=False).values_list("pk", flat=True)[0]
    things: dict[type, Model] = {
        ApiCredential: owned.credential,
        Customer: owned.second,
        ServicePlan: owned.unused,
        Tenant: owned.ready,
        User: owned.person,
    }
    return things[of].pk


def numbers(data: dict[str, Any]) -> Iterator[str]:
    """Yield the fields of a form that send numbers."""
    for name, value in data.items():
        if any(isinstance(one, int) for one in (value if isinstance(value, list) else [value])):
            yield name


def same(one: Answer, other: Answer, *ids: int) -> bool:
    """Whether two requests were answered alike, but for the ids they name, and wrote to the same tables."""
    echoed = [str(pk) for pk in ids]
    told = [(answer.status, alike(answer.body, *echoed), sorted(answer.written)) for answer in (one, other)]
    return told[0] == told[1]


def test_every_number_that_a_form_sends_is_known(stage):
    sent = {name for each in FORMS for name in numbers(form(each, stage.world, stage.world.owned["own"]))}
    assert sent <= FIELDS.keys() | FIGURES


@pytest.mark.parametrize("name", sorted(FORMS))
def test_a_form_answers_a_strangers_id_as_a_missing_one(stage, name):
    wrong = []
    for reader, owner in STRANGERS:
        mine = stage.world.owned["foreign" if reader == "eve" else "own"]
        right = form(name, stage.world, mine)
        for field in FIELDS.keys() & set(numbers(right)):
            if owner == "sibling" and FIELDS[field] in OF_THE_MSP:
                continue
            pk, answers = strange(stage, FIELDS[field], owner), []
            for sent in (pk, MISSING_ID):
                data = right | {field: [sent] if isinstance(right[field], list) else sent}
                answers.append(stage.ask(reader, "POST", url(name, mine), stage.form(reader, data)))
            if not same(*answers, pk, MISSING_ID):
                wrong.append(f"{field} of {owner} as {reader}: {[answer.status for answer in answers]}")
    assert not wrong, "\n".join(wrong)


#: Programs and whose things they may not know of.
FOREIGN_TO = (("program", "foreign"), ("foreign", "own"))
READ = {
    pattern.name: pattern.view
    for pattern in patterns()
    if isinstance(pattern.view, type) and issubclass(pattern.view, Reading)
}
#: What a program writes, with the id that the record or the query names.
WRITTEN = ("health:api-runs", "health:api-usage", "health:api-runs-restic", "health:api-runs-borg")


@pytest.mark.parametrize("name", sorted(LISTS))
def test_what_is_typed_finds_no_strangers_choice(stage, name):
    wrong = []
    for reader, owner in STRANGERS:
        mine, theirs = stage.world.owned["foreign" if reader == "eve" else "own"], stage.world.owned[owner]
        for field, found in LISTS[name].filters.base_filters.items():
            if not isinstance(found, ScopedModelMultiChoice):
                continue
            answer = stage.ask(reader, "GET", f"{url(name, mine)}?choices={field}&term=cnry")
            wrong += [f"{field} as {reader}: {leak}" for leak in stage.leaks(reader, answer)]
            if names_an_object(name) and stage.ask(reader, "GET", f"{url(name, theirs)}?choices={field}").status < 400:
                wrong.append(f"{field} as {reader}: answers at what is of {owner}")
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("name", sorted(READ))
def test_a_programs_filter_answers_a_strangers_id_as_a_missing_one(stage, name):
    wrong = []
    for reader, owner in FOREIGN_TO:
        for field, found in READ[name].filters.base_filters.items():
            if not isinstance(found, ScopedModelMultiChoice):
                continue
            pk = strange(stage, found.of, owner)
            answers = [stage.ask(reader, "GET", f"{reverse(name)}?{field}={sent}") for sent in (pk, MISSING_ID)]
            if not same(*answers, pk, MISSING_ID) or answers[0].status != 400:
                wrong.append(f"{field} of {owner} as {reader}: {[answer.status for answer in answers]}")
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("name", WRITTEN)
@pytest.mark.parametrize(("reader", "owner"), FOREIGN_TO)
def test_a_programs_record_answers_a_strangers_id_as_a_missing_one(stage, name, reader, owner):
    theirs, answers = stage.world.owned[owner], []
    for pk in (theirs.ready.pk, MISSING_ID):
        data, address = form(name, stage.world, theirs), re.sub(r"(?<=tenant=)\d+", str(pk), url(name, theirs))
        for record in data.get("records", ()):
            record["tenant"] = pk
        answers.append(stage.ask(reader, "POST", address, data or None, content_type="application/json"))
    assert same(*answers, theirs.ready.pk, MISSING_ID)
    assert answers[0].status == 422


@pytest.mark.parametrize("name", sorted(LISTS))
def test_a_filter_answers_a_strangers_id_as_a_missing_one(stage, name):
    wrong = []
    for reader, owner in STRANGERS:
        here = "foreign" if reader == "eve" else "own"
        mine = stage.world.owned[here]
        for field, found in LISTS[name].filters.base_filters.items():
            if not isinstance(found, ScopedModelMultiChoice) or (owner == "sibling" and found.of in OF_THE_MSP):
                continue
            pk = strange(stage, found.of, owner)
            path = url(name, mine)
            path += "&" if "?" in path else "?"
            answers = [stage.ask(reader, "GET", f"{path}{field}={sent}") for sent in (pk, MISSING_ID)]
            expected = TABLE_OF[name].row(name, "GET").statuses[reader][here]
            if not same(*answers, pk, MISSING_ID) or answers[0].status != expected:
                wrong.append(f"{field} of {owner} as {reader}: {[answer.status for answer in answers]}")
    assert not wrong, "\n".join(wrong)
