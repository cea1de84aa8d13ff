"""The number above the customer list is exact and costs no count."""

import pytest

from customers import tally
from customers.models import Customer, CustomerTally
from msc.access import scope
from tests import factories
from tests.cast import signed_in

pytestmark = pytest.mark.django_db


def number(msp) -> int:
    with scope.entered("portal", msp=msp.pk):
        return CustomerTally.objects.for_msp(msp.pk).number()


def test_the_number_follows_creation_and_deletion(scoped):
    assert number(scoped) == 0
    first, _second = factories.make_customer(scoped), factories.make_customer(scoped)
    assert number(scoped) == 2
    Customer.objects.filter(pk=first.pk).update(deleted_at=first.created_at)
    assert number(scoped) == 1


def test_folding_keeps_the_number_and_leaves_one_row(scoped, foreign, eastgate):
    for _ in range(3):
        factories.make_customer(scoped)
    tally.fold()
    tally.fold()
    assert number(scoped) == 3
    assert number(eastgate) == 1
    assert CustomerTally.objects.for_msp(scoped.pk).count() == 1


def test_the_list_shows_everybody_their_own_number(ada, tom, harbour, sibling):
    assert "2 customers" in signed_in(ada).get("/customers/").content.decode()
    assert "1 customer" in signed_in(tom).get("/customers/").content.decode()
