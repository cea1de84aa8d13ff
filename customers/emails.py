"""One function per e-mail about customers. They go to the MSP's own people only, so they may name real names."""

from collections.abc import Sequence

from django.conf import settings
from django.urls import reverse

from customers.models import Assignment, Customer, CustomerIdentity, CustomerImport
from msc.access.models import User
from msc.mail import outbox

MOST_LISTED = 20


def customer_created(customer: Customer, identity: CustomerIdentity, admins: Sequence[User], *, to: User) -> None:
    """Confirm to the person who created the customer that it exists."""
    outbox.queue(
        key=f"customer.created:{customer.pk}",
        kind="customer.created",
        to=to.email,
        template="customer_created",
        context={
            "person": to,
            "customer": customer,
            "identity": identity,
            "phone": identity.phone.as_international,
            "admins": [admin.full_name for admin in admins],
            "url": _address(customer),
        },
        msp_id=customer.msp_id,
    )


def customer_assigned(assignment: Assignment, customer_name: str, *, by: str) -> None:
    """Tell a tenant administrator that a customer is now in their charge."""
    outbox.queue(
        key=f"customer.assigned:{assignment.pk}",
        kind="customer.assigned",
        to=assignment.user.email,
        template="customer_assigned",
        context={
            "person": assignment.user,
            "customer_name": customer_name,
            "by": by,
            "url": _address(assignment.customer),
        },
        msp_id=assignment.msp_id,
    )


def customers_imported(done: CustomerImport) -> None:
    """Tell the person who imported a file that its customers exist."""
    outbox.queue(
        key=f"import.finished:{done.pk}",
        kind="import.finished",
        to=done.created_by.email,
        template="customers_imported",
        context={
            "person": done.created_by,
            "import": done,
            "url": settings.MSC_ORIGIN + reverse("customers:import", args=[done.pk]),
        },
        msp_id=done.msp_id,
    )


def customers_assigned(person: User, names: Sequence[str], *, by: str, key: str) -> None:
    """Tell a tenant administrator in one email which customers were assigned to them; `key` names the cause."""
    outbox.queue(
        key=key,
        kind="customer.assigned",
        to=person.email,
        template="customers_assigned",
        context={
            "person": person,
            "by": by,
            "names": names[:MOST_LISTED],
            "count": len(names),
            "more": max(len(names) - MOST_LISTED, 0),
            "url": settings.MSC_ORIGIN + reverse("customers:list"),
        },
        msp_id=person.msp_id,
    )


def _address(customer: Customer) -> str:
    return settings.MSC_ORIGIN + reverse("customers:page", args=[customer.pk])
