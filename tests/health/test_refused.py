"""Records that the API refuses are seen in the portal by those who may see their customer, and are not kept for ever."""

from datetime import timedelta

import pytest
import time_machine
from django.db import ProgrammingError, transaction
from django.utils import timezone

from health import refused, tasks
from health.models import RefusedRecord
from msc.access import scope
from tests.cast import signed_in
from tests.factories import make_refused, make_tenant
from tests.health.conftest import issue, run, usage

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _now():
    with time_machine.travel("2026-11-24T08:00:00Z", tick=False):
        yield


@pytest.fixture
def entries(scoped):
    def read() -> list[tuple]:
        return list(
            RefusedRecord.objects.order_by("pk").values_list(
                "endpoint", "line", "field", "named", "customer__account_name", "source", "records"
            )
        )

    return read


def test_each_address_keeps_what_it_refused_with_reason_tenant_and_source(program, hybrid, foreign_tenant, entries):
    program.post("runs", [run(hybrid), run(999), run(hybrid, "j2", status="done"), run(foreign_tenant)])
    program.post("usage", [usage(hybrid, workload="m365", measure="Users")])
    program.post("runs/restic?tenant=x&organization=a&source=srv-2&exit=0", "Fatal: \x1b[31mno\x00", "text/plain")
    program.post(f"runs/borg?tenant={hybrid.pk}&organization=a&source=srv-3", "", "text/plain")
    assert entries() == [
        ("runs", 3, "status", str(hybrid.pk), "Harbour Logistics", "srv-1", 1),
        ("runs", 2, "tenant", "999", None, "srv-1", 1),
        # Another MSP's tenant is as one that never was.
        ("runs", 4, "tenant", str(foreign_tenant.pk), None, "srv-1", 1),
        ("usage", 1, "workload", str(hybrid.pk), "Harbour Logistics", "", 1),
        ("restic", 1, "tenant", "x", None, "srv-2", 1),
        ("borg", 1, "exit", str(hybrid.pk), "Harbour Logistics", "srv-3", 1),
    ]
    text = RefusedRecord.objects.get(endpoint="restic").text
    assert "Fatal: " in text
    assert text.isprintable()


def test_records_refused_for_one_reason_are_one_entry_and_reasons_are_bounded(program, entries):
    program.post("runs", [run(999, f"j{number}") for number in range(500)])
    assert entries() == [("runs", 1, "tenant", "999", None, "srv-1", 500)]
    program.post("runs", [run(999) | {f"field {number}": 1} for number in range(150)])
    assert len(entries()) == 1 + refused.MOST_PER_CALL


def test_a_credential_keeps_its_newest_entries(program, entries, monkeypatch):
    monkeypatch.setattr(refused, "MOST_PER_CREDENTIAL", 3)
    for number in range(5):
        program.post("runs", [run(1_000_000 + number)])
    assert [named for _, _, _, named, *_ in entries()] == ["1000002", "1000003", "1000004"]


def test_a_call_that_is_refused_as_a_whole_keeps_no_entry_and_no_record(program, hybrid, entries):
    program.post("runs", "[" + '{"tenant": 1},' * 25_001)
    assert entries() == []


def test_entries_go_after_thirty_days(ada, northwind, hybrid, entries):
    credential = issue(ada)[0]
    make_refused(credential, hybrid, received_at=timezone.now() - timedelta(days=30, seconds=1))
    make_refused(credential, hybrid, received_at=timezone.now() - timedelta(days=29), source="kept")
    tasks.retain()
    with scope.entered("portal", msp=northwind.pk):
        assert [entry[5] for entry in entries()] == ["kept"]


def test_who_sees_which_entries(ada, tom, rita, eve, sibling, plan, hybrid):
    credential = issue(ada)[0]
    make_refused(credential, hybrid, source="of-harbour")
    make_refused(credential, make_tenant(sibling, plan), source="of-sibling")
    make_refused(credential, None, source="of-none")
    every = {"of-harbour", "of-sibling", "of-none"}
    for person, seen in ((ada, every), (rita, every), (tom, {"of-harbour"}), (eve, set())):
        page = signed_in(person).get("/events/refused/").content.decode()
        assert {source for source in every if source in page} == seen, person.email


def test_support_staff_have_no_right_on_the_table(ada, hybrid):
    make_refused(issue(ada)[0], hybrid)
    with pytest.raises(ProgrammingError), transaction.atomic(), scope.entered("support"):
        RefusedRecord.objects.count()


def test_the_credentials_page_counts_them_and_leads_to_them(ada, program, scoped):
    program.post("runs", [run(999, f"j{number}") for number in range(7)])
    credential = ada.msp.api_credentials.get()
    page = signed_in(ada).get("/settings/credentials/").content.decode()
    assert f'<a href="/events/refused/?credential={credential.pk}">7</a>' in page
    assert (
        "There is no such tenant."
        in signed_in(ada).get(f"/events/refused/?credential={credential.pk}").content.decode()
    )


def test_a_tenant_administrator_comes_to_them_from_the_health_tab(ada, tom, harbour):
    address = f"/events/refused/?customer={harbour.pk}"
    assert address in signed_in(tom).get(f"/customers/{harbour.pk}/health/").content.decode()
    assert "Audit Trail" not in signed_in(tom).get(address).content.decode()
    assert "Audit Trail" in signed_in(ada).get(address).content.decode()
