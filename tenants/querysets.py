"""Reads of tenants."""

from typing import TYPE_CHECKING, Self

from msc.access.querysets import ScopedQuerySet

if TYPE_CHECKING:
    from tenants.models import Tenant  # noqa: F401 - names the row type below


class TenantQuerySet(ScopedQuerySet["Tenant"]):
    """Tenants (products) of customers."""

    def live(self) -> Self:
        """Return the tenants that are not purged; those in Deleting still count."""
        return self.filter(deleted_at=None)
