"""What an MSP may change of itself."""

from collections.abc import Mapping

from django.db import transaction

from msc.access.models import Msp, User
from msc.access.permits import require
from msc.errors import DomainError
from msc.events import log
from msc.events.conflicts import refuse_stale

LABELS = {
    "time_zone": "Time zone",
    "address": "Address",
    "phone": "Phone number",
    "quota_warning_percent": "Quota warning at (%)",
    "quota_critical_percent": "Quota critical at (%)",
}
#: How to reach an MSP is its own business: these stand in the part of the event that support staff cannot read.
PRIVATE = {"Address", "Phone number"}


@transaction.atomic
def change_settings(*, by: User, version: int, values: Mapping[str, object]) -> Msp:
    """Change zone, address, phone and thresholds of the actor's MSP; `values` has one entry per name in LABELS."""
    require(by, "settings.edit")
    msp = Msp.objects.for_user(by).select_for_update(no_key=True).get()
    refuse_stale(msp, version)
    before = {label: getattr(msp, name) for name, label in LABELS.items()}
    after = {label: values[name] for name, label in LABELS.items()}
    for name in LABELS:
        setattr(msp, name, values[name])
    if msp.quota_warning_percent >= msp.quota_critical_percent:
        raise DomainError("The warning must come before the critical alert.", field="quota_warning_percent")
    msp.version += 1
    msp.save(update_fields=[*LABELS, "version"])
    changes = log.changed(before, after)
    log.record(
        by=by,
        action="msp.edited",
        on=msp,
        label=msp.name,
        changes={label: pair for label, pair in changes.items() if label not in PRIVATE},
        private={label: pair for label, pair in changes.items() if label in PRIVATE},
    )
    return msp
