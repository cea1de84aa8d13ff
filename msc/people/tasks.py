"""What sign-in leaves behind, tidied away; running twice does no harm."""

from allauth.usersessions.models import UserSession
from celery import shared_task
from django.contrib.sessions.models import Session
from django.db import connections
from django.utils import timezone

from msc.access import scope
from msc.access.models import Msp


@shared_task
def forget() -> None:
    """Delete sessions that have expired, what is listed of them, and counters of rate limits that no longer count."""
    with scope.entered("worker"):
        Session.objects.filter(expire_date__lte=timezone.now()).delete()
        msps = list(Msp.objects.order_by("pk").values_list("pk", flat=True))
    for msp in msps:
        with scope.entered("worker", msp=msp):
            UserSession.objects.exclude(session_key__in=Session.objects.values("session_key")).delete()
    with connections["cache"].cursor() as cursor:
        cursor.execute("DELETE FROM msc_cache WHERE expires < %s", [timezone.now()])
