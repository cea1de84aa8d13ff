"""The rules beneath the code: whatever asks the database as the portal's role is refused by the rule's name."""

from datetime import timedelta

import pytest
from django.db import DatabaseError, connection, transaction

from msc.access import scope
from serviceplans.catalogue import Product
from tenants.models import Tenant
from tenants.states import TenantState
from tests import factories

pytestmark = [pytest.mark.django_db, pytest.mark.pg15]
S = TenantState


def committed(customer, plan, product, regions) -> None:
    """Write a product up to where the database asks at commit."""
    with transaction.atomic(), connection.cursor() as cursor:
        factories.make_tenant(customer, plan, product, regions=regions)
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


@pytest.mark.parametrize(
    ("kind", "statement", "rule"),
    [
        ("commercial", "UPDATE tenants_tenant SET tenant_type = 'evaluation'", "commercial_stays_commercial"),
        ("commercial", "UPDATE tenants_tenant SET tenant_type = 'sandbox', license_expiry = NULL", "sandbox_type_of"),
        ("commercial", "UPDATE tenants_tenant SET license_expiry = current_date + 366 * 9", "commercial_license_is"),
        ("commercial", "UPDATE tenants_tenant SET term_started_on = current_date + 30", "license_term_starts_today"),
        ("commercial", "UPDATE tenants_tenant SET product = 'saas'", "Cannot update"),
        ("commercial", "UPDATE tenants_tenant SET created_on = current_date - 30", "Cannot update"),
        ("commercial", "DELETE FROM tenants_tenant", "Cannot delete"),
        ("commercial", "DELETE FROM tenants_tenantregion", "Cannot delete"),
        ("commercial", "UPDATE tenants_tenantregion SET region_id = region_id + 1", "Cannot"),
        ("commercial", "DELETE FROM tenants_quotaperiod", "Cannot delete"),
        ("commercial", "UPDATE tenants_quotaperiod SET quota = 99", "Cannot update"),
        ("commercial", "UPDATE tenants_quotaperiod SET end_on = end_on + 1", "Cannot update"),
        (
            "commercial",
            (
                "INSERT INTO tenants_quotaperiod (msp_id, tenant_id, quota, effective_on, end_on, created_at)"
                " SELECT msp_id, tenant_id, 1, end_on, end_on + 9, now() FROM tenants_quotaperiod"
            ),
            "quota_periods_do_not_overlap",
        ),
        (
            "commercial",
            (
                "INSERT INTO tenants_tenantworkload (msp_id, tenant_id, workload, user_count, preserved_user_count)"
                " SELECT msp_id, id, 'm365', 1, 0 FROM tenants_tenant"
            ),
            "only_saas_counts_users",
        ),
        (
            "commercial",
            (
                "INSERT INTO tenants_tenantregion (msp_id, tenant_id, region_id, added_at)"
                " SELECT t.msp_id, t.id, r.id, now() FROM tenants_tenant t, serviceplans_storageregion r"
                " WHERE r.name = 'eu-west-3'"
            ),
            "region_is_offered",
        ),
        ("evaluation", "UPDATE tenants_tenant SET license_expiry = license_expiry + 31", "evaluation_is_extended_by"),
        ("evaluation", "UPDATE tenants_tenant SET license_expiry = created_on + 61", "evaluation_"),
        ("evaluation", "UPDATE tenants_tenant SET tenant_type = 'sandbox', license_expiry = NULL", "sandbox_type_of"),
        ("evaluation", "UPDATE customers_customer SET deleted_at = now()", "deleted_customer_has_no_product"),
    ],
)
def test_raw_statements_of_the_portals_role_break_no_rule(harbour, kind, statement, rule):
    today = harbour.msp.today()
    factories.make_tenant(
        harbour, factories.make_plan(harbour.msp), tenant_type=kind, quota=("5", today, today + timedelta(days=9))
    )
    with pytest.raises(DatabaseError, match=rule), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)


@pytest.mark.parametrize(
    ("edition", "product", "regions", "rule"),
    [
        ("business", "saas", ("us-east-1", "westeurope"), "business_has_one_region"),
        ("enterprise", "hybrid", ("westeurope",), "hybrid_has_an_aws_region"),
        ("enterprise", "saas", (), "tenant_has_a_region"),
    ],
)
def test_rules_over_several_tables_hold_at_commit(harbour, edition, product, regions, rule):
    plan = factories.make_plan(harbour.msp, edition=edition)
    with pytest.raises(DatabaseError, match=rule):
        committed(harbour, plan, product, regions)


def test_a_plan_that_does_not_cover_the_product_holds_nothing(harbour):
    plan = factories.make_plan(harbour.msp, products=(Product.SAAS,))
    with pytest.raises(DatabaseError, match="plan_covers_product"):
        committed(harbour, plan, Product.HYBRID, ("us-east-1",))


@pytest.mark.parametrize("state", [S.READY, S.SUSPENDED])
def test_a_page_begins_products_in_creating_and_short_of_thirty_days(harbour, state):
    plan, today = factories.make_plan(harbour.msp), harbour.msp.today()
    common = {"msp": harbour.msp, "customer": harbour, "product": "hybrid", "service_plan": plan, "created_on": today}
    common |= {"term_started_on": today, "license_expiry": today + timedelta(days=31)}
    with pytest.raises(DatabaseError, match="tenant_begins_in_creating"), transaction.atomic():
        Tenant.objects.create(**common, tenant_type="commercial", state=state)
    with pytest.raises(DatabaseError, match="evaluation_begins_with_30_days"), transaction.atomic():
        Tenant.objects.create(**common, tenant_type="evaluation")


def test_rows_of_another_msp_are_neither_owner_nor_part(harbour, foreign, eastgate):
    plan, today = factories.make_plan(harbour.msp), harbour.msp.today()
    with pytest.raises(DatabaseError, match="tenant_of_a_live_customer"), transaction.atomic():
        Tenant.objects.create(
            msp=harbour.msp,
            customer=foreign,
            product="hybrid",
            service_plan=plan,
            tenant_type="commercial",
            created_on=today,
            term_started_on=today,
            license_expiry=today,
        )
    with scope.entered("portal", msp=eastgate.pk):
        theirs = factories.make_tenant(foreign, factories.make_plan(eastgate))
    with pytest.raises(DatabaseError, match="part_of_its_own_msp"), transaction.atomic():
        theirs.quota_periods.create(
            msp_id=harbour.msp_id, quota=1, effective_on=today, end_on=today + timedelta(days=1)
        )
