"""Reads of runs, usage, data sources and alerts."""

from typing import TYPE_CHECKING, Any, Self

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Count, Exists, OuterRef, Q
from django.db.models.functions import JSONObject

from health.statuses import AlertState
from msc.access.querysets import ScopedQuerySet

if TYPE_CHECKING:
    from health.models import Alert, DataSource, Run, UsageRecord  # noqa: F401 - names the row types below


class DataSourceQuerySet(ScopedQuerySet["DataSource"]):
    """Data sources of tenants."""

    def of_customer(self, customer_id: int) -> Self:
        """Return the sources of one customer."""
        return self.filter(customer_id=customer_id)


class RunQuerySet(ScopedQuerySet["Run"]):
    """Runs of backup and restore jobs."""


class UsageQuerySet(ScopedQuerySet["UsageRecord"]):
    """Usage records of tenants."""

    def counted(self) -> Self:
        """Return the records that the sums count: derived ones only for days without a reported one."""
        reported = self.model._default_manager.filter(
            msp=OuterRef("msp"), tenant=OuterRef("tenant"), day=OuterRef("day"), is_derived=False
        )
        return self.filter(Q(is_derived=False) | ~Exists(reported))


class AlertQuerySet(ScopedQuerySet["Alert"]):
    """Alerts, active and resolved."""

    def as_facts(self) -> ArraySubquery:
        """Return a subquery that gathers what a panel tells of the alerts, so that they come with their product."""
        fields = ("id", "severity", "type", "summary", "message", "first_seen", "raised_at")
        return ArraySubquery(
            self.order_by("-severity", "-raised_at", "pk").values(fact=JSONObject(**{f: f for f in fields}))
        )

    def active(self) -> Self:
        """Return the alerts whose condition holds."""
        return self.filter(state=AlertState.ACTIVE)

    def of_named_customers(self) -> Self:
        """Return the alerts of customers that are there; of a deleted one nothing but a tombstone is known."""
        return self.filter(customer__identity__isnull=False)

    def number_of_named_customers(self) -> int:
        """Count the alerts of customers that are there without joining those: all, less those of the few deleted ones."""
        customers: Any = self.model._meta.get_field("customer").related_model
        deleted = Q(customer__in=customers.objects.filter(deleted_at__isnull=False).values("pk"))
        found: dict[str, int] = self.aggregate(all=Count("customer"), deleted=Count("customer", filter=deleted))
        return found["all"] - found["deleted"]
