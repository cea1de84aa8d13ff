"""The bar of a quota changes its tone at the levels that the MSP has set, wherever it is shown."""

import re
from datetime import timedelta

import pytest

from health.recount import recount_customers
from msc.access import scope
from msc.access.models import Msp
from msc.pages.models import TablePreference
from tenants import summaries
from tests.factories import make_health, make_tenant
from tests.sign_in import client_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def used(northwind, harbour, plan):
    """Return a function that lets Harbour use so much of its quota under such settings; returns its product."""
    today = northwind.today()
    tenant = make_tenant(harbour, plan, quota=("100", today, today + timedelta(days=9)))

    def use(percent: str, warning: int, critical: int):
        Msp.objects.filter(pk=northwind.pk).update(quota_warning_percent=warning, quota_critical_percent=critical)
        make_health(tenant, quota_used_percent=percent, quota_cu_used=percent)
        summaries.refresh([harbour.pk])
        with scope.entered("worker", msp=northwind.pk):
            recount_customers(northwind, [harbour.pk])
        return tenant

    return use


def tones(person, address: str) -> list[str]:
    answer = client_of(person).get(address)
    assert answer.status_code == 200
    return re.findall(r'class="bar-(plain|warn|bad)"', answer.content.decode())


@pytest.mark.parametrize(
    ("percent", "warning", "critical", "tone"),
    [
        ("85.00", 80, 90, "warn"),
        ("85.00", 86, 90, "plain"),
        ("85.00", 85, 90, "warn"),
        ("85.00", 50, 85, "bad"),
        ("99.99", 100, 150, "plain"),
    ],
)
def test_every_page_uses_the_msps_levels(ada, harbour, used, percent, warning, critical, tone):
    tenant = used(percent, warning, critical)
    for name in ("customers", "products"):
        TablePreference.objects.create(user=ada, msp=ada.msp, list_name=name, shown=["name", "quota_used"])
    for address in (
        f"/customers/{harbour.pk}/",
        f"/customers/{harbour.pk}/products/{tenant.pk}/",
        "/consumption/",
        "/customers/",
        "/customers/products/",
    ):
        assert tones(ada, address) == [tone], address
