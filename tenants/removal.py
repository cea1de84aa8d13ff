"""Deleting a customer: the rule that it has no product needs the products, so it lives here."""

from datetime import date

from django.db import transaction
from django.urls import reverse

from customers import services as customers
from customers.models import Customer
from msc.access.models import User
from msc.errors import DomainError, Link
from msc.pages.when import absolute
from tenants import ground
from tenants.models import Tenant
from tenants.states import TenantState


@transaction.atomic
def delete_customer(*, by: User, customer: Customer) -> None:
    """Delete a customer that has no product; its identity and contacts are erased, a tombstone stays."""
    ground.permit(by, "customer.delete", customer.pk)
    customer = ground.locked_customer(customer)
    if problem := deletion_refusal(customer):
        raise problem
    customers.erase_customer(by=by, customer=customer)


def deletion_refusal(customer: Customer) -> DomainError | None:
    """Return why the customer cannot be deleted, with the products that stand in the way, or None."""
    if customer.is_sandbox:
        return DomainError("The sandbox customer cannot be deleted.")
    tenants = list(Tenant.objects.live().filter(customer=customer).order_by("product"))
    if not tenants:
        return None
    links = tuple(
        Link(tenant.get_product_display(), reverse("tenants:detail", args=[customer.pk, tenant.pk]))
        for tenant in tenants
    )
    going = [tenant for tenant in tenants if tenant.state == TenantState.DELETING]
    staying = ground.product_names([tenant.product for tenant in tenants if tenant not in going])
    reasons = [f"{staying} must be deleted first."] if staying else []
    reasons += [_wait_for(tenant, customer.msp.today()) for tenant in going]
    return DomainError(" ".join(reasons), links=links)


def _wait_for(tenant: Tenant, today: date) -> str:
    """Say until when a product that is being deleted is in the way, and how to cancel that."""
    product, day = tenant.get_product_display(), tenant.delete_on
    if day is None or day <= today:
        return f"{product} is being deleted now. Try again in a few minutes."
    return (
        f"{product} will be deleted on {absolute(day)}; the customer can be deleted after that."
        " To keep the product, open it and cancel its deletion."
    )
