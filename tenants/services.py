"""Adding and editing products. What moves a product from state to state is in `transitions`."""

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import date, datetime

from django.db import transaction
from django.utils import timezone

from customers.models import Customer
from msc.access.actors import Actor
from msc.errors import DomainError
from msc.events import log
from msc.events.conflicts import refuse_stale
from msc.events.log import Changes
from serviceplans.catalogue import Product
from serviceplans.models import OfferedProduct, ServicePlan, StorageRegion
from tenants import ground, quota_changes, rules
from tenants.models import QuotaPeriod, Tenant, TenantRegion, TenantWorkload
from tenants.removal import delete_customer, deletion_refusal
from tenants.rules import Choice, Place, Quota, Standing, Users
from tenants.states import EDIT, TenantState, TenantType
from tenants.transitions import begin, move

__all__ = ["add_sandbox_tenant", "add_tenant", "delete_customer", "deletion_refusal", "edit_tenant"]

NO_USERS: Mapping[str, Users] = {}
NO_ANSWERS: Mapping[int, str] = {}
#: What the portal alone knows: a change of it does not go through the provisioner.
PORTALS_OWN = {"License Expiry Date", *ground.quota_facts(None), ground.OTHER_QUOTAS}


@transaction.atomic
def add_tenant(
    *,
    by: Actor,
    customer: Customer,
    product: str,
    plan: ServicePlan,
    tenant_type: str,
    license_expiry: date | None,
    regions: Collection[StorageRegion],
    quota: Quota | None = None,
    users: Mapping[str, Users] = NO_USERS,
    now: datetime | None = None,
) -> Tenant:
    """Give the customer a product; the provisioner makes it ready within moments."""
    ground.permit(by, "tenant.add", customer.pk)
    choice = Choice(product, None, tenant_type, license_expiry, regions, quota, dict(users))
    return _add(by=by, customer=customer, plan=plan, choice=choice, now=now or timezone.now())


@transaction.atomic
def add_sandbox_tenant(
    *, by: Actor, customer: Customer, plan: ServicePlan, product: str, region: StorageRegion
) -> Tenant:
    """Give the sandbox customer a product of its own type, which has no expiry; support staff open MSPs with it."""
    if not customer.is_sandbox:
        raise DomainError("Sandbox is for the sandbox customer only.")
    choice = Choice(product, None, TenantType.SANDBOX, None, [region])
    return _add(by=by, customer=customer, plan=plan, choice=choice, now=timezone.now())


def _add(*, by: Actor, customer: Customer, plan: ServicePlan, choice: Choice, now: datetime) -> Tenant:
    customer = ground.locked_customer(customer)
    _require_room(customer, choice.product)
    today = customer.msp.today(now)
    choice = replace(choice, plan=ground.locked_plan_terms(plan, choice.product))
    _require(choice, None, customer, today)
    tenant = Tenant.objects.create(
        msp_id=customer.msp_id,
        customer=customer,
        product=choice.product,
        service_plan=plan,
        tenant_type=choice.tenant_type,
        license_expiry=choice.license_expiry,
        term_started_on=today,
        created_at=now,
        created_on=today,
    )
    _store_parts(tenant, choice, NO_ANSWERS, today)
    ground.finish(tenant, by=by, action="tenant.added", changes=log.changed({}, ground.facts_of(tenant)))
    return tenant


@transaction.atomic
def edit_tenant(
    *,
    by: Actor,
    tenant: Tenant,
    version: int,
    plan: ServicePlan,
    tenant_type: str,
    license_expiry: date | None,
    regions: Collection[StorageRegion],
    quota: Quota | None,
    users: Mapping[str, Users] = NO_USERS,
    periods: Mapping[int, str] = NO_ANSWERS,
    now: datetime | None = None,
) -> Tenant:
    """Change what was decided about a product; what the backup service must know goes through the provisioner.

    `periods` answers, by id, what becomes of each earlier quota that the new one overlaps or that is to be removed.
    """
    tenant = begin(by=by, tenant=tenant, action=EDIT)
    refuse_stale(tenant, version)
    today = tenant.customer.msp.today(now)
    standing, before = ground.standing_of(tenant), ground.facts_of(tenant)
    terms = ground.locked_plan_terms(plan, tenant.product)
    choice = Choice(tenant.product, terms, tenant_type, license_expiry, regions, quota, dict(users))
    _require(choice, standing, tenant.customer, today)
    tenant.service_plan, tenant.tenant_type, tenant.license_expiry = plan, tenant_type, license_expiry
    tenant.term_started_on = rules.term_start(choice, standing, today)
    _store_parts(tenant, choice, periods, today)
    changes = log.changed(before, ground.facts_of(tenant))
    if changes:
        _save_edit(tenant, changes)
        ground.finish(tenant, by=by, action="tenant.edited", changes=changes)
    return tenant


def _save_edit(tenant: Tenant, changes: Changes) -> None:
    if set(changes) <= PORTALS_OWN:
        tenant.version += 1
        tenant.save()
    else:
        move(tenant, TenantState.UPDATING)


def _require_room(customer: Customer, product: str) -> None:
    label = Product(product).label
    if not OfferedProduct.objects.filter(msp=customer.msp_id, product=product).exists():
        raise DomainError(f"{label} is not offered to you.")
    if Tenant.objects.live().filter(customer=customer, product=product).exists():
        raise DomainError(f"This customer already has {label}. Edit the product that is there.")


def _require(choice: Choice, standing: Standing | None, customer: Customer, today: date) -> None:
    offered = ground.offered_regions(customer.msp_id, choice.product)
    for problem in rules.problems(choice, standing, offered=offered, is_sandbox=customer.is_sandbox, today=today):
        raise problem


def _store_parts(tenant: Tenant, choice: Choice, periods: Mapping[int, str], today: date) -> None:
    _add_regions(tenant, choice.regions)
    _set_quota(tenant, choice.quota, periods, today)
    _set_users(tenant, choice.users)


def _add_regions(tenant: Tenant, regions: Collection[Place]) -> None:
    kept = set(tenant.regions.values_list("region_id", flat=True))
    TenantRegion.objects.bulk_create(
        TenantRegion(msp_id=tenant.msp_id, tenant=tenant, region_id=region.pk)
        for region in regions
        if region.pk not in kept
    )


def _set_quota(tenant: Tenant, quota: Quota | None, periods: Mapping[int, str], today: date) -> None:
    """Grant the quota, or none; what was granted before and is ended, replaced or removed stays as history."""
    change = quota_changes.change(quota, tenant.quota_periods.filter(replaced_at=None), periods, today)
    tenant.quota_periods.filter(pk__in=change.replaced).update(replaced_at=timezone.now())
    QuotaPeriod.objects.bulk_create(
        QuotaPeriod(
            msp_id=tenant.msp_id,
            tenant=tenant,
            quota=granted.amount,
            effective_on=granted.effective_on,
            end_on=granted.end_on,
        )
        for granted in change.granted
    )


def _set_users(tenant: Tenant, users: Mapping[str, Users]) -> None:
    for workload, count in users.items():
        TenantWorkload.objects.update_or_create(
            tenant=tenant,
            workload=workload,
            defaults={"user_count": count.active, "preserved_user_count": count.preserved},
            create_defaults={
                "msp_id": tenant.msp_id,
                "user_count": count.active,
                "preserved_user_count": count.preserved,
            },
        )
