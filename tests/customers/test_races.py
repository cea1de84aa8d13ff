"""Customers under races, on real transactions: one customer, one e-mail, nobody's words lost."""

import re
import threading
from collections.abc import Callable

import pytest
from django.db import connections

from customers import services, tasks
from customers.models import Customer, CustomerIdentity, CustomerImport, CustomerSummary
from msc.access import scope
from msc.access.models import User
from msc.errors import DomainError
from msc.mail.models import OutboxMessage
from serviceplans.models import StorageRegion
from tenants.models import Tenant
from tenants.services import add_tenant, delete_customer
from tests import factories
from tests.cast import signed_in

pytestmark = pytest.mark.django_db(transaction=True)
FIELDS = {"address": "1 Pier", "phone": "+49431123456"}


def at_once(*acts: Callable[[], object]) -> list[object]:
    """Run the acts in threads that begin together; return each one's result or the refusal it met."""
    together, results = threading.Barrier(len(acts)), [None] * len(acts)

    def run(place: int, act: Callable[[], object]) -> None:
        together.wait()
        try:
            results[place] = act()
        except DomainError as error:
            results[place] = error
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=(place, act)) for place, act in enumerate(acts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def as_person(person: User, act: Callable[[], object]) -> Callable[[], object]:
    """Return the act as a request of the person does it: in one transaction in their scope."""

    def run() -> object:
        with scope.entered("portal", msp=person.msp_id, person=person.pk):
            return act()

    return run


def test_twenty_equal_submits_make_one_customer_and_one_mail(ada, northwind):
    page = signed_in(ada).get("/customers/create/").content.decode()
    key = re.search(r'name="submit_key" value="([^"]+)"', page)[1]
    sent = {"name": "Harbour", "submit_key": key, **FIELDS}
    clients = [signed_in(ada) for _ in range(20)]
    places = at_once(
        *(lambda client=client: client.post("/customers/create/", sent).get("Location") for client in clients)
    )
    assert set(places) == {"/customers/?sort=-created"}
    with scope.entered("portal", msp=northwind.pk):
        assert Customer.objects.count() == CustomerSummary.objects.count() == 1
    with scope.entered("worker"):
        assert OutboxMessage.objects.count() == 1


def test_ten_people_who_take_the_same_name_get_one_customer(ada, northwind):
    act = as_person(ada, lambda: services.create_customer(by=ada, name="Harbour", **FIELDS).pk)
    results = at_once(*[act] * 10)
    refused = [result for result in results if isinstance(result, DomainError)]
    assert len(refused) == 9
    assert {error.field for error in refused} == {"name"}
    with scope.entered("worker"):
        assert OutboxMessage.objects.count() == 1


def test_of_two_editors_one_is_told(ada, northwind):
    bob = factories.make_person(northwind, name="Bob Busy")
    with scope.entered("portal", msp=northwind.pk):
        customer = factories.make_customer(northwind, "Harbour", address="1 Pier")

    def edit(person: User, name: str) -> Callable[[], object]:
        return as_person(
            person,
            lambda: services.update_customer(by=person, customer=customer, version=1, name=name, **FIELDS).version,
        )

    results = at_once(edit(ada, "Harbour Lines"), edit(bob, "Harbour Group"))
    told = [result for result in results if isinstance(result, DomainError)]
    assert len(told) == 1
    assert told[0].by in ("Ada Arnold", "Bob Busy")
    with scope.entered("portal", msp=northwind.pk):
        assert (
            CustomerIdentity.objects.get().name
            == {"Ada Arnold": "Harbour Lines", "Bob Busy": "Harbour Group"}[told[0].by]
        )


def test_a_customer_is_deleted_or_gets_its_product_but_never_both(ada, northwind):
    for _ in range(5):
        with scope.entered("portal", msp=northwind.pk):
            customer = factories.make_customer(northwind)
            plan = factories.make_plan(northwind)
            region = StorageRegion.objects.get(name="us-east-1")
            expiry = northwind.today().replace(year=northwind.today().year + 1)

        def add(customer=customer, plan=plan, region=region, expiry=expiry) -> object:
            return add_tenant(
                by=ada, customer=customer, product="hybrid", plan=plan, tenant_type="commercial",
                license_expiry=expiry, regions=[region],
            )  # fmt: skip

        delete = as_person(ada, lambda customer=customer: delete_customer(by=ada, customer=customer))
        results = at_once(as_person(ada, add), delete)
        assert sum(isinstance(result, DomainError) for result in results) == 1
        with scope.entered("portal", msp=northwind.pk):
            deleted = Customer.objects.get(pk=customer.pk).deleted_at is not None
            assert deleted is not Tenant.objects.filter(customer=customer).exists()


def test_two_workers_import_a_file_once(ada, northwind):
    text = "Name,Address,Phone Number\n" + "".join(f"Customer {n},1 Pier,+49431123456\n" for n in range(200))
    with scope.entered("portal", msp=northwind.pk):
        CustomerImport.objects.create(
            msp=northwind, created_by=ada, file_name="x.csv", content=text, state="importing", new_lines=200
        )
    at_once(*[tasks.work_on_imports] * 4)
    with scope.entered("portal", msp=northwind.pk):
        assert CustomerImport.objects.get().state == "done"
        assert Customer.objects.count() == CustomerSummary.objects.count() == 200
    with scope.entered("worker"):
        assert OutboxMessage.objects.count() == 1
