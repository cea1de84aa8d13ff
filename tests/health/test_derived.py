"""Usage derived from sizes and users by the plan's rates, only where nobody reports any."""

from datetime import date, timedelta
from decimal import Decimal

import pytest

from health import derived, intake, rollups
from health.models import TenantDay, UsageRecord
from serviceplans.models import PlanProduct
from tenants.models import Tenant, TenantWorkload
from tenants.states import TenantState
from tests.health.conftest import at, run, usage

pytestmark = pytest.mark.django_db
NOW = at("2026-11-24T08:00:00Z")
TB = 10**12


@pytest.fixture
def rated(hybrid, scoped):
    PlanProduct.objects.filter(plan=hybrid.service_plan).update(cu_per_tb_month=365, cu_per_user_month="3.65")
    records = [
        run(hybrid, "a", ended_at="2026-11-20T10:00:00Z", bytes=TB),
        run(hybrid, "b", ended_at="2026-11-22T10:00:00Z", bytes=3 * TB),
        run(hybrid, "c", ended_at="2026-11-23T10:00:00Z", bytes=9 * TB, status="failed"),
        run(hybrid, "d", ended_at="2026-11-22T11:00:00Z", bytes=TB, data_source="srv-2"),
    ]
    assert not intake.store_runs(scoped, list(enumerate(records)), NOW).refusals
    return hybrid


def drain(msp):
    while rollups.drain(msp, NOW):
        pass


def test_each_day_takes_the_last_good_size_known_by_then(rated, scoped):
    assert derived.derive_usage(scoped, NOW) == 4
    drain(scoped)
    sizes = dict(UsageRecord.objects.values_list("day", "amount"))
    assert sizes == {
        date(2026, 11, 20): TB,
        date(2026, 11, 21): TB,
        date(2026, 11, 22): 4 * TB,
        date(2026, 11, 23): 4 * TB,
    }
    # 365 CU per TB and month are 12 CU per TB and day.
    assert TenantDay.objects.get(day="2026-11-22").cu == Decimal(48)
    assert derived.derive_usage(scoped, NOW) == 0


def test_a_late_run_corrects_the_day(rated, scoped):
    derived.derive_usage(scoped, NOW)
    intake.store_runs(scoped, [(1, run(rated, "late", ended_at="2026-11-21T10:00:00Z", bytes=2 * TB))], NOW)
    assert derived.derive_usage(scoped, NOW) == 1
    assert UsageRecord.objects.get(day="2026-11-21").amount == 2 * TB


def test_reported_usage_stands_for_the_derived_whenever_it_comes(rated, scoped):
    derived.derive_usage(scoped, NOW)
    intake.store_usage(scoped, [(1, usage(rated, day="2026-11-22", measure="Storage", cu_consumed="7"))], NOW)
    drain(scoped)
    assert TenantDay.objects.get(day="2026-11-22").cu == 7
    assert TenantDay.objects.get(day="2026-11-23").cu == 48


def test_a_suspended_tenant_is_still_billed_and_a_plan_without_rates_derives_nothing(rated, scoped):
    Tenant.objects.filter(pk=rated.pk).update(state=TenantState.SUSPENDED)
    assert derived.derive_usage(scoped, NOW) == 4
    PlanProduct.objects.update(cu_per_tb_month=None)
    assert derived.derive_usage(scoped, NOW + timedelta(days=1)) == 0


def test_users_are_derived_for_workloads_that_were_heard_of(saas, scoped):
    PlanProduct.objects.filter(plan=saas.service_plan, product="saas").update(cu_per_user_month="3.65")
    TenantWorkload.objects.create(msp=scoped, tenant=saas, workload="m365", user_count=50)
    TenantWorkload.objects.create(msp=scoped, tenant=saas, workload="google_workspace", user_count=5)
    intake.store_runs(scoped, [(1, run(saas, workload="m365", ended_at="2026-11-22T10:00:00Z"))], NOW)
    drain(scoped)
    assert derived.derive_usage(scoped, NOW) == 1
    record = UsageRecord.objects.get()
    assert (record.workload, record.amount, record.cu, record.day) == ("m365", 50, 6, date(2026, 11, 23))
