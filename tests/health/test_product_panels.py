"""What the page of one product shows of its alerts and data sources."""

from datetime import timedelta

import pytest
from django.utils import timezone

from health.models import DataSource
from health.statuses import RunStatus
from msc.access import scope
from tenants.states import TenantState
from tests.factories import make_alert
from tests.health.conftest import run
from tests.queries import counted
from tests.sign_in import client_of

pytestmark = pytest.mark.django_db


def make_source(tenant, name: str, **fields) -> DataSource:
    with scope.entered("worker", msp=tenant.msp_id):
        return DataSource.objects.create(
            msp_id=tenant.msp_id,
            customer_id=tenant.customer_id,
            tenant=tenant,
            organization="Kiel",
            name=name,
            folded_name=name.lower(),
            workload="file_server",
            **fields,
        )


@pytest.fixture
def page(ada, harbour, hybrid):
    address = f"/customers/{harbour.pk}/products/{hybrid.pk}/"
    return lambda person=ada: client_of(person).get(address).content.decode()


def test_it_says_that_there_is_nothing(page):
    text = page()
    assert "No open alerts." in text
    assert "No data source has been heard of." in text


def test_alerts_and_sources_of_this_product_alone(page, hybrid, saas, tom):
    make_alert(hybrid, "Quota <nearly> used")
    make_alert(hybrid, "Solved", resolved_at=timezone.now())
    make_alert(saas, "Of the other product")
    make_source(hybrid, "SRV-1", last_status=RunStatus.FAILED, last_backup_at=timezone.now(), last_backup_job="j<1>")
    make_source(hybrid, "SRV-2", is_silent=True)
    make_source(saas, "Mailboxes")
    for person in (tom, None):
        text = page(person) if person else page()
        for shown in (
            "Quota &lt;nearly&gt; used",
            "SRV-1",
            "SRV-2",
            "Failed",
            "Not reporting",
            "j&lt;1&gt;",
            "File server",
        ):
            assert shown in text
        for hidden in ("Solved", "Of the other product", "Mailboxes"):
            assert hidden not in text


def test_many_are_cut_and_cost_nothing(page, hybrid):
    make_source(hybrid, "S0")
    page()
    with counted() as few:
        page()
    for number in range(1, 25):
        make_source(hybrid, f"S{number:02}")
        make_alert(hybrid)
    with counted() as many:
        text = page()
    assert len(few) == len(many)
    assert text.count("There are more") == 2
    assert "S20" not in text


def test_deleting_asks_for_the_name_once_a_program_has_reported_a_run(ada, harbour, hybrid, program):
    browser, address = client_of(ada), f"/customers/{harbour.pk}/products/{hybrid.pk}/delete/"
    assert "to confirm" not in browser.get(address).content.decode()
    assert program.post("runs", [run(hybrid)]).json()["created"] == 1
    assert "Type Hybrid Workloads to confirm" in browser.get(address).content.decode()
    refused = browser.post(
        address, {"delete_on": hybrid.customer.msp.today() + timedelta(days=7), "typed_name": "Hybrid"}
    )
    assert refused.status_code == 422
    assert "Backups of this product exist." in refused.content.decode()
    hybrid.refresh_from_db()
    assert hybrid.state == TenantState.READY
