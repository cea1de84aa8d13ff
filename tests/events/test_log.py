"""The record of what happened: what is written, who reads it, and that nobody changes it."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from django.db import DatabaseError, connection, connections, transaction

from msc.access import scope
from msc.access.actors import NOWHERE, Origin, TaskActor
from msc.access.roles import Role
from msc.events import log
from msc.events.models import Event, EventDetail
from msc.events.values import changed, readable

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.pg15]
ORIGIN = Origin("192.0.2.7", "a1b2")


@pytest.fixture
def written(ada, northwind):
    """An event with a private part, as a service of Northwind writes it."""
    ada.origin = ORIGIN
    with scope.entered("portal", msp=northwind.pk):
        return log.record(
            by=ada,
            action="customer.edited",
            on=northwind,
            label="ACME-7",
            customer_id=7,
            changes={"Sandbox": (False, True)},
            private={"Address": ("Quay 1", "Quay 2")},
            private_label="Acme Bank",
            detail={"rows": 3},
        )


def test_an_event_says_who_did_what_to_what_from_where(written, ada, northwind):
    with scope.entered("portal", msp=northwind.pk):
        event = Event.objects.get()
    assert event == written
    assert (event.msp_id, event.category, event.action) == (northwind.pk, "change", "customer.edited")
    assert (event.actor_kind, event.actor_id, event.actor_label) == ("person", ada.pk, "ada@northwind.example")
    assert (event.address, event.request_id) == ("192.0.2.7", "a1b2")
    assert (event.object_type, event.object_id, event.object_label) == ("access.msp", northwind.pk, "ACME-7")
    assert (event.customer_id, event.changes, event.detail) == (7, {"Sandbox": [False, True]}, {"rows": 3})
    assert str(event) == "ada@northwind.example edited the customer ACME-7"
    assert abs((event.at - datetime.now(UTC)).total_seconds()) < 10


def test_the_private_part_stands_apart(written, northwind):
    with scope.entered("portal", msp=northwind.pk):
        hidden = EventDetail.objects.get()
        row = Event.objects.values_list("object_label", "private__label", "private__changes").get()
    assert (hidden.event_id, hidden.msp_id) == (written.pk, northwind.pk)
    assert row == ("ACME-7", "Acme Bank", {"Address": ["Quay 1", "Quay 2"]})


def test_an_event_without_secrets_has_no_private_part(ada, northwind):
    with scope.entered("portal", msp=northwind.pk):
        log.record(by=ada, action="plan.created", on=None, label="Gold")
        assert not EventDetail.objects.exists()


def test_an_event_rolls_back_with_what_it_tells_of(ada, northwind):
    with scope.entered("portal", msp=northwind.pk):
        log.record(by=ada, action="plan.created")
        transaction.set_rollback(True)
    with scope.entered("support"):
        assert not Event.objects.exists()


def test_each_msp_sees_its_own_events(written, eve, ada, eastgate, northwind):
    with scope.entered("portal", msp=eastgate.pk):
        assert not Event.objects.exists()
        assert not EventDetail.objects.exists()
    with scope.entered("support"):
        assert list(Event.objects.for_user(eve)) == []
        assert list(Event.objects.for_user(ada)) == [written]


@pytest.mark.parametrize(("role", "seen"), [(Role.MSP_ADMIN, 1), (Role.READ_ONLY, 1), (Role.TENANT_ADMIN, 0)])
def test_events_are_shown_to_administrators_and_readers(written, ada, northwind, role, seen):
    ada.role = role
    with scope.entered("portal", msp=northwind.pk):
        assert Event.objects.for_user(ada).count() == seen


def _run(role, msp, sql):
    alias = "owner" if role == "owner" else "default"
    with transaction.atomic(using=alias):
        if role != "owner":
            scope.enter(role, msp=msp.pk)
        with connections[alias].cursor() as cursor:
            cursor.execute(sql)


@pytest.mark.parametrize("role", ["portal", "support", "worker", "owner"])
@pytest.mark.django_db(transaction=True, databases=["default", "cache", "owner"])
def test_nobody_changes_an_event(written, northwind, role):
    said = "append-only" if role == "owner" else "permission denied"
    for table in ("events_event", "events_eventdetail"):
        for command in ("UPDATE {} SET msp_id = 1", "DELETE FROM {}", "TRUNCATE {}"):
            with pytest.raises(DatabaseError, match=said):
                _run(role, northwind, command.format(table))
    with scope.entered("portal", msp=northwind.pk):
        assert (Event.objects.count(), EventDetail.objects.count()) == (1, 1)


def test_support_staff_see_events_but_no_private_part(written):
    with scope.entered("support"):
        assert Event.objects.get() == written
    with pytest.raises(DatabaseError, match="permission denied"), scope.entered("support"):
        EventDetail.objects.exists()


def test_support_staff_leave_their_own_traces(sam, northwind):
    with scope.entered("support"):
        event = log.record(by=sam, action="msp.edited", on=northwind, label="x", msp_id=northwind.pk, private_label="y")
        assert Event.objects.get() == event
    assert (event.actor_kind, event.msp_id) == ("support", northwind.pk)


def test_a_portal_transaction_writes_for_its_own_msp_only(eve, northwind):
    with pytest.raises(DatabaseError, match="row-level security"), scope.entered("portal", msp=northwind.pk):
        log.record(by=eve, action="plan.created")


def test_sign_in_is_recorded_before_and_after_the_person_is_known(ada, northwind):
    ada.origin = ORIGIN
    with scope.entered("portal"):
        log.record_refusal(ORIGIN, reason="unknown address")
        log.record_refusal(ORIGIN, reason="wrong password", person=ada)
        log.record_sign_in(ada, method="password and code")
        assert not Event.objects.exists()
    with scope.entered("portal", msp=northwind.pk):
        refused, opened = Event.objects.sessions().order_by("pk")
        assert not Event.objects.changes_made().exists()
    assert (refused.actor_kind, refused.actor_label, refused.detail) == (
        "stranger",
        "ada@northwind.example",
        {"reason": "wrong password"},
    )
    assert (opened.actor_id, opened.detail) == (ada.pk, {"method": "password and code"})
    with scope.entered("support"):
        assert Event.objects.filter(msp_id=None).get().actor_label == ""


def test_histories_of_a_customer_and_of_a_thing(written, ada, northwind):
    with scope.entered("portal", msp=northwind.pk):
        other = log.record(by=ada, action="customer.edited", on=ada, customer_id=8)
        assert list(Event.objects.for_customer(7)) == [written]
        assert list(Event.objects.for_object(ada)) == [other]
        assert list(Event.objects.newest_first()) == [other, written]


@pytest.mark.parametrize("address", ["", None, "unix:", "/run/socket", "::ffff:1.2.3.4"])
def test_an_address_that_is_none_is_left_out(address):
    with scope.entered("worker"):
        scope.narrow_to_msp(1)
        event = log.record(by=TaskActor("tests", 1, Origin(address)), action="plan.created")
    assert (event.address is None) == (address != "::ffff:1.2.3.4")


def test_the_indexes_begin_with_the_msp():
    with connection.cursor() as cursor:
        cursor.execute("SELECT indexdef FROM pg_indexes WHERE tablename = 'events_event'")
        indexes = [row[0] for row in cursor.fetchall()]
    assert sum("(msp_id, " in index for index in indexes) == 4


def test_only_what_differs_is_a_change():
    before, after = {"Plan": "Gold", "Quota": 1, "Gone": 2}, {"Plan": "Gold", "Quota": 3, "New": None}
    assert changed(before, after) == {"Quota": (1, 3), "Gone": (2, None)}


@pytest.mark.parametrize(
    ("value", "read"),
    [
        (Role.MSP_ADMIN, "MSP administrator"),
        (date(2028, 2, 29), "2028-02-29"),
        (datetime(2028, 2, 29, 12, tzinfo=UTC), "2028-02-29T12:00:00+00:00"),
        (Decimal("10.50"), "10.50"),
        (Decimal("1E+3"), "1000"),
        ({"b", "a"}, ["a", "b"]),
        ((Decimal(1), None, True), ["1", None, True]),
        ({"x": {1: Role.SUPPORT}}, {"x": {"1": "Support staff"}}),
        ("a\x00b", "ab"),
        (NOWHERE, "Origin(address=None, request_id='')"),
    ],
)
def test_values_are_readable_and_fit_json(value, read):
    assert readable(value) == read
