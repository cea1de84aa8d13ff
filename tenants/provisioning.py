"""Who makes real what was decided about a product, as a setting names them.

`MSC_PROVISIONER` is the dotted path of a callable that takes a `Tenant` and returns when the backup service knows of
it. It is called again, later and later, when it raises; so it must bear being called twice for the same tenant.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import cache

from django.conf import settings
from django.utils.module_loading import import_string

from tenants.models import Tenant
from tenants.states import TenantState

Provisioner = Callable[[Tenant], None]

#: States in which the portal's own ingest takes the tenant's data.
ACCEPTING = (TenantState.READY, TenantState.UPDATING)
FIRST_RETRY, LONGEST_RETRY = timedelta(seconds=10), timedelta(minutes=30)


class ProvisionerError(Exception):
    """The backup service could not be told; it will be tried again."""


def own_ingest(tenant: Tenant) -> None:
    """Do nothing: the portal's own ingest asks the tenant's state and accepts data from the moment it is Ready."""


@cache
def provisioner() -> Provisioner:
    """Return the provisioner of this installation."""
    found: Provisioner = import_string(settings.MSC_PROVISIONER)
    return found


def retry_at(attempts: int, now: datetime) -> datetime:
    """Return when to try again after so many failures: twice as long each time."""
    return now + min(FIRST_RETRY * (1 << min(attempts, 20)), LONGEST_RETRY)
