"""The cast whose rights every test states.

ada   MSP administrator of Northwind
tom   tenant administrator of Northwind, in charge of the customer `harbour` only
rita  read-only administrator of Northwind
eve   MSP administrator of Eastgate, another MSP
sam   support staff of the vendor
"""

from collections.abc import Iterator

import pytest
from django.test import Client

from customers.models import Assignment, Customer
from msc.access import scope
from msc.access.models import Msp, User
from msc.access.roles import Role
from tests import factories


@pytest.fixture
def northwind(db: None) -> Msp:
    return factories.make_msp("Northwind")


@pytest.fixture
def eastgate(db: None) -> Msp:
    return factories.make_msp("Eastgate", zone="America/New_York")


@pytest.fixture
def ada(northwind: Msp) -> User:
    return factories.make_person(northwind, Role.MSP_ADMIN, email="ada@northwind.example", name="Ada Arnold")


@pytest.fixture
def tom(northwind: Msp) -> User:
    return factories.make_person(northwind, Role.TENANT_ADMIN, email="tom@northwind.example", name="Tom Tenant")


@pytest.fixture
def rita(northwind: Msp) -> User:
    return factories.make_person(northwind, Role.READ_ONLY, email="rita@northwind.example", name="Rita Reader")


@pytest.fixture
def eve(eastgate: Msp) -> User:
    return factories.make_person(eastgate, Role.MSP_ADMIN, email="eve@eastgate.example", name="Eve Eastgate")


@pytest.fixture
def sam(db: None) -> User:
    return factories.make_person(None, Role.SUPPORT, email="sam@vendor.example", name="Sam Support")


@pytest.fixture
def scoped(northwind: Msp) -> Iterator[Msp]:
    """Work in Northwind's scope, as a request of one of its people does."""
    with scope.entered("portal", msp=northwind.pk):
        yield northwind


@pytest.fixture
def harbour(scoped: Msp, tom: User) -> Customer:
    """A customer of Northwind that is assigned to tom."""
    return factories.make_customer(scoped, "Harbour Logistics", admins=(tom,))


@pytest.fixture
def sibling(scoped: Msp) -> Customer:
    """A customer of Northwind that is not assigned to tom."""
    return factories.make_customer(scoped, "Sibling Studios")


@pytest.fixture
def foreign(eastgate: Msp) -> Customer:
    """A customer of Eastgate."""
    with scope.entered("portal", msp=eastgate.pk):
        return factories.make_customer(eastgate, "Foreign Foods")


def signed_in(person: User) -> Client:
    """Return a browser without JavaScript in which the person is signed in."""
    client = Client()
    with scope.entered("portal", msp=person.msp_id, person=person.pk):
        client.force_login(person)
    return client


__all__ = [name for name in dir() if not name.startswith("_")] + ["Assignment"]
