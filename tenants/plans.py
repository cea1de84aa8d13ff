"""Changing a service plan that products stand under: what it touches, what it would put out of rule, and the change."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db import connection, transaction
from django.urls import reverse

from msc.access.actors import Actor
from msc.access.permits import require
from msc.errors import DomainError, Link
from msc.events.conflicts import refuse_stale
from serviceplans import services
from serviceplans.catalogue import Edition, Product, StorageProvider, Workload
from serviceplans.models import ServicePlan
from serviceplans.rules import ProductTerms
from tenants import summaries
from tenants.models import Tenant

LINKS_SHOWN = 10

# Products that somebody else is changing at this moment are passed over: their own change tells the provisioner.
_UPDATING = """
UPDATE tenants_tenant SET state = 'updating', state_since = now()
 WHERE id IN (SELECT id FROM tenants_tenant WHERE service_plan_id = %s AND state = 'ready'
               ORDER BY id FOR NO KEY UPDATE SKIP LOCKED)
"""


@dataclass(frozen=True)
class Broken:
    """A product that the new terms would put out of rule, and why."""

    tenant: Tenant
    reason: str


def under(plan: ServicePlan) -> list[Tenant]:
    """Return the live products under the plan, each with what the rules ask of it."""
    rows = Tenant.objects.live().filter(service_plan=plan).select_related("customer__identity")
    return list(rows.prefetch_related("regions__region", "workloads").order_by("customer__identity__folded_name", "pk"))


def broken_by(tenants: Sequence[Tenant], terms: Sequence[ProductTerms]) -> list[Broken]:
    """Return the products that the terms would put out of rule."""
    by_product = {each.product: each for each in terms}
    found = ((tenant, _reason(tenant, by_product.get(tenant.product))) for tenant in tenants)
    return [Broken(tenant, reason) for tenant, reason in found if reason]


def _reason(tenant: Tenant, terms: ProductTerms | None) -> str:
    if terms is None:
        return f"the plan would not cover {Product(tenant.product).label} any more"
    regions = [row.region for row in tenant.regions.all()]
    if terms.edition == Edition.BUSINESS and len(regions) != 1:
        return f"it has {len(regions)} storage regions, the Business edition has exactly one"
    if tenant.product == Product.HYBRID and all(region.provider != StorageProvider.AWS for region in regions):
        return "it has no AWS region"
    dropped = [
        Workload(row.workload).label
        for row in tenant.workloads.all()
        if (row.user_count or row.preserved_user_count) and row.workload not in terms.workloads
    ]
    return f"it has users of {' and '.join(dropped)}" if dropped else ""


@transaction.atomic
def update_plan(*, by: Actor, plan: ServicePlan, version: int, name: str, terms: Sequence[ProductTerms]) -> ServicePlan:
    """Change a plan and every product under it, unless the change would put one of them out of rule."""
    require(by, "plan.edit")
    plan = _locked(plan)
    refuse_stale(plan, version)
    before = services.terms_of(plan)
    changes_terms = before != sorted(terms, key=lambda each: each.product)
    if changes_terms and (broken := broken_by(under(plan), terms)):
        raise _refusal(plan, broken)
    is_renamed = name != plan.name
    services.update_plan(by=by, plan=plan, name=name, terms=terms)
    if changes_terms:
        with connection.cursor() as cursor:
            cursor.execute(_UPDATING, [plan.pk])
    if changes_terms or is_renamed:
        customers = Tenant.objects.live().filter(service_plan=plan).values_list("customer_id", flat=True)
        summaries.refresh(set(customers))
    return plan


@transaction.atomic
def delete_plan(*, by: Actor, plan: ServicePlan) -> None:
    """Delete a plan that nothing uses."""
    require(by, "plan.edit")
    plan = _locked(plan)
    if problem := deletion_refusal(plan):
        raise problem
    services.delete_plan(by=by, plan=plan)


def deletion_refusal(plan: ServicePlan) -> DomainError | None:
    """Return why the plan cannot be deleted, with the products that stand in the way, or None."""
    if plan.is_default:
        return DomainError("The default service plan cannot be deleted: new sandbox products are given under it.")
    using = Tenant.objects.live().filter(service_plan=plan)
    number = using.count()
    if not number:
        return None
    count = "1 product uses" if number == 1 else f"{number:,} products use"
    first = using.select_related("customer__identity").order_by("customer__identity__folded_name", "pk")[:LINKS_SHOWN]
    links = _with_rest([_link(tenant) for tenant in first], number, plan)
    return DomainError(f"{count} this plan. Give them another plan first.", links=links)


def _locked(plan: ServicePlan) -> ServicePlan:
    found = ServicePlan.objects.select_for_update(no_key=True).get(pk=plan.pk)
    if found.deleted_at:
        raise DomainError("This service plan has been deleted in the meantime.")
    return found


def _refusal(plan: ServicePlan, broken: Sequence[Broken]) -> DomainError:
    count = "1 product" if len(broken) == 1 else f"{len(broken):,} products"
    links = _with_rest([_link(each.tenant, each.reason) for each in broken[:LINKS_SHOWN]], len(broken), plan)
    return DomainError(f"Not saved: {count} would no longer comply with this plan. Change them first.", links=links)


def _with_rest(links: list[Link], number: int, plan: ServicePlan) -> tuple[Link, ...]:
    """Add how many more there are, with the list of all products under the plan."""
    rest = number - len(links)
    more = [Link(f"and {rest:,} more: see all products with this plan", products_address(plan))] if rest else []
    return (*links, *more)


def products_address(plan: ServicePlan) -> str:
    """Return the address of the list of products under the plan."""
    return f"{reverse('tenants:list')}?plan={plan.pk}"


def _link(tenant: Tenant, reason: str = "") -> Link:
    label = f"{tenant.get_product_display()} of {tenant.customer.identity.name}"
    return Link(
        f"{label}: {reason}" if reason else label, reverse("tenants:detail", args=[tenant.customer_id, tenant.pk])
    )
