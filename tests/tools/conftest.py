"""Real programs against a real server; outside `make test`, see `make tools`."""

import shutil

import pytest

from msc.access import scope
from tests.factories import make_customer, make_plan, make_tenant
from tests.health.conftest import issue
from tests.machine import Machine


@pytest.fixture(autouse=True)
def _needed(request):
    for mark in request.node.iter_markers("needs"):
        for program in mark.args:
            if not shutil.which(program):
                pytest.skip(f"{program} is not installed")


@pytest.fixture
def machine(transactional_db, northwind, ada, portal, tmp_path) -> Machine:
    with scope.entered("portal", msp=northwind.pk):
        tenant = make_tenant(make_customer(northwind, "Harbour Logistics"), make_plan(northwind))
    return Machine(tmp_path, portal, issue(ada)[1], tenant)
