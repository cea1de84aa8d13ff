"""What moves a product from state to state. `states` is the law; a trigger of the database holds to the same table."""

from datetime import date, datetime, timedelta

from django.db import transaction
from django.utils import timezone

from msc.access.actors import Actor
from msc.errors import DomainError
from msc.pages.when import absolute
from tenants import emails, ground
from tenants.models import Tenant
from tenants.rules import GRACE_DAYS, GRACE_MOST_DAYS
from tenants.states import ACTIVATE, CANCEL_DELETION, DELETE, MOVES, MOVES_OF_TASKS, SUSPEND, Action, TenantState

BUSY = {
    TenantState.CREATING: "is still being created",
    TenantState.UPDATING: "is being updated",
    TenantState.READY: "is not suspended",
    TenantState.SUSPENDED: "is suspended",
    TenantState.DELETING: "is being deleted",
    TenantState.DELETED: "has been deleted",
}
WHAT_TO_DO = {
    TenantState.CREATING: "Try again in a moment.",
    TenantState.UPDATING: "Try again in a moment.",
    TenantState.SUSPENDED: "Activate it first.",
    TenantState.DELETING: "Cancel the deletion first.",
}


@transaction.atomic
def suspend_tenant(*, by: Actor, tenant: Tenant) -> Tenant:
    """Stop console access and the ingest of new runs; data stays and is billed."""
    tenant = begin(by=by, tenant=tenant, action=SUSPEND)
    changes = move(tenant, TenantState.SUSPENDED)
    emails.tenant_suspended(tenant, ground.tenant_admins(tenant), by)
    ground.finish(tenant, by=by, action="tenant.suspended", changes=changes)
    return tenant


@transaction.atomic
def activate_tenant(*, by: Actor, tenant: Tenant) -> Tenant:
    """Reverse a suspension."""
    tenant = begin(by=by, tenant=tenant, action=ACTIVATE)
    changes = move(tenant, TenantState.READY)
    emails.tenant_activated(tenant, ground.tenant_admins(tenant), by)
    ground.finish(tenant, by=by, action="tenant.activated", changes=changes)
    return tenant


@transaction.atomic
def delete_tenant(
    *, by: Actor, tenant: Tenant, typed_name: str = "", delete_on: date | None = None, now: datetime | None = None
) -> Tenant:
    """Begin to delete the product: it is purged on the delete date, by default in seven days, unless cancelled.

    Where backups have run, the product's name must have been typed. Only a product without data may go today.
    """
    tenant = begin(by=by, tenant=tenant, action=DELETE)
    today = tenant.customer.msp.today(now)
    _require_name(tenant, typed_name)
    tenant.delete_on = _lawful_delete_date(tenant, delete_on, today)
    tenant.state_before_deleting = tenant.state
    changes = move(tenant, TenantState.DELETING) | {"Delete date": (None, tenant.delete_on)}
    emails.deletion_started(tenant, ground.tenant_admins(tenant), by)
    ground.finish(tenant, by=by, action="tenant.deletion_started", changes=changes)
    return tenant


@transaction.atomic
def cancel_deletion(*, by: Actor, tenant: Tenant) -> Tenant:
    """Bring the product back to the state in which it was before its deletion began."""
    tenant = begin(by=by, tenant=tenant, action=CANCEL_DELETION)
    delete_on, before = tenant.delete_on, tenant.state_before_deleting
    tenant.delete_on, tenant.state_before_deleting = None, ""
    changes = move(tenant, before) | {"Delete date": (delete_on, None)}
    emails.deletion_cancelled(tenant, ground.tenant_admins(tenant), by)
    ground.finish(tenant, by=by, action="tenant.deletion_cancelled", changes=changes)
    return tenant


@transaction.atomic
def finish_applying(*, by: Actor, tenant: Tenant) -> None:
    """Make a created or updated product ready, after the provisioner has done its part."""
    tenant = ground.locked_tenant(tenant)
    if (tenant.state, TenantState.READY) in MOVES_OF_TASKS:
        tenant.apply_attempts, tenant.apply_after = 0, None
        changes = _settle(tenant, TenantState.READY)
        ground.finish(tenant, by=by, action="tenant.provisioned", changes=changes)


@transaction.atomic
def purge_tenant(*, by: Actor, tenant: Tenant, now: datetime) -> bool:
    """Purge a product whose delete date has come in its MSP's time zone; tell whether it was purged."""
    tenant = ground.locked_tenant(tenant)
    if not is_due_for_purge(tenant, now):
        return False
    tenant.deleted_at = now
    tenant.workloads.all().delete()
    changes = _settle(tenant, TenantState.DELETED)
    ground.finish(tenant, by=by, action="tenant.deleted", changes=changes)
    return True


def is_due_for_purge(tenant: Tenant, now: datetime) -> bool:
    """Tell whether the delete date has come where the MSP is."""
    return (
        tenant.state == TenantState.DELETING
        and tenant.delete_on is not None
        and tenant.delete_on <= tenant.customer.msp.today(now)
    )


def begin(*, by: Actor, tenant: Tenant, action: Action) -> Tenant:
    """Return the product, locked, when the person may do this to it and its state allows it."""
    if not (action.for_support and by.actor_kind == "support"):
        ground.permit(by, action.needs, tenant.customer_id)
    tenant = ground.locked_tenant(tenant)
    if problem := refusal(tenant, action):
        raise problem
    return tenant


def refusal(tenant: Tenant, action: Action) -> DomainError | None:
    """Return why the action is not open to the product as it stands, or None when it is."""
    product = tenant.get_product_display()
    if tenant.is_sandbox and not action.for_sandbox:
        return DomainError("A product of the sandbox customer cannot be suspended, activated or deleted.")
    if tenant.state in action.from_states:
        return None
    if action is CANCEL_DELETION and tenant.state != TenantState.DELETED:
        return DomainError(f"{product} is not being deleted: there is nothing to cancel.")
    state = TenantState(tenant.state)
    return DomainError(f"{product} {BUSY[state]}. {_advice(action, state)}".rstrip())


def move(tenant: Tenant, state: str) -> dict[str, tuple[object, object]]:
    """Save what a person decided: the new state with everything that was set beside it."""
    tenant.version += 1
    return _settle(tenant, state)


def _settle(tenant: Tenant, state: str) -> dict[str, tuple[object, object]]:
    if state not in MOVES[tenant.state]:
        raise ValueError(f"{tenant.state} does not move to {state}")
    before = tenant.get_state_display()
    tenant.state, tenant.state_since = state, timezone.now()
    tenant.save()
    return {"Status": (before, tenant.get_state_display())}


def _advice(action: Action, state: TenantState) -> str:
    if action is SUSPEND and state is TenantState.SUSPENDED:
        return ""
    return WHAT_TO_DO.get(state, "")


def _require_name(tenant: Tenant, typed: str) -> None:
    product = tenant.get_product_display()
    if asks_for_name(tenant) and " ".join(typed.split()).casefold() != product.casefold():
        raise DomainError(f"Type {product} to confirm: backups of it exist.", field="typed_name")


def asks_for_name(tenant: Tenant) -> bool:
    """Tell whether deleting asks for the product's name: when backups have run."""
    return tenant.runs.filter(msp=tenant.msp_id).exists()


def has_data(tenant: Tenant) -> bool:
    """Return whether anything was reported for the product: runs, usage or data sources."""
    kinds = (tenant.runs, tenant.usage_records, tenant.data_sources)
    return any(rows.filter(msp=tenant.msp_id).exists() for rows in kinds)


def usual_delete_date(tenant: Tenant) -> date:
    """Return the delete date when nobody says otherwise."""
    return tenant.customer.msp.today() + timedelta(days=GRACE_DAYS)


def _lawful_delete_date(tenant: Tenant, wanted: date | None, today: date) -> date:
    if wanted is None:
        return today + timedelta(days=GRACE_DAYS)
    latest = today + timedelta(days=GRACE_MOST_DAYS)
    if wanted == today and has_data(tenant):
        raise DomainError(
            "This product has data, so that its deletion can be cancelled for a day at least. Choose a date after today.",
            field="delete_on",
        )
    if not today <= wanted <= latest:
        raise DomainError(f"Choose a date from today to {absolute(latest)}.", field="delete_on")
    return wanted
