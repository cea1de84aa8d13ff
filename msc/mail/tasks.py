"""The outbox's tasks; each may run twice, at once or in a row, without harm."""

from celery import shared_task

from msc.access import scope
from msc.mail import sending, tidying

DELIVER_SECONDS = 20.0


@shared_task
def deliver() -> None:
    """Send what is due; beat rings every two seconds, and a long queue keeps one run busy for twenty."""
    sending.deliver(seconds=DELIVER_SECONDS)


@shared_task
def tidy() -> None:
    """Bring unfinished mails to their end and wipe texts that are no longer needed."""
    with scope.entered("worker"):
        tidying.send_again_after_a_crash()
        tidying.give_up()
        tidying.expire()
        tidying.wipe_texts()


@shared_task
def forget() -> None:
    """Delete rows past their time, batch by batch."""
    while forget_batch():
        pass


def forget_batch() -> int:
    """Delete one batch in a transaction of its own."""
    with scope.entered("worker"):
        return tidying.forget()
