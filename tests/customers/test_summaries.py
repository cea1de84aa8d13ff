"""What the summary keeps of tenant admins equals a recount, whatever happened before."""

import random

import pytest

from customers import summaries
from customers.assignments import assign_to_person
from customers.models import Assignment, Customer, CustomerSummary
from msc.access.names import folded_name
from tests import factories


def recounted(customer) -> tuple[list[int], str | None, str | None]:
    people = [row.user for row in Assignment.objects.filter(customer=customer).select_related("user")]
    people.sort(key=lambda person: (folded_name(person.full_name), person.pk))
    names = [folded_name(person.full_name) for person in people]
    return [person.pk for person in people], min(names, default=None), max(names, default=None)


def kept(customer) -> tuple[list[int], str | None, str | None]:
    return CustomerSummary.objects.values_list("admins", "admin_low", "admin_high").get(pk=customer.pk)


@pytest.mark.parametrize("seed", range(5))
def test_after_any_history_the_summary_is_right(scoped, ada, seed):
    chance = random.Random(seed)
    people = [factories.make_person(scoped, "tenant_admin", name=f"Person {letter}") for letter in "ABCDE"]
    customers = [factories.make_customer(scoped) for _ in range(4)]
    for _ in range(25):
        customer, person = chance.choice(customers), chance.choice(people)
        if chance.random() < 0.6:
            charge = chance.sample(people, chance.randint(0, 4))
            for one in people:
                asked, rest = ({customer.pk}, set()) if one in charge else (set(), {customer.pk})
                assign_to_person(by=ada, person=one, add=asked, remove=rest)
        else:
            person.first_name = chance.choice(["Ämilie", "zoë", "Bo", "ådne", "Ó"])
            person.save(update_fields=["first_name"])
        for one in customers:
            assert kept(one) == recounted(one)


def test_a_recount_changes_nothing(scoped, harbour):
    before = kept(harbour)
    summaries.refresh_admins([harbour.pk])
    assert kept(harbour) == before == recounted(Customer.objects.get())
