"""Reads of tenants."""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Self

from django.db.models import F, Q
from django.db.models.expressions import RawSQL
from django.db.models.functions import Now

from msc.access.querysets import ScopedQuerySet
from tenants.states import TenantState

if TYPE_CHECKING:
    from tenants.models import Tenant  # noqa: F401 - names the row type below


class TenantQuerySet(ScopedQuerySet["Tenant"]):
    """Tenants (products) of customers."""

    def live(self) -> Self:
        """Return the tenants that are not purged; those in Deleting still count."""
        return self.filter(deleted_at=None)

    def awaiting_provisioner(self) -> Self:
        """Return the tenants whose change the provisioner should make real now, the longest waiting first."""
        waiting = self.filter(state__in=[TenantState.CREATING, TenantState.UPDATING])
        return waiting.filter(Q(apply_after=None) | Q(apply_after__lte=Now())).order_by("state_since", "pk")

    def due_for_purge(self, now: datetime) -> Self:
        """Return the tenants whose delete date has come in the time zone of their MSP."""
        # No zone is further ahead of UTC than a day; the index serves this, the exact comparison follows.
        near = self.filter(state=TenantState.DELETING, delete_on__lte=(now + timedelta(days=1)).date())
        today = RawSQL("(%s::timestamptz AT TIME ZONE access_msp.time_zone)::date", [now])
        return near.annotate(zone=F("msp__time_zone")).filter(delete_on__lte=today).order_by("delete_on", "pk")
