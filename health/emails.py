"""E-mails about alerts to those who subscribed: one per alert that rises, or one a day. They go to the MSP's people."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from django.conf import settings
from django.urls import reverse

from customers.models import CustomerIdentity
from health.models import Alert, AlertSubscription
from health.statuses import Delivery
from msc.access.models import Msp
from msc.mail import outbox

MOST_LISTED = 50


def alerts_raised(msp: Msp, alerts: Sequence[Alert]) -> None:
    """Tell those who want it at once; the key holds alert and threshold, so a repeat tells nobody anything."""
    if not alerts:
        return
    subscribers = subscriptions_of(msp, Delivery.AT_ONCE)
    names = _names(alerts) if subscribers else {}
    for subscription in subscribers:
        for alert in alerts:
            if subscription.wants(alert):
                outbox.queue(
                    key=f"alert:{alert.pk}:{alert.threshold}:{subscription.user_id}",
                    kind="alert.raised",
                    to=subscription.user.email,
                    template="alert_raised",
                    context={
                        "person": subscription.user,
                        "alert": alert,
                        "customer_name": names.get(alert.customer_id or 0, ""),
                        "url": _url(alert),
                        "alerts_url": settings.MSC_ORIGIN + "/alerts/",
                    },
                    msp_id=msp.pk,
                )


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
    if not wanted:
        return False
    names = _names(wanted)
    lines = [(alert, names.get(alert.customer_id or 0, "")) for alert in wanted[:MOST_LISTED]]
    outbox.queue(
        key=key,
        kind="alert.digest",
        to=subscription.user.email,
        template="alert_digest",
        context={
            "person": subscription.user,
            "lines": lines,
            "number": len(wanted),
            "more": len(wanted) - len(lines),
            "alerts_url": settings.MSC_ORIGIN + "/alerts/",
        },
        msp_id=msp.pk,
    )
    return True


def subscriptions_of(msp: Msp, delivery: str) -> list[AlertSubscription]:
    """Return the subscriptions of people who may still have them."""
    found = AlertSubscription.objects.for_msp(msp.pk).filter(delivery=delivery).select_related("user", "user__msp")
    return [one for one in found.order_by("pk") if one.user.can("alert.subscribe")]


def _names(alerts: Collection[Alert]) -> dict[int, str]:
    customers = {alert.customer_id for alert in alerts if alert.customer_id is not None}
    return dict(CustomerIdentity.objects.filter(customer__in=customers).values_list("customer_id", "name"))


def _url(alert: Alert) -> str:
    """Return where somebody sees what is wrong: the customer's page, or all alerts."""
    if alert.customer_id is None:
        return settings.MSC_ORIGIN + "/alerts/"
    return settings.MSC_ORIGIN + reverse("customers:page", args=[alert.customer_id])
