"""Adding and editing products. What moves a product from state to state is in `transitions`."""

from collections.abc import Collection, Mapping
from datetime import date, datetime

from django.db import transaction
from django.utils import timezone

from customers.models import Customer
from msc.access.actors import Actor
from msc.errors import DomainError
from msc.events import log
from serviceplans.catalogue import Product
from serviceplans.models import OfferedProduct, ServicePlan, StorageRegion
from tenants import ground, rules
from tenants.models import QuotaPeriod, Tenant, TenantRegion, TenantWorkload
from tenants.rules import Choice, Quota, Standing, Users
from tenants.states import TenantType

NO_USERS: Mapping[str, Users] = {}


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
    customer = ground.locked_customer(customer)
    _require_room(customer, product)
    today = customer.msp.today(now)
    choice = Choice(product, ground.plan_terms(plan, product), tenant_type, license_expiry, regions, quota, dict(users))
    _require(choice, None, customer, today)
    tenant = Tenant.objects.create(
        msp_id=customer.msp_id,
        customer=customer,
        product=product,
        service_plan=plan,
        tenant_type=tenant_type,
        license_expiry=license_expiry,
        term_started_on=today,
        created_at=now or timezone.now(),
        created_on=today,
    )
    _add_regions(tenant, regions)
    _set_quota(tenant, quota)
    _set_users(tenant, users)
    after = ground.facts_of(tenant, regions, quota, users)
    ground.finish(tenant, by=by, action="tenant.added", changes=log.changed({}, after))
    return tenant


def add_sandbox_tenant(
    *, by: Actor, customer: Customer, plan: ServicePlan, product: str, region: StorageRegion
) -> Tenant:
    """Give the sandbox customer a product of its own type, which has no expiry."""
    return add_tenant(
        by=by,
        customer=customer,
        product=product,
        plan=plan,
        tenant_type=TenantType.SANDBOX,
        license_expiry=None,
        regions=[region],
    )


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


def _add_regions(tenant: Tenant, regions: Collection[StorageRegion]) -> None:
    kept = set(tenant.regions.values_list("region_id", flat=True))
    TenantRegion.objects.bulk_create(
        TenantRegion(msp_id=tenant.msp_id, tenant=tenant, region=region) for region in regions if region.pk not in kept
    )


def _set_quota(tenant: Tenant, quota: Quota | None) -> None:
    """Let the quota hold from now on; periods that it overlaps, or all when it is None, become history."""
    standing = tenant.quota_periods.filter(replaced_at=None)
    if quota is not None:
        standing = standing.filter(effective_on__lte=quota.end_on, end_on__gte=quota.effective_on)
    standing.update(replaced_at=timezone.now())
    if quota is not None:
        QuotaPeriod.objects.create(
            msp_id=tenant.msp_id,
            tenant=tenant,
            quota=quota.amount,
            effective_on=quota.effective_on,
            end_on=quota.end_on,
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
