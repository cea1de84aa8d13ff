"""What keeps the outbox tidy: ends that no sender reached, texts nobody needs, rows past their time."""

from datetime import timedelta

from django.db.models import Q
from django.db.models.functions import Now

from msc.mail.models import OutboxBody, OutboxMessage, SendingHost, State
from msc.mail.sending import MOST_ATTEMPTS

HOST_SILENCE = timedelta(minutes=10)  # after which a sending machine counts as down
KEPT_FOR = timedelta(days=90)
BATCH = 1_000


def expire() -> int:
    """End what came too late to be of use."""
    late = OutboxMessage.objects.abandoned().filter(expires_at__lte=Now())
    return late.update(state=State.EXPIRED)


def give_up() -> int:
    """End what took its sender down with it each time."""
    tried = OutboxMessage.objects.abandoned().filter(attempts__gte=MOST_ATTEMPTS)
    return tried.update(state=State.DEAD)


def send_again_after_a_crash() -> int:
    """Queue what a machine handed over before it went down, receipt unread; it keeps its Message-ID."""
    alive = SendingHost.objects.filter(seen_at__gt=Now() - HOST_SILENCE).values("boot_id")
    handed = OutboxMessage.objects.filter(state=State.HANDED, expires_at__gt=Now())
    lost = handed.exclude(boot_id__in=alive)
    return lost.update(state=State.QUEUED, due_at=Now(), handed_at=None)


def wipe_texts() -> int:
    """Delete the texts of mails that have ended or expired."""
    ended = Q(message__state__in=(State.SENT, State.EXPIRED))
    wiped, _ = OutboxBody.objects.filter(ended | Q(message__expires_at__lte=Now())).delete()
    return wiped


def forget() -> int:
    """Delete a batch of old rows and of machines long gone."""
    SendingHost.objects.filter(seen_at__lt=Now() - KEPT_FOR).delete()
    old = OutboxMessage.objects.filter(created_at__lt=Now() - KEPT_FOR, body=None)
    ids = old.exclude(state__in=(State.QUEUED, State.SENDING)).values("pk")[:BATCH]
    forgotten, _ = OutboxMessage.objects.filter(pk__in=ids).delete()
    return forgotten
