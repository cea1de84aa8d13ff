"""Putting a tenant administrator in charge of customers, seen from the person's side."""

from collections.abc import Iterable

from django.core.exceptions import PermissionDenied
from django.db import transaction

from customers.models import Customer
from customers.services import assign_tenant_admins
from msc.access.models import User
from msc.access.roles import Role
from msc.errors import DomainError


@transaction.atomic
def assign_to_person(*, by: User, person: User, add: Iterable[Customer], remove: Iterable[Customer]) -> None:
    """Put the person in charge of some customers and take others away; each customer's history tells of it."""
    if not by.can("administrator.manage"):
        raise PermissionDenied
    if person.role != Role.TENANT_ADMIN:
        raise DomainError(f"{person.full_name} is no tenant administrator: change the role first.")
    for customer in add:
        assign_tenant_admins(by=by, customer=customer, tenant_admins=[*_in_charge(customer), person])
    for customer in remove:
        others = [one for one in _in_charge(customer) if one != person]
        assign_tenant_admins(by=by, customer=customer, tenant_admins=others)


def _in_charge(customer: Customer) -> list[User]:
    return [assignment.user for assignment in customer.assignments.select_related("user").order_by("pk")]
