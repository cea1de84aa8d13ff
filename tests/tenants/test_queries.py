"""Pages of products ask the database a few times, however much there is."""

from datetime import timedelta

import pytest

from tests import factories
from tests.cast import signed_in
from tests.queries import counted

pytestmark = pytest.mark.django_db


@pytest.fixture
def crowded(harbour):
    """A customer with both products, each with regions, users and a long history of quotas."""
    plan, today = factories.make_plan(harbour.msp), harbour.msp.today()
    for product in ("hybrid", "saas"):
        tenant = factories.make_tenant(harbour, plan, product, regions=("us-east-1", "eu-central-1", "westeurope"))
        for year in range(8):
            begin = today + timedelta(days=365 * year)
            tenant.quota_periods.create(
                msp=harbour.msp, quota=year, effective_on=begin, end_on=begin + timedelta(days=364)
            )
    return harbour


def asked(client, address: str) -> int:
    client.get(address)  # the first request of a session also notes when the person was last seen
    with counted() as statements:
        assert client.get(address).status_code == 200
    return len(statements)


def test_a_customers_page_asks_no_more_often_with_two_products_than_with_one(ada, sibling, crowded):
    factories.make_tenant(sibling, factories.make_plan(sibling.msp))
    client = signed_in(ada)
    assert asked(client, f"/customers/{crowded.pk}/") <= asked(client, f"/customers/{sibling.pk}/") <= 8


def test_the_page_of_a_product_asks_eight_times(ada, crowded):
    tenant = crowded.tenants.get(product="saas")
    assert asked(signed_in(ada), f"/customers/{crowded.pk}/products/{tenant.pk}/") <= 8


@pytest.mark.parametrize("address", ["/customers/products/", "/service-plans/"])
def test_lists_ask_as_often_for_three_rows_as_for_thirty(ada, scoped, address):
    client = signed_in(ada)
    numbers = []
    for more in (3, 27):
        for _ in range(more):
            factories.make_tenant(factories.make_customer(scoped), factories.make_plan(scoped))
        numbers.append(asked(client, address))
    assert numbers[0] == numbers[1] <= 6
