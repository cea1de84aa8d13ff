"""Putting a tenant administrator in charge of customers, seen from the person's side."""

from collections.abc import Collection, Iterable

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import F

from customers import emails
from customers.models import Assignment, Customer
from customers.services import public_label
from msc.access.models import User
from msc.access.roles import Role
from msc.errors import DomainError
from msc.events import log

CHUNK = 1_000
MOST_SINGLE_EMAILS = 5  # more customers at once are listed in one email


@transaction.atomic
def assign_to_person(*, by: User, person: User, add: Collection[int], remove: Collection[int]) -> tuple[int, int]:
    """Assign some customers to the person and unassign others, by their ids; return how many changed each way.

    Each customer's history says so. A customer that the actor does not see is left out.
    """
    if not by.can("administrator.manage"):
        raise PermissionDenied
    if person.role != Role.TENANT_ADMIN or person.msp_id != by.msp_id:
        raise DomainError(f"{person.full_name} is not a tenant administrator. Change the role first.")
    if add and not person.is_active:
        raise DomainError(f"{person.full_name} is switched off. Switch them on first.")
    rows = Customer.objects.for_user(by).filter(pk__in={*add, *remove}, is_sandbox=False).order_by("pk")
    locked = list(rows.select_related("identity").select_for_update(of=("self",)))
    mine = Assignment.objects.for_user(by).filter(user=person)
    present = set(mine.filter(customer__in=locked).values_list("customer", flat=True))
    new = [customer for customer in locked if customer.pk in add and customer.pk not in present]
    gone = [customer for customer in locked if customer.pk in remove and customer.pk in present]
    changing = [*new, *gone]
    for start in range(0, len(changing), CHUNK):
        _change(by, person, changing[start : start + CHUNK], new=set(new))
    _tell(by, person, new)
    return len(new), len(gone)


def _change(by: User, person: User, customers: Collection[Customer], *, new: Collection[Customer]) -> None:
    before = _names_in_charge(customers)
    added = [customer for customer in customers if customer in new]
    Assignment.objects.filter(user=person, customer__in=[one for one in customers if one not in new]).delete()
    Assignment.objects.bulk_create(Assignment(msp_id=one.msp_id, customer=one, user=person) for one in added)
    Customer.objects.filter(pk__in=[customer.pk for customer in customers]).update(version=F("version") + 1)
    after = _names_in_charge(customers)
    happenings = [
        log.Happening(
            on=customer,
            label=public_label(customer),
            private_label=customer.identity.name,
            customer_id=customer.pk,
            changes={"Tenant Admin": (before.get(customer.pk, []), after.get(customer.pk, []))},
            private={},
        )
        for customer in customers
    ]
    log.record_all(by=by, action="customer.edited", happenings=happenings)


def _names_in_charge(customers: Iterable[Customer]) -> dict[int, list[str]]:
    names: dict[int, list[str]] = {}
    rows = Assignment.objects.filter(customer__in=[customer.pk for customer in customers]).select_related("user")
    for row in rows.order_by("user__folded_name", "user"):
        names.setdefault(row.customer_id, []).append(row.user.full_name)
    return names


def _tell(by: User, person: User, new: Collection[Customer]) -> None:
    names = {customer.pk: customer.identity.name for customer in new}
    made = list(Assignment.objects.filter(user=person, customer__in=names).order_by("pk"))
    if len(made) > MOST_SINGLE_EMAILS:
        listed = sorted(names.values())
        emails.customers_assigned(person, listed, by=by.full_name, key=f"customers.assigned:{made[0].pk}")
        return
    for assignment in made:
        emails.customer_assigned(assignment, names[assignment.customer_id], by=by.full_name)
