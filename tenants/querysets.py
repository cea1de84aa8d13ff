"""Reads of tenants."""

from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any, Self

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Case, F, OuterRef, Q, Subquery, Value, When
from django.db.models.expressions import RawSQL
from django.db.models.functions import Concat, Now

from msc.access.querysets import ScopedQuerySet
from serviceplans.catalogue import EDITION_RANK
from tenants.quotas import current_terms
from tenants.states import TenantState

if TYPE_CHECKING:
    from tenants.models import Tenant  # noqa: F401 - names the row type below

_EDITION_RANK = Case(*(When(edition=edition, then=rank) for edition, rank in EDITION_RANK.items()))


class TenantQuerySet(ScopedQuerySet["Tenant"]):
    """Tenants (products) of customers."""

    def live(self) -> Self:
        """Return the tenants that are not purged; those in Deleting still count."""
        return self.filter(deleted_at=None)

    def for_list(self, today: date) -> Self:
        """Add what a list of products shows and sorts by beyond plain fields; `today` is the MSP's."""
        parts = self._rows("service_plan", "products").filter(
            plan=OuterRef("service_plan"), product=OuterRef("product")
        )
        regions = self._rows("regions").filter(tenant=OuterRef("pk")).order_by("region__provider", "region__name")
        quota = current_terms(today)
        return self.annotate(
            edition=Subquery(parts.values("edition")[:1]),
            edition_rank=Subquery(parts.annotate(rank=_EDITION_RANK).values("rank")[:1]),
            region_ids=ArraySubquery(regions.values("region")),
            region_key=Subquery(regions.values(key=Concat("region__provider", Value(" "), "region__name"))[:1]),
            quota=quota["quota"],
            quota_effective=quota["effective_on"],
            quota_end=quota["end_on"],
        )

    def _rows(self, *path: str) -> Any:  # the rows of whatever model the relations lead to
        model: Any = self.model
        for name in path:
            model = model._meta.get_field(name).related_model
        return model._default_manager.all()

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
