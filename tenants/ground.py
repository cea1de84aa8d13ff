"""What every change of a product begins and ends with: who may, which row is locked, what is recounted."""

from collections.abc import Collection, Mapping

from django.core.exceptions import PermissionDenied
from django.db import connection

from customers.models import Customer
from customers.services import public_label
from msc.access.actors import Actor
from msc.access.models import User
from msc.access.permits import require
from msc.access.roles import Role
from msc.errors import DomainError
from msc.events import log
from msc.events.log import Changes
from serviceplans.catalogue import Product, Workload
from serviceplans.models import OfferedRegion, ServicePlan
from tenants import quotas, summaries
from tenants.models import Tenant
from tenants.quota_changes import plain, terms_of, words_of
from tenants.rules import PlanTerms, Quota, Standing, Users

OTHER_QUOTAS = "Other Quotas"
DELETED_MEANWHILE = "This customer has been deleted in the meantime."


def permit(by: Actor, permission: str, customer_id: int) -> None:
    """Refuse a person whose role does not hold the permission or who may not see the customer."""
    require(by, permission)
    if isinstance(by, User) and not Customer.objects.for_user(by).filter(pk=customer_id).exists():
        if Customer.objects.filter(msp=by.msp_id, pk=customer_id, deleted_at__isnull=False).exists():
            raise DomainError(DELETED_MEANWHILE)
        raise PermissionDenied(permission)


def locked_customer(customer: Customer) -> Customer:
    """Return the customer as it stands, locked against deletion until the transaction ends."""
    found = Customer.objects.select_for_update(of=("self",), no_key=True).select_related("msp").get(pk=customer.pk)
    if found.deleted_at:
        raise DomainError(DELETED_MEANWHILE)
    return found


def locked_tenant(tenant: Tenant) -> Tenant:
    """Return the product as it stands, locked against other changes until the transaction ends.

    The lock is asked for without a join: a row that waited for it is looked at again, but what it is joined to is not,
    so a product whose plan was changed meanwhile would be found no more.
    """
    Tenant.objects.select_for_update(no_key=True).get(pk=tenant.pk)
    return Tenant.objects.select_related("customer__msp", "customer__identity", "service_plan").get(pk=tenant.pk)


def finish(
    tenant: Tenant, *, by: Actor, action: str, changes: Changes, detail: Mapping[str, object] | None = None
) -> None:
    """Recount the customer's summary and write the event, which ends every change."""
    summaries.refresh([tenant.customer_id])
    log.record(
        by=by,
        action=action,
        on=tenant,
        label=label_of(tenant),
        private_label=f"{tenant.get_product_display()} of {tenant.customer.identity.name}",
        customer_id=tenant.customer_id,
        changes=changes,
        detail=detail,
        msp_id=tenant.msp_id,
    )


def label_of(tenant: Tenant) -> str:
    """Name the product as everybody may know it, the vendor included."""
    return f"{tenant.get_product_display()} of {public_label(tenant.customer)}"


def tenant_admins(tenant: Tenant) -> list[User]:
    """Return the active tenant administrators of the product's customer."""
    people = User.objects.filter(assignments__customer=tenant.customer_id, is_active=True, role=Role.TENANT_ADMIN)
    return list(people.order_by("pk"))


def plan_terms(plan: ServicePlan, product: str) -> PlanTerms | None:
    """Return what the plan says of the product, or None when it does not cover it or was deleted."""
    part = plan.products.filter(product=product, plan__deleted_at=None).first()
    return PlanTerms(part.edition, frozenset(part.workloads)) if part else None


def locked_plan_terms(plan: ServicePlan, product: str) -> PlanTerms | None:
    """Return the same, and keep the plan as it is until the transaction ends; others may be put under it meanwhile."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT FROM serviceplans_serviceplan WHERE id = %s FOR SHARE", [plan.pk])
    return plan_terms(plan, product)


def offered_regions(msp_id: int, product: str) -> frozenset[int]:
    """Return the ids of the storage regions that the MSP may choose for the product."""
    rows = OfferedRegion.objects.filter(msp=msp_id, product=product)
    return frozenset(rows.values_list("region_id", flat=True))


def current_quota(tenant: Tenant) -> Quota | None:
    """Return the terms of the product's current quota."""
    period = quotas.current(tenant.quota_periods.filter(replaced_at=None), tenant.customer.msp.today())
    return terms_of(period) if period else None


def users_of(tenant: Tenant) -> dict[str, Users]:
    """Return the user counts of each workload that has any."""
    return {row.workload: Users(row.user_count, row.preserved_user_count) for row in tenant.workloads.all()}


def standing_of(tenant: Tenant) -> Standing:
    """Return what already holds for the product, as the rules ask for it."""
    return Standing(
        tenant_type=tenant.tenant_type,
        license_expiry=tenant.license_expiry,
        created_on=tenant.created_on,
        term_started_on=tenant.term_started_on,
        region_ids=frozenset(tenant.regions.values_list("region_id", flat=True)),
    )


def facts_of(tenant: Tenant) -> dict[str, object]:
    """Return what people decide about a product, in the words of the screen, for the event record."""
    today = tenant.customer.msp.today()
    periods = list(tenant.quota_periods.filter(replaced_at=None))
    current = quotas.current(periods, today)
    return {
        "Service Plan": tenant.service_plan.name,
        "Tenant Type": tenant.get_tenant_type_display(),
        "License Expiry Date": tenant.license_expiry,
        "Storage Regions": sorted(str(row.region) for row in tenant.regions.select_related("region")),
        **quota_facts(terms_of(current) if current else None),
        OTHER_QUOTAS: [words_of(terms_of(period)) for period in quotas.others(periods, today)] or None,
        **user_facts(users_of(tenant)),
    }


def quota_facts(quota: Quota | None) -> dict[str, object]:
    """Return a quota in the words of the screen."""
    return {
        "Quota (CU)": plain(quota.amount) if quota else None,
        "Quota Effective Date": quota.effective_on if quota else None,
        "Quota End Date": quota.end_on if quota else None,
    }


def user_facts(users: Mapping[str, Users]) -> dict[str, object]:
    """Return user counts in the words of the screen."""
    words: dict[str, object] = {}
    for workload, count in sorted(users.items()):
        label = Workload(workload).label
        words |= {f"{label}: User Count": count.active, f"{label}: Preserved User Count": count.preserved}
    return words


def product_names(products: Collection[str]) -> str:
    """Return the products' names as one phrase."""
    return " and ".join(Product(product).label for product in sorted(products))
