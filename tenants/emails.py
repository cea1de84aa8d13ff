"""The e-mails to a customer's tenant administrators about its products; each is one row in the outbox."""

from collections.abc import Iterable, Mapping

from django.conf import settings
from django.urls import reverse

from msc.access.actors import Actor
from msc.access.models import User
from msc.mail import outbox
from tenants.models import Tenant


def tenant_suspended(tenant: Tenant, readers: Iterable[User], by: Actor) -> None:
    """Tell that backups stopped, and that stored data stays and is billed."""
    _tell("tenant.suspended", tenant, readers, {"by": _name_of(by)})


def tenant_activated(tenant: Tenant, readers: Iterable[User], by: Actor) -> None:
    """Tell that backups run again."""
    _tell("tenant.activated", tenant, readers, {"by": _name_of(by)})


def deletion_started(tenant: Tenant, readers: Iterable[User], by: Actor) -> None:
    """Tell until when the deletion can be cancelled."""
    _tell("tenant.deletion_started", tenant, readers, {"by": _name_of(by), "delete_on": tenant.delete_on})


def deletion_cancelled(tenant: Tenant, readers: Iterable[User], by: Actor) -> None:
    """Tell that nothing is deleted."""
    _tell("tenant.deletion_cancelled", tenant, readers, {"by": _name_of(by), "state": tenant.get_state_display()})


def _name_of(by: Actor) -> str:
    if by.actor_kind == "support":
        return f"Support staff of {settings.MSC_VENDOR_NAME}"
    return by.full_name if isinstance(by, User) else by.actor_label


def _tell(kind: str, tenant: Tenant, readers: Iterable[User], facts: Mapping[str, object]) -> None:
    customer = tenant.customer
    address = reverse("tenants:detail", args=[customer.pk, tenant.pk])
    for reader in readers:
        outbox.queue(
            key=f"{kind}:{tenant.pk}:{tenant.version}:{reader.pk}",
            kind=kind,
            to=reader.email,
            template=kind.replace(".", "_"),
            msp_id=tenant.msp_id,
            context={
                **facts,
                "reader": reader.full_name,
                "product": tenant.get_product_display(),
                "customer": customer.identity.name,
                "link": f"{settings.MSC_ORIGIN}{address}",
            },
        )
