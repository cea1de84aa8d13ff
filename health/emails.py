"""Emails about alerts to the people who subscribed: one per alert, one for many at once, or one a day."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils import timezone

from customers.models import CustomerIdentity
from health.models import Alert, AlertSubscription, DataSource
from health.statuses import Delivery
from msc.access.models import Msp
from msc.mail import outbox

MOST_LISTED = 50
#: More new alerts than this of one evaluation go to a person in one email.
MOST_SINGLE = 5


@dataclass(frozen=True)
class Line:
    """An alert as an email shows it."""

    alert: Alert
    customer: str
    source: str
    organization: str

    @property
    def url(self) -> str:
        """The address of the alert."""
        return settings.MSC_ORIGIN + reverse("health:alert", args=[self.alert.pk])


def alerts_raised(msp: Msp, alerts: Sequence[Alert], now: datetime) -> None:
    """Tell those who want it at once: an email for each alert, or a single one for many.

    The key of an alert's email counts how often the alert was raised: it is sent once each time the alert becomes
    active or crosses its next threshold, also when it had fallen below it meanwhile.
    """
    if not alerts:
        return
    subscribers = subscriptions_of(msp, Delivery.AT_ONCE)
    lines = _lines(msp, alerts) if subscribers else []
    for subscription in subscribers:
        wanted = [line for line in lines if subscription.wants(line.alert)]
        if len(wanted) > MOST_SINGLE:
            wanted.sort(key=lambda line: (-line.alert.severity, line.customer, line.alert.summary, line.alert.pk))
            _queue_list(subscription, f"alerts:{subscription.user_id}:{now.isoformat()}", "alerts_raised", wanted)
            continue
        for line in wanted:
            alert = line.alert
            key = f"alert:{alert.pk}:{alert.count}:{subscription.user_id}"
            _queue(subscription, key, "alert.raised", "alert_raised", {"line": line, "alert": alert})


def send_digests(msp: Msp, now: datetime) -> int:
    """Send each daily subscriber whose hour has come what rose since the last digest; return how many were sent."""
    sent = 0
    for subscription in subscriptions_of(msp, Delivery.DAILY):
        local = now.astimezone(subscription.user.zone)
        due = local.replace(hour=subscription.digest_hour, minute=0, second=0, microsecond=0)
        if due > local:
            due -= timedelta(days=1)
        if subscription.digested_at >= due:
            continue
        sent += _digest(msp, subscription, now, f"alert-digest:{subscription.user_id}:{due:%Y-%m-%d}")
        AlertSubscription.objects.filter(pk=subscription.pk).update(digested_at=now)
    return sent


def _digest(msp: Msp, subscription: AlertSubscription, now: datetime, key: str) -> bool:
    since = Alert.objects.for_msp(msp.pk).filter(raised_at__gt=subscription.digested_at, raised_at__lte=now)
    wanted = [alert for alert in since.order_by("-severity", "-raised_at", "pk") if subscription.wants(alert)]
    if wanted:
        _queue_list(subscription, key, "alert_digest", _lines(msp, wanted))
    return bool(wanted)


def _queue_list(subscription: AlertSubscription, key: str, template: str, lines: Sequence[Line]) -> None:
    """Queue one email about many alerts; the first of them are listed."""
    context = {
        "lines": lines[:MOST_LISTED],
        "number": len(lines),
        "resolved": sum(line.alert.resolved_at is not None for line in lines),
        "more": max(0, len(lines) - MOST_LISTED),
    }
    _queue(subscription, key, "alert.digest" if template == "alert_digest" else "alert.raised", template, context)


def _queue(subscription: AlertSubscription, key: str, kind: str, template: str, context: dict[str, Any]) -> None:
    """Queue an email to the subscriber, with times in their zone."""
    person = subscription.user
    with timezone.override(person.zone):
        outbox.queue(
            key=key,
            kind=kind,
            to=person.email,
            template=template,
            context={"person": person, "alerts_url": settings.MSC_ORIGIN + reverse("health:alerts"), **context},
            msp_id=subscription.msp_id,
        )


def subscriptions_of(msp: Msp, delivery: str) -> list[AlertSubscription]:
    """Return the subscriptions of people who may still have them."""
    found = AlertSubscription.objects.for_msp(msp.pk).filter(delivery=delivery).select_related("user", "user__msp")
    return [one for one in found.order_by("pk") if one.user.can("alert.subscribe")]


def _lines(msp: Msp, alerts: Collection[Alert]) -> list[Line]:
    """Return the alerts with the names of their customers and data sources."""
    customers = {alert.customer_id for alert in alerts if alert.customer_id is not None}
    names = dict(CustomerIdentity.objects.filter(customer__in=customers).values_list("customer_id", "name"))
    ids = {alert.data_source_id for alert in alerts if alert.data_source_id}
    sources = DataSource.objects.for_msp(msp.pk).in_bulk(ids)
    lines = []
    for alert in alerts:
        source = sources.get(alert.data_source_id or 0)
        customer = names.get(alert.customer_id or 0, "")
        lines.append(Line(alert, customer, source.name if source else "", source.organization if source else ""))
    return lines
