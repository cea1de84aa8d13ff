"""An e-mail is a row of the transaction that causes it, and one per cause."""

from datetime import timedelta

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.utils import timezone

from msc.access import scope
from msc.errors import DomainError
from msc.events.models import Event
from msc.mail import outbox
from msc.mail.models import OutboxBody, OutboxMessage, State

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.pg15]


def keys():
    with scope.entered("worker"):
        return list(OutboxMessage.objects.order_by("pk").values_list("key", flat=True))


def test_an_email_is_queued_with_its_text(queue, message):
    queue("one", expires_in=timedelta(minutes=10))
    row = message("one")
    assert (row.state, row.attempts, row.kind_words, row.msp_id) == ("queued", 0, "Customer created", None)
    assert row.message_id.startswith("<")
    assert row.message_id.endswith("@localhost>")
    assert row.expires_at - row.created_at == timedelta(minutes=10)
    assert row.due_at <= timezone.now()
    with scope.entered("worker"):
        body = OutboxBody.objects.get(message=row)
    assert body.subject == "Customer Harbour created"
    assert body.text.startswith("Harbour\n")


def test_html_is_escaped_and_text_is_not(queue, message):
    queue("one", name="O'Neill & <b>Sons</b>")
    with scope.entered("worker"):
        body = OutboxBody.objects.get(message__key="one")
    assert body.subject == "Customer O'Neill & <b>Sons</b> created"
    assert "O'Neill & <b>Sons</b>" in body.text
    assert "<b>" not in body.html
    assert body.html.count("O&#39;Neill &amp; &lt;b&gt;Sons") + body.html.count("O'Neill &amp; &lt;b&gt;Sons") == 3


def test_html_carries_its_style_with_it_and_knows_the_dark(queue):
    queue("one")
    with scope.entered("worker"):
        html = OutboxBody.objects.get().html
    assert 'class="button" href="http://localhost:8000" style="' in html
    assert "prefers-color-scheme: dark" in html
    assert "url(" not in html
    assert "<img" not in html


def test_a_transaction_that_rolls_back_queues_nothing(queue):
    with scope.entered("portal"):
        queue("one")
        transaction.set_rollback(True)
    assert keys() == []


def _queue_and_break_a_key_that_is_checked_at_commit(queue):
    with scope.entered("worker"):
        queue("one")
        OutboxBody.objects.create(message_id=-1, subject="", text="", html="")


def test_a_failed_commit_queues_nothing(queue):
    with pytest.raises(IntegrityError):
        _queue_and_break_a_key_that_is_checked_at_commit(queue)
    assert keys() == []


def test_a_second_email_with_the_same_key_is_the_same_email(queue, message):
    queue("one", to="first@northwind.example")
    queue("one", to="second@northwind.example")
    queue("two", to="third@northwind.example")
    assert keys() == ["one", "two"]
    assert message("one").to == "first@northwind.example"
    with scope.entered("worker"):
        assert OutboxBody.objects.get(message__key="two").message.to == "third@northwind.example"


def test_a_portal_transaction_queues_for_its_own_msp_only(queue, northwind, eastgate, templates):
    queue("own", msp_id=northwind.pk)
    with pytest.raises(DatabaseError), scope.entered("portal", msp=northwind.pk):
        outbox.queue(key="x", kind="k", to="a@b.example", template="trial", context={}, msp_id=eastgate.pk)
    with scope.entered("portal", msp=eastgate.pk):
        assert not OutboxMessage.objects.exists()
        assert not OutboxBody.objects.exists()
    with scope.entered("portal", msp=northwind.pk):
        assert OutboxMessage.objects.count() == OutboxBody.objects.count() == 1


def test_before_sign_in_an_email_is_queued_unseen(queue, northwind, templates):
    with scope.entered("portal"):
        outbox.queue(key="x", kind="k", to="a@b.example", template="trial", context={}, msp_id=northwind.pk)
        assert not OutboxMessage.objects.exists()
    assert keys() == ["x"]


@pytest.mark.parametrize("right", ["SELECT text FROM mail_outboxbody", "DELETE FROM mail_outboxbody"])
def test_support_staff_never_read_a_text(queue, right):
    with scope.entered("support"):
        queue("one")
    with (
        pytest.raises(DatabaseError, match="permission denied"),
        scope.entered("support"),
        connection.cursor() as cursor,
    ):
        cursor.execute(right)


def _stuck(state, **more):
    with scope.entered("worker"):
        OutboxMessage.objects.update(state=state, attempts=7, reply="550 no", **more)


@pytest.mark.parametrize("state", [State.FAILED, State.DEAD, State.HANDED])
def test_support_staff_send_again_what_is_stuck(queue, message, state, sam):
    queue("one")
    _stuck(state)
    before = message("one")
    with scope.entered("support"):
        outbox.send_again(by=sam, message=before)
    after = message("one")
    assert (after.state, after.attempts, after.message_id) == ("queued", 0, before.message_id)


@pytest.mark.parametrize("state", [State.QUEUED, State.SENDING, State.EXPIRED])
def test_what_is_not_stuck_is_not_sent_again(queue, message, state, sam):
    queue("one")
    _stuck(state)
    with scope.entered("support"), pytest.raises(DomainError):
        outbox.send_again(by=sam, message=message("one"))
    assert message("one").state == state


@pytest.mark.parametrize("kind", ["session.code", "person.invited", "password.reset", "of.tomorrow"])
def test_what_carries_a_code_or_a_link_is_not_sent_again(queue, message, kind, sam):
    queue("one", kind=kind)
    _stuck(State.FAILED)
    with scope.entered("support"), pytest.raises(DomainError, match="code or a link"):
        outbox.send_again(by=sam, message=message("one"))
    assert message("one").state == State.FAILED


@pytest.mark.parametrize("change", [{"to": "eve@eastgate.example"}, {"reply": ""}, {"state": "sent"}])
def test_support_staff_change_nothing_else(queue, message, change):
    queue("one")
    _stuck(State.FAILED)
    with pytest.raises(DatabaseError), scope.entered("support"):
        OutboxMessage.objects.update(**change)
    assert (message("one").state, message("one").reply) == ("failed", "550 no")


def test_support_staff_do_not_touch_what_is_on_its_way(queue):
    queue("one")
    with scope.entered("support"):
        assert OutboxMessage.objects.update(attempts=9) == 0


def test_sending_again_leaves_an_event(queue, message, sam):
    queue("one")
    _stuck(State.FAILED)
    with scope.entered("support"):
        outbox.send_again(by=sam, message=message("one"))
        event = Event.objects.get()
    assert (event.actor_label, event.action, event.object_label) == (sam.email, "mail.queued_again", "Customer created")
    assert event.changes == {"State": ["Refused", "Queued"]}
