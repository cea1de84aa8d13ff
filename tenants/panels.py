"""The parts of pages that tell of products: on the customer's page, and on the product's own."""

from collections.abc import Collection
from datetime import date
from typing import Any

from django.db.models import QuerySet
from django.urls import reverse

from customers.columns import TONES, due_look
from customers.dictionaries import quota_levels
from customers.models import Customer
from msc.access.models import User
from msc.events.models import Event
from msc.pages.detail import PageAction, Panel
from msc.pages.kinds import Look, tone_of
from serviceplans.catalogue import Feature, Product, Workload
from serviceplans.models import OfferedProduct, ServicePlan
from tenants import parts, quotas
from tenants.models import QuotaPeriod, Tenant
from tenants.states import ACTIVATE, CANCEL_DELETION, DELETE, EDIT, SUSPEND, Action, TenantState, actions_open_to

_URLS = {
    EDIT: ("tenants:edit", "pencil"),
    SUSPEND: ("tenants:suspend", "player-pause"),
    ACTIVATE: ("tenants:activate", "player-play"),
    DELETE: ("tenants:delete", "trash"),
    CANCEL_DELETION: ("tenants:cancel_deletion", "arrow-back-up"),
}
HISTORY_LENGTH = 20
TENANTS_SHOWN = 50


def whole(tenants: QuerySet[Tenant]) -> QuerySet[Tenant]:
    """Load everything that a card or a page shows of products."""
    return parts.with_parts(tenants).select_related("service_plan", "health")


def products(user: User, customer: Customer) -> Panel:
    """Return a card for each product of the customer, and for each offered one that is not there yet a way to add it."""
    tenants = whole(Tenant.objects.for_user(user).live().filter(customer=customer).order_by("product"))
    for tenant in tenants:
        tenant.customer = customer
    cards = [card(user, tenant) for tenant in tenants]
    missing = _missing(customer, {shown["tenant"].product for shown in cards})
    context = {"cards": cards, "missing": missing, "customer": customer, "may_add": user.can("tenant.add")}
    return Panel("Product Details", "tenants/_cards.html", context, wide=True)


def _missing(customer: Customer, present: Collection[str]) -> list[dict[str, str]]:
    """Return the products that are offered and not there; nobody need be asked when every product is there."""
    if len(present) == len(Product):
        return []
    offered = OfferedProduct.objects.filter(msp=customer.msp_id).exclude(product__in=present).order_by("product")
    return [{"product": each, "label": Product(each).label} for each in offered.values_list("product", flat=True)]


def card(user: User, tenant: Tenant) -> dict[str, Any]:
    """Return what a card shows of one product."""
    return {
        "tenant": tenant,
        "url": reverse("tenants:detail", args=[tenant.customer_id, tenant.pk]),
        "look": look_of(tenant),
        "is_busy": tenant.state in (TenantState.CREATING, TenantState.UPDATING),
        "part": parts.plan_part(tenant),
        "regions": parts.regions(tenant),
        "workloads": parts.workloads(tenant),
        "quota": quota_of(tenant),
        "due": due(tenant),
        "actions": page_actions(user, tenant),
    }


def look_of(tenant: Tenant) -> tuple[str, str, str]:
    """Return the word, the icon and the tone of the product's state."""
    state = TenantState(tenant.state)
    return (state.label, *TONES[state])


def quota_of(tenant: Tenant) -> dict[str, Any] | None:
    """Return the current quota, with how much of it is used unless it is 0 or has not begun, and the coming ones."""
    today = tenant.customer.msp.today()
    periods = parts.quota_periods(tenant)
    period = quotas.current(periods, today)
    if period is None:
        return None
    counts = period.quota > 0 and period.effective_on <= today
    health = getattr(tenant, "health", None)
    used = health.quota_used_percent if health and counts else None
    msp = tenant.customer.msp
    return {
        "period": period,
        "status": period_status(period, today),
        "coming": [each for each in quotas.others(periods, today) if each.effective_on > today],
        "used": used,
        "tone": "plain" if used is None else tone_of(used, quota_levels(msp)),
        "cu": health.quota_cu_used if health and counts else None,
        "as_of": health.counted_at if health else None,
    }


def due(tenant: Tenant) -> Look | None:
    """Return how near the license expiry date is where the MSP is; it stops nothing."""
    if tenant.license_expiry is None:
        return None
    return due_look((tenant.license_expiry - tenant.customer.msp.today()).days)


def page_actions(user: User, tenant: Tenant) -> list[PageAction]:
    """Return the buttons for what the person may do to the product now."""
    open_now = actions_open_to(tenant.state, tenant.tenant_type)
    return [_button(action, tenant) for action in open_now if user.can(action.needs)]


def _button(action: Action, tenant: Tenant) -> PageAction:
    return PageAction(action.verb, _address(action, tenant), _URLS[action][1], danger=action is DELETE)


def _address(action: Action, tenant: Tenant) -> str:
    return reverse(_URLS[action][0], args=[tenant.customer_id, tenant.pk])


# -- The product's own page ---------------------------------------------------------------------------------------


def facts(user: User, tenant: Tenant) -> Panel:
    """Return what the product is."""
    return Panel("Product", "tenants/_facts.html", card(user, tenant))


def quota_history(user: User, tenant: Tenant) -> Panel:
    """Return every quota there is and was, the latest first, and the way to renew it."""
    today = tenant.customer.msp.today()
    periods = parts.quota_periods(tenant)
    rows = [(period, period_status(period, today)) for period in periods]
    may_edit = user.can(EDIT.needs) and tenant.state in EDIT.from_states
    renew = PageAction("Renew", f"{_address(EDIT, tenant)}?renew=1", "refresh")
    actions = [renew] if may_edit and quotas.standing(periods) else []
    return Panel("Quota", "tenants/_quotas.html", {"rows": rows, "may_edit": may_edit}, actions)


def period_status(period: QuotaPeriod, today: date) -> str:
    """Return where the quota is in its life."""
    if period.replaced_at:
        return "replaced"
    if period.end_on < today:
        return "ended"
    return "coming" if period.effective_on > today else "in force"


def workloads(_user: User, tenant: Tenant) -> Panel:
    """Return the workloads and features of the plan, and the users where they are counted."""
    part = parts.plan_part(tenant)
    counted = {row.workload: row for row in parts.workloads(tenant)}
    rows = [(Workload(each).label, counted.get(each)) for each in (part.workloads if part else ())]
    features = [Feature(each).label for each in (part.features if part else ())]
    context = {"rows": rows, "features": features, "part": part, "counts_users": tenant.product == Product.SAAS}
    return Panel("Workloads and users", "tenants/_workloads.html", context)


def history(user: User, tenant: Tenant) -> Panel | None:
    """Return what happened to the product, to people who may see events."""
    if not user.can("event.view"):
        return None
    events = Event.objects.for_user(user).for_object(tenant).with_names().newest_first()[:HISTORY_LENGTH]
    return Panel("History", "people/_history.html", {"events": list(events)}, wide=True)


# -- The page of a service plan -----------------------------------------------------------------------------------


def of_plan(user: User, plan: ServicePlan) -> Panel:
    """Return the products under the plan that the person may see."""
    rows = Tenant.objects.for_user(user).live().filter(service_plan=plan).select_related("customer__identity")
    tenants = list(rows.order_by("customer__identity__folded_name", "product", "pk")[: TENANTS_SHOWN + 1])
    context = {
        "rows": [{"tenant": tenant, "look": look_of(tenant)} for tenant in tenants[:TENANTS_SHOWN]],
        "has_more": len(tenants) > TENANTS_SHOWN,
        "more_url": f"{reverse('tenants:list')}?plan={plan.pk}",
    }
    return Panel("Products on this plan", "tenants/_of_plan.html", context, wide=True)
