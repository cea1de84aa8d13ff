"""Putting a tenant administrator in charge of customers, from the Administrators list."""

import pytest

from customers.models import Assignment
from msc.access import scope
from msc.access.roles import Role
from msc.events.models import Event
from msc.mail.models import OutboxMessage
from tests import factories
from tests.sign_in import client_of

pytestmark = pytest.mark.django_db


def _path(person) -> str:
    return f"/settings/administrators/{person.pk}/customers/"


@pytest.mark.parametrize(("name", "status"), [("ada", 200), ("tom", 403), ("rita", 403), ("eve", 404), ("sam", 403)])
def test_who_assigns_customers(request, tom, harbour, name, status):
    assert client_of(request.getfixturevalue(name)).get(_path(tom)).status_code == status


@pytest.mark.parametrize("role", [Role.MSP_ADMIN, Role.READ_ONLY])
def test_only_tenant_administrators_have_such_a_page(ada, role):
    other = factories.make_person(ada.msp, role)
    assert client_of(ada).get(_path(other)).status_code == 404


def test_adding_and_taking_away_works_on_the_next_request(ada, tom, harbour, sibling):
    browser = client_of(tom)
    assert browser.get(f"/customers/{sibling.pk}/").status_code == 404
    answer = client_of(ada).post(_path(tom), {"shown": [sibling.pk, harbour.pk], "assigned": [sibling.pk]})
    assert answer.status_code == 302
    assert browser.get(f"/customers/{sibling.pk}/").status_code == 200
    assert browser.get(f"/customers/{harbour.pk}/").status_code == 404
    with scope.entered("portal", msp=ada.msp_id):
        for customer in (harbour, sibling):
            assert Event.objects.for_customer(customer.pk).filter(action="customer.edited").exists()
    with scope.entered("worker"):
        assert OutboxMessage.objects.filter(to=tom.email, kind="customer.assigned").count() == 1


def test_a_foreign_customer_is_not_assigned(ada, tom, harbour, foreign):
    for pk in (foreign.pk, 10**30, -1):
        assert (
            client_of(ada).post(_path(tom), {"shown": [harbour.pk, pk], "assigned": [harbour.pk, pk]}).status_code
            == 302
        )
    with scope.entered("portal", msp=ada.msp_id):
        assert list(Assignment.objects.values_list("customer", flat=True)) == [harbour.pk]


def test_a_search_narrows_the_list(ada, tom, harbour, sibling):
    page = client_of(ada).get(_path(tom), {"q": "sibl"}).content.decode()
    assert "Sibling Studios" in page
    assert "Harbour Logistics" not in page


def test_what_is_not_shown_stays_as_it_is(ada, tom, harbour, sibling):
    client_of(ada).post(_path(tom), {"shown": [sibling.pk], "assigned": [sibling.pk]})
    with scope.entered("portal", msp=ada.msp_id):
        assert set(Assignment.objects.values_list("customer", flat=True)) == {harbour.pk, sibling.pk}


def test_all_that_a_search_finds_is_assigned_in_few_statements_and_told_in_one_email(ada, tom, harbour, sibling):
    with scope.entered("portal", msp=ada.msp_id):
        for number in range(7):
            factories.make_customer(ada.msp, f"Bakery {number}")
    client = client_of(ada)
    page = client.get(_path(tom), {"q": "bakery"}).content.decode()
    assert "Assign all 7 found" in page
    assert "1 of 9" in page
    answer = client.post(f"{_path(tom)}?q=bakery", {"all": "assign"}, follow=True)
    assert "7 assigned, 0 unassigned" in answer.content.decode()
    assert client.post(f"{_path(tom)}?q=bakery", {"all": "assign"}).url == f"{_path(tom)}?q=bakery"
    with scope.entered("portal", msp=ada.msp_id):
        assert Assignment.objects.filter(user=tom).count() == 8
        assert Event.objects.filter(action="customer.edited").count() == 7
    with scope.entered("worker"):
        assert OutboxMessage.objects.filter(to=tom.email).count() == 1
    client.post(_path(tom), {"all": "unassign"})
    with scope.entered("portal", msp=ada.msp_id):
        assert not Assignment.objects.filter(user=tom).exists()
