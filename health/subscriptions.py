"""A person's subscription to alerts."""

from collections.abc import Collection
from typing import Any

from django.db import transaction
from django.utils import timezone

from health.models import AlertSubscription
from health.statuses import AlertType, Delivery, Severity
from msc.access.models import User
from msc.access.permits import require
from msc.events import log

LABELS = {
    "severities": "Severities",
    "types": "Types",
    "delivery": "When",
    "digest_hour": "Hour of the daily digest",
}


@transaction.atomic
def subscribe(
    *, by: User, severities: Collection[int], types: Collection[str], delivery: str, digest_hour: int
) -> AlertSubscription:
    """Choose which alerts the actor gets by e-mail.

    A digest tells what rose since this moment: nobody gets a year of alerts by changing to it.
    """
    require(by, "alert.subscribe")
    if by.msp is None:
        raise ValueError("support staff get no alerts")
    mine, _ = (
        AlertSubscription.objects.for_user(by)
        .select_for_update(no_key=True)
        .get_or_create(user=by, defaults={"msp": by.msp})
    )
    asked = AlertSubscription(
        severities=sorted(severities), types=sorted(types), delivery=delivery, digest_hour=digest_hour
    )
    changes = log.changed(_in_words(mine), _in_words(asked))
    if delivery != mine.delivery:
        mine.digested_at = timezone.now()
    for name in LABELS:
        setattr(mine, name, getattr(asked, name))
    mine.version += 1
    mine.save(update_fields=[*LABELS, "digested_at", "version"])
    if changes:
        log.record(by=by, action="subscription.changed", on=mine, label=by.email, changes=changes)
    return mine


def _in_words(subscription: AlertSubscription) -> dict[str, Any]:
    return {
        "Severities": [Severity(one).label for one in subscription.severities],
        "Types": [AlertType(one).label for one in subscription.types],
        "When": Delivery(subscription.delivery).label,
        "Hour of the daily digest": f"{subscription.digest_hour:02}:00",
    }
