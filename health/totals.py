"""What facts add up to: a tenant's days, and from these its months and the days of the whole MSP.

The rollup counts `TenantDay`. Beside it the database keeps the other two (migration 0008), in the same transaction.
"""

from datetime import date
from typing import ClassVar

from django.db import models

from msc.access.models import Msp
from msc.access.querysets import ScopedQuerySet
from tenants.models import Tenant


class TenantDay(models.Model):
    """What a tenant's runs and usage of one day add up to; kept for ever. No `cu` means that nobody reported usage."""

    msp = models.ForeignKey(Msp, on_delete=models.PROTECT, related_name="+", db_index=False)
    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="days", db_index=False)
    day = models.DateField()
    successful = models.PositiveIntegerField(default=0)
    with_errors = models.PositiveIntegerField(default=0)
    failed = models.PositiveIntegerField(default=0)
    cancelled = models.PositiveIntegerField(default=0)
    restores = models.PositiveIntegerField(default=0)
    restores_failed = models.PositiveIntegerField(default=0)
    sent_bytes = models.DecimalField(max_digits=24, decimal_places=0, default=0)
    cu = models.DecimalField("CU", max_digits=18, decimal_places=6, null=True)

    objects = ScopedQuerySet.as_manager()
    scope_msp = "msp"
    scope_customer = "tenant__customer"

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["msp", "tenant", "day"], name="one_row_per_tenant_and_day")
        ]
        indexes: ClassVar = [models.Index(fields=["msp", "day"], name="tenant_day_by_day")]

    def __str__(self) -> str:
        return f"tenant {self.tenant_id} on {self.day}"


class TenantMonth(models.Model):
    """The usage that is known of a tenant in one month; `days` has a bit for each day known, the lowest for the first."""

    msp = models.ForeignKey(Msp, on_delete=models.PROTECT, related_name="+", db_index=False)
    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="months", db_index=False)
    month = models.DateField()
    cu = models.DecimalField("CU", max_digits=18, decimal_places=6)
    days = models.PositiveIntegerField()

    objects = ScopedQuerySet.as_manager()
    scope_msp = "msp"
    scope_customer = "tenant__customer"

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["msp", "tenant", "month"], name="one_row_per_tenant_and_month")
        ]
        indexes: ClassVar = [models.Index(fields=["msp", "month", "cu"], name="tenant_month_by_cu")]

    def __str__(self) -> str:
        return f"tenant {self.tenant_id} in {self.month:%Y-%m}"


class MspDay(models.Model):
    """The usage of all tenants of an MSP on one day, and of how many tenants it is known."""

    msp = models.ForeignKey(Msp, on_delete=models.PROTECT, related_name="+", db_index=False)
    day = models.DateField()
    cu = models.DecimalField("CU", max_digits=24, decimal_places=6)
    tenants = models.IntegerField()

    objects = ScopedQuerySet.as_manager()
    scope_msp = "msp"
    scope_customer = None

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["msp", "day"], name="one_row_per_msp_and_day")]

    def __str__(self) -> str:
        return f"MSP {self.msp_id} on {self.day}"


def bits_of(first: date, last: date) -> int:
    """Return the bits that `TenantMonth.days` has for these days of one month; none when the last lies before."""
    return 0 if last < first else (1 << last.day) - (1 << first.day - 1)
