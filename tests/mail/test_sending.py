"""What becomes of an e-mail at a real mail server."""

import threading
import time
from datetime import timedelta

import pytest
from django.conf import settings
from django.db import connection
from django.utils import timezone

from msc.access import scope
from msc.mail import client, sending, tasks
from msc.mail.models import OutboxBody, OutboxMessage, SendingHost, State

pytestmark = pytest.mark.django_db(transaction=True)


def deliver(seconds=5):
    return sending.deliver(seconds=seconds)


def make_due(**rows):
    with scope.entered("worker"):
        OutboxMessage.objects.filter(**rows).update(due_at=timezone.now() - timedelta(seconds=1))


def texts_left():
    with scope.entered("worker"):
        return OutboxBody.objects.count()


@pytest.mark.pg15
def test_an_email_is_sent_once_and_its_text_is_wiped(queue, message, sink):
    queue("one")
    assert (deliver(), deliver()) == (1, 0)
    row = message("one")
    assert (row.state, row.reply, row.attempts) == ("sent", "250 Taken", 1)
    assert row.created_at <= row.handed_at <= row.sent_at
    assert texts_left() == 0
    assert [(mail.to, mail.message_id) for mail in sink.taken()] == [("ada@northwind.example", row.message_id)]


def test_a_refused_address_is_failed_and_visible_and_holds_up_nobody(queue, message, sink):
    queue("bad", to="refused@nowhere.example")
    queue("good")
    deliver()
    assert (message("bad").state, message("bad").reply) == ("failed", "550 5.1.1 No such mailbox here")
    assert message("good").state == "sent"
    with scope.entered("support"):
        row = OutboxMessage.objects.with_attention().get(key="bad")
        assert (row.needs_attention, row.may_be_sent_again, row.get_state_display()) == (True, True, "Refused")
    make_due(state="failed")
    assert deliver() == 0


def test_a_greylisted_email_is_tried_again_after_a_pause(queue, message, sink):
    queue("one", to="later-2@northwind.example")
    deliver()
    row = message("one")
    assert (row.state, row.attempts, row.reply) == ("queued", 1, "451 4.7.1 Greylisted, try again")
    assert timedelta(seconds=3) < row.due_at - timezone.now() < timedelta(seconds=7)
    assert deliver() == 0
    make_due(key="one")
    deliver()
    assert timedelta(seconds=7) < message("one").due_at - timezone.now() < timedelta(seconds=13)
    make_due(key="one")
    deliver()
    assert (message("one").state, message("one").attempts) == ("sent", 3)
    assert len(sink.taken()) == 1


def test_pauses_double_up_to_a_quarter_of_an_hour():
    middles = [sum(sending.pause_after(n) for _ in range(300)) / 300 for n in (1, 2, 3, 9, 20)]
    assert middles == pytest.approx([5, 10, 20, 900, 900], rel=0.05)
    assert len({sending.pause_after(3) for _ in range(10)}) == 10


def test_an_email_that_is_never_taken_is_given_up(queue, message, sink):
    queue("one", to="full@northwind.example")
    with scope.entered("worker"):
        OutboxMessage.objects.update(attempts=sending.MOST_ATTEMPTS - 1)
    deliver()
    assert (message("one").state, message("one").reply) == ("dead", "452 4.2.2 Mailbox full")


def test_a_server_that_is_away_costs_no_email_an_attempt(queue, message, sink):
    sink.stop()
    queue("one")
    queue("two")
    assert deliver() == 1
    first, second = message("one"), message("two")
    assert (first.state, first.attempts, second.attempts) == ("queued", 0, 0)
    assert "refused" in first.reply
    assert timedelta(seconds=4) < first.due_at - timezone.now() < timedelta(seconds=11)


def test_a_missing_receipt_is_tried_again_with_the_same_message_id(queue, message, sink):
    queue("one", to="cut@northwind.example")
    deliver()
    row = message("one")
    assert (row.state, row.handed_at) == ("queued", None)
    make_due(key="one")
    deliver()
    first, second = sink.taken()
    assert first.message_id == second.message_id == row.message_id
    assert first.size == second.size


@pytest.mark.parametrize(
    "to", ["no-address", "two@x.example\nBcc: eve@x.example", "kaffee@", "üml@x.example", "a" * 300]
)
def test_an_address_that_no_mail_can_carry_fails_alone(queue, message, sink, to):
    queue("bad", to=to)
    queue("good", to="ok@münchen.example")
    deliver()
    assert message("bad").state == "failed"
    assert message("bad").reply.startswith("This e-mail cannot be written")
    assert [mail.to for mail in sink.taken()] == ["ok@xn--mnchen-3ya.example"]


def test_an_email_that_trips_our_own_code_holds_up_nobody(queue, message, sink, monkeypatch):
    queue("bad")
    queue("good", to="good@northwind.example")
    make_due(key="bad")
    compose = sending.compose

    def trip(letter):
        return compose(letter) if letter.to.startswith("good") else 1 / 0

    monkeypatch.setattr(sending, "compose", trip)
    deliver()
    assert message("good").state == "sent"
    assert (message("bad").state, message("bad").attempts) == ("queued", 1)
    assert message("bad").reply == "The portal could not send it: ZeroDivisionError."


def test_a_claim_is_nobody_elses_until_its_lease_runs_out(queue, message, sink):
    queue("one")
    claimed = sending.claim()
    assert (claimed.message.state, sending.claim()) == ("sending", None)
    make_due(key="one")
    again = sending.claim()
    assert (again.message.pk, again.message.attempts) == (claimed.message.pk, 2)
    # The first sender comes back late: it may neither hand over nor write anything.
    with scope.entered("worker"):
        assert OutboxMessage.objects.claimed_as(claimed.message).mark_handed("x") == 0
        assert OutboxMessage.objects.claimed_as(claimed.message).confirm("250") == 0


def test_a_sender_that_was_too_slow_sends_nothing(queue, message, sink):
    queue("one")
    claimed = sending.claim()
    with scope.entered("worker"):
        OutboxMessage.objects.update(due_at=timezone.now() + timedelta(seconds=5))
    row = message("one")
    late = sending.Claim(row, claimed.body)
    carrier = sending.open_carrier(settings.EMAIL_URL, "localhost")
    assert sending.attempt(late, carrier) == sending.Outcome("lost")
    carrier.close()
    assert (message("one").state, sink.taken()) == ("sending", [])


def test_many_senders_at_once_send_each_email_once(queue, sink):
    for number in range(60):
        queue(f"mail-{number}", to=f"p{number}@northwind.example")

    def run():
        deliver(20)
        connection.close()

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(mail.to for mail in sink.taken()) == sorted(f"p{number}@northwind.example" for number in range(60))
    with scope.entered("worker"):
        assert OutboxMessage.objects.filter(state=State.SENT).count() == 60


def test_the_server_has_an_email_only_after_its_end_is_let_go(sink):
    carrier = sending.open_carrier(sink.url, "localhost")
    early = 0
    for number in range(20):
        carrier.offer("portal@northwind.example", f"p{number}@northwind.example")
        carrier.hand_over(b"Subject: One\r\nMessage-ID: <1@northwind.example>\r\n\r\nOne")
        time.sleep(0.02)
        early += len(sink.taken()) > number
        carrier.reply()
        assert len(sink.taken()) == number + 1
    carrier.close()
    assert early <= 10  # the kernel waits for 200 ms at most, and so does a test on a busy machine


def test_what_was_handed_over_is_not_sent_again_while_its_machine_is_up(queue, message, sink):
    queue("one")
    deliver()
    with scope.entered("worker"):
        OutboxMessage.objects.update(state="handed", sent_at=None, due_at=timezone.now() - timedelta(hours=1))
    tasks.tidy()
    assert (deliver(), message("one").state) == (0, "handed")


def test_what_was_handed_over_is_sent_again_when_its_machine_went_down(queue, message, sink):
    queue("one")
    sending.claim()
    with scope.entered("worker"):
        OutboxMessage.objects.update(state="handed", handed_at=timezone.now(), boot_id="an-earlier-start")
        SendingHost.objects.create(boot_id="an-earlier-start", seen_at=timezone.now() - timedelta(minutes=11))
    tasks.tidy()
    deliver()
    assert (message("one").state, message("one").attempts) == ("sent", 2)


def test_an_email_that_is_too_late_expires_with_its_text(queue, message, sink):
    queue("code", kind="session.code", expires_in=timedelta(minutes=10))
    queue("news")
    with scope.entered("worker"):
        OutboxMessage.objects.filter(key="code").update(expires_at=timezone.now())
    deliver()
    tasks.tidy()
    assert (message("code").state, message("news").state) == ("expired", "sent")
    assert texts_left() == 0


def test_one_that_kills_its_sender_each_time_is_given_up(queue, message):
    queue("one")
    with scope.entered("worker"):
        OutboxMessage.objects.update(
            state="sending", attempts=sending.MOST_ATTEMPTS, due_at=timezone.now() - timedelta(seconds=1)
        )
    assert sending.claim() is None
    tasks.tidy()
    assert message("one").state == "dead"


def test_the_text_of_a_refused_email_is_kept_for_another_try_until_it_expires(queue, message, sink):
    queue("one", to="refused@nowhere.example")
    deliver()
    tasks.tidy()
    assert texts_left() == 1
    with scope.entered("worker"):
        OutboxMessage.objects.update(expires_at=timezone.now())
    tasks.tidy()
    assert (texts_left(), message("one").state) == (0, "failed")


def test_old_rows_are_forgotten_and_young_ones_kept(queue, sink):
    for key in ("old", "young"):
        queue(key)
    deliver()
    with scope.entered("worker"):
        OutboxMessage.objects.filter(key="old").update(created_at=timezone.now() - timedelta(days=91))
    tasks.forget()
    with scope.entered("worker"):
        assert list(OutboxMessage.objects.values_list("key", flat=True)) == ["young"]


def test_a_silent_server_holds_up_an_email_only_so_long(queue, message, sink, monkeypatch):
    monkeypatch.setattr(client, "RECEIPT_SECONDS", 0.5)
    queue("one", to="mute@northwind.example")
    queue("two")
    deliver(10)
    assert (message("one").state, message("two").state) == ("queued", "sent")
    assert "timed out" in message("one").reply


def test_an_email_can_be_dropped_by_choice(queue, message, monkeypatch):
    monkeypatch.setattr(settings, "EMAIL_URL", "none:")
    queue("one")
    deliver()
    assert message("one").reply.startswith("250 dropped")
