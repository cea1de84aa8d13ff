"""The rollups equal a brute-force recount, whatever the order, the repetitions and the moment of the count."""

import itertools
import random
from collections import defaultdict
from datetime import date, datetime, timedelta
from decimal import ROUND_DOWN, Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from customers.models import CustomerSummary
from health import intake, overdue, rollups
from health.days import bounds_of
from health.models import DataSource, DirtyDay, RollupState, Run, TenantDay, TenantHealth
from msc.access import scope
from msc.access.models import Msp
from serviceplans.catalogue import Product
from tenants.models import QuotaPeriod
from tests.factories import make_customer, make_msp, make_plan, make_tenant
from tests.health import oracle
from tests.health.conftest import at, run, usage

pytestmark = pytest.mark.django_db

ZONES = (
    "Europe/Berlin",
    "America/New_York",
    "Australia/Lord_Howe",
    "Asia/Kathmandu",
    "America/Sao_Paulo",
    "Pacific/Apia",
)
#: Just after DST changes in both directions on both halves of the globe, a leap day, a month's and a year's end.
MOMENTS = (
    "2026-03-30T09:00:00Z",
    "2026-10-26T09:00:00Z",
    "2026-11-02T09:00:00Z",
    "2026-04-05T20:00:00Z",
    "2028-03-01T01:00:00Z",
    "2027-01-01T00:30:00Z",
    "2026-11-24T08:00:00Z",
)
NUMBERS = itertools.count()


def drain_all(msp: Msp, now: datetime) -> None:
    while rollups.drain(msp, now):
        pass


def per_cent(value: Decimal) -> Decimal:
    return value.quantize(Decimal("0.01"), ROUND_DOWN)


def figures(tenant):
    rows = TenantDay.objects.filter(tenant=tenant).values_list(
        "day", "successful", "with_errors", "failed", "cancelled", "restores", "restores_failed", "cu"
    )
    return {day: list(row) for day, *row in rows}


@st.composite
def histories(draw):
    """A moment to count at, and states of a few jobs, many of them near the borders of days, to 95 days back."""
    now = at(draw(st.sampled_from(MOMENTS)))
    zone = ZoneInfo(draw(st.sampled_from(ZONES)))
    today = now.astimezone(zone).date()
    states = []
    for job in range(draw(st.integers(1, 25))):
        back = draw(st.sampled_from((0, 0, 1, 2, 6, 27, 28, 29, 30, 31, 60, 89, 90, 91, 95)))
        start, end = bounds_of(today - timedelta(days=back), zone)
        border = draw(st.sampled_from((start, end)))
        ended = border + timedelta(microseconds=draw(st.sampled_from((-1, 0, 1, -3_600_000_000, 5_400_000_000))))
        ended = min(ended, now)
        fields = {
            "data_source": f"s{job % 3}",
            "kind": draw(st.sampled_from(("backup", "backup", "backup", "restore", "maintenance", "other"))),
            "started_at": (ended - timedelta(hours=draw(st.integers(0, 30)))).isoformat(),
        }
        for _ in range(draw(st.integers(1, 3))):
            status = draw(st.sampled_from(("running", "successful", "completed_with_errors", "failed", "cancelled")))
            moved = ended - timedelta(minutes=draw(st.sampled_from((0, 0, 30))))
            moved = max(moved, datetime.fromisoformat(fields["started_at"]))
            states.append(
                (
                    f"j{job:02}",
                    {
                        **fields,
                        "status": status,
                        "ended_at": None if status == "running" else moved.isoformat(),
                        "message": status if status in ("failed", "completed_with_errors") else None,
                    },
                )
            )
    order = draw(st.permutations(states + draw(st.lists(st.sampled_from(states), max_size=10))))
    cuts = sorted(draw(st.lists(st.integers(0, len(order)), max_size=3)))
    cu = {
        today - timedelta(days=back): Decimal(back + 1) / 4
        for back in draw(st.sets(st.sampled_from((0, 5, 29, 30, 89, 90, 95))))
    }
    return now, zone, order, cuts, cu


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(history=histories())
def test_the_figures_equal_a_recount_of_everything(db, history):
    now, zone, order, cuts, cu = history
    msp = make_msp(f"MSP of history {next(NUMBERS)}", zone=zone.key)
    today = now.astimezone(zone).date()
    with scope.entered("portal", msp=msp.pk):
        customer = make_customer(msp)
        plan = make_plan(msp)
        tenant = make_tenant(customer, plan, quota=("40", today - timedelta(days=29), today + timedelta(days=5)))
        records = [run(tenant, job, **fields) for job, fields in order]
    for first, last in itertools.pairwise([0, *cuts, len(records)]):
        with scope.entered("portal", msp=msp.pk):
            intake.store_runs(msp, list(enumerate(records[first:last], 1)), now)
        if first % 2:
            rollups.drain(msp, now)
    with scope.entered("portal", msp=msp.pk):
        intake.store_usage(
            msp,
            [(n, usage(tenant, day=str(day), cu_consumed=str(value))) for n, (day, value) in enumerate(cu.items())],
            now,
        )
    overdue.close_overdue_jobs(msp, now)
    drain_all(msp, now)

    expected = oracle.closed(oracle.newest(records, now), now)
    with scope.entered("portal", msp=msp.pk):
        table = oracle.days(expected, cu, zone)
        assert figures(tenant) == table
        by_source = defaultdict(list)
        for one in expected:
            by_source[one.data_source].append(one)
        for found in DataSource.objects.filter(tenant=tenant):
            # A source whose jobs all moved elsewhere does not occur here: a job keeps its source.
            wanted = oracle.source(by_source[found.name], now, zone, today)
            assert {name: getattr(found, name) for name in wanted} == wanted
        good, errors, failed, cancelled, restores = oracle.window(table, today, 30, 0, 1, 2, 3, 4)
        health = TenantHealth.objects.get(tenant=tenant)
        assert (health.successful_30d, health.with_errors_30d, health.failed_30d) == (good, errors, failed)
        assert (health.cancelled_30d, health.restores_30d) == (cancelled, restores)
        used = oracle.window(table, today, 30, 6)[0]
        assert health.quota_used_percent == per_cent(100 * Decimal(used) / 40)
        summary = CustomerSummary.objects.get(customer=customer)
        assert summary.health == oracle.health([oracle.source(runs, now, zone, today) for runs in by_source.values()])
        assert summary.backups_30d == good + errors + failed + cancelled
        rate = per_cent(Decimal(100 * (good + errors)) / (good + errors + failed)) if good + errors + failed else None
        assert summary.backup_success == rate
        recent = [value for day, value in cu.items() if day > today - timedelta(days=90)]
        assert summary.cu_90d == (sum(recent) if recent else None)
        assert not DirtyDay.objects.filter(tenant=tenant).exists()


@pytest.fixture
def now():
    return at("2026-11-24T08:00:00Z")


@pytest.fixture
def counted(hybrid, scoped, now):
    """Runs of 40 days, one a day, each fifth failed, stored and counted."""
    records = [
        run(
            hybrid,
            f"j{n}",
            started_at=None,
            ended_at=(now - timedelta(days=n)).isoformat(),
            status="failed" if n % 5 == 4 else "successful",
        )
        for n in range(40)
    ]
    intake.store_runs(scoped, list(enumerate(records)), now)
    drain_all(scoped, now)
    return hybrid


def test_the_window_moves_at_the_msps_midnight(counted, scoped, now):
    assert TenantHealth.objects.get().backups_30d == 30
    before = at("2026-11-24T22:59:59Z")
    rollups.keep_up(scoped, before)
    assert TenantHealth.objects.get().backups_30d == 30
    rollups.keep_up(scoped, at("2026-11-24T23:00:00Z"))
    assert TenantHealth.objects.get().backups_30d == 29
    assert RollupState.objects.get().window_on == date(2026, 11, 25)
    # Three days without a tick are made up for at once.
    rollups.keep_up(scoped, at("2026-11-27T23:00:00Z"))
    assert TenantHealth.objects.get().backups_30d == 26
    summary = CustomerSummary.objects.get()
    assert (summary.backups_30d, summary.backup_success) == (26, Decimal("80.76"))


def test_counting_again_changes_nothing(counted, scoped, now):
    before = list(TenantDay.objects.order_by("pk").values())
    for row in TenantDay.objects.all():
        DirtyDay.objects.create(msp=scoped, tenant=counted, day=row.day)
    drain_all(scoped, now)
    assert list(TenantDay.objects.order_by("pk").values()) == before


def test_a_source_falls_silent_and_is_heard_again(counted, scoped, now):
    assert CustomerSummary.objects.get().silent_sources == 0
    rollups.keep_up(scoped, now + timedelta(days=7, seconds=-1))
    assert not DataSource.objects.get().is_silent
    rollups.keep_up(scoped, now + timedelta(days=7))
    assert DataSource.objects.get().is_silent
    assert CustomerSummary.objects.get().silent_sources == 1
    later = now + timedelta(days=8)
    intake.store_runs(scoped, [(1, run(counted, "new", started_at=None, ended_at=later.isoformat()))], later)
    drain_all(scoped, later)
    assert CustomerSummary.objects.get().silent_sources == 0


@pytest.mark.parametrize(("ago", "is_silent"), [(timedelta(days=7), True), (timedelta(days=7, seconds=-1), False)])
def test_a_source_that_is_first_counted_late_is_silent_from_the_same_moment(hybrid, scoped, now, ago, is_silent):
    intake.store_runs(scoped, [(1, run(hybrid, started_at=None, ended_at=(now - ago).isoformat()))], now)
    drain_all(scoped, now)
    assert DataSource.objects.get().is_silent is is_silent


@pytest.mark.parametrize(("hours", "silent_after"), [(24, 26.4), (1, 2), (4, 5), (168, 184.8), (None, 168)])
def test_how_long_a_source_may_be_silent_follows_from_its_policy(hybrid, scoped, now, hours, silent_after):
    policy = hours and {"name": "Policy", "interval_hours": hours}
    intake.store_runs(scoped, [(1, run(hybrid, started_at=None, ended_at=now.isoformat(), policy=policy))], now)
    drain_all(scoped, now)
    assert DataSource.objects.get().silent_from == now + timedelta(hours=silent_after)


def test_a_changed_zone_marks_all_open_days_and_gives_the_figures_of_the_new_zone(hybrid, scoped, now):
    moments = [at("2026-11-20T23:30:00Z") - timedelta(days=n) for n in range(20)]
    records = [run(hybrid, f"j{n}", started_at=None, ended_at=moment.isoformat()) for n, moment in enumerate(moments)]
    intake.store_runs(scoped, list(enumerate(records)), now)
    drain_all(scoped, now)
    rollups.keep_up(scoped, now)
    assert max(figures(hybrid)) == date(2026, 11, 21)
    with scope.entered("support"):
        Msp.objects.filter(pk=scoped.pk).update(time_zone="America/New_York")
    scoped.refresh_from_db()
    rollups.keep_up(scoped, now)
    drain_all(scoped, now)
    assert figures(hybrid) == oracle.days(oracle.newest(records, now), {}, ZoneInfo("America/New_York"))


def test_a_run_that_moves_to_another_source_is_taken_from_the_first(hybrid, scoped, now):
    intake.store_runs(scoped, [(1, run(hybrid)), (2, run(hybrid, "j2"))], now)
    drain_all(scoped, now)
    moved = run(hybrid, data_source="srv-2", ended_at="2026-11-20T03:00:00+01:00")
    intake.store_runs(scoped, [(1, moved)], now)
    drain_all(scoped, now)
    assert dict(DataSource.objects.values_list("name", "last_backup_job")) == {"srv-1": "j2", "srv-2": "j1"}


def test_quota_used_follows_a_changed_quota_without_new_facts(counted, scoped, now):
    intake.store_usage(scoped, [(1, usage(counted))], now)
    drain_all(scoped, now)
    assert TenantHealth.objects.get().quota_used_percent is None
    QuotaPeriod.objects.create(msp=scoped, tenant=counted, quota=6, effective_on="2026-11-01", end_on="2026-12-31")
    drain_all(scoped, now)
    assert TenantHealth.objects.get().quota_used_percent == 25
    QuotaPeriod.objects.update(replaced_at=now)
    QuotaPeriod.objects.create(msp=scoped, tenant=counted, quota=0, effective_on="2026-11-01", end_on="2026-12-31")
    drain_all(scoped, now)
    assert TenantHealth.objects.get().quota_used_percent is None


def test_old_days_close_only_when_they_are_counted_and_stay_closed(counted, scoped, now, settings):
    settings.MSC_RUN_RETENTION_DAYS = 10
    DirtyDay.objects.create(msp=scoped, tenant=counted, day=date(2026, 10, 20))
    assert not rollups.close_days(scoped, now)
    drain_all(scoped, now)
    assert rollups.close_days(scoped, now)
    before = figures(counted)
    assert rollups.purge(scoped) == 27
    assert Run.objects.count() == 13
    # A late run of a closed day is refused, and nothing recounts the day.
    settings.MSC_RUN_RETENTION_DAYS = 400
    late = run(counted, "late", started_at=None, ended_at="2026-11-01T10:00:00Z")
    outcome = intake.store_runs(scoped, [(1, late)], now)
    assert [one.reason for one in outcome.refusals] == ["Too old: days before 2026-11-14 are closed."]
    DirtyDay.objects.create(msp=scoped, tenant=counted, day=date(2026, 11, 1))
    drain_all(scoped, now)
    assert figures(counted) == before


def test_a_purged_tenant_leaves_its_daily_totals(counted, scoped, now):
    before = figures(counted)
    rollups.forget_tenant(scoped, counted.pk)
    assert not Run.objects.exists()
    assert not DataSource.objects.exists()
    assert figures(counted) == before


def test_random_batches_in_two_orders_give_the_same_rows(harbour, plan, scoped, now):
    dice = random.Random(7)
    statuses = ("running", "successful", "completed_with_errors", "failed", "cancelled")
    history = []
    for _ in range(300):
        ended = now - timedelta(minutes=dice.randrange(95 * 24 * 60))
        status = dice.choice(statuses)
        history.append(
            (
                f"j{dice.randrange(120)}",
                {
                    "status": status,
                    "started_at": ended.isoformat(),
                    "ended_at": None if status == "running" else ended.isoformat(),
                },
            )
        )
    results = []
    for product, workload in ((Product.HYBRID, "vmware"), (Product.SAAS, "m365")):
        tenant = make_tenant(harbour, plan, product)
        dice.shuffle(history)
        for begin in range(0, 300, 50):
            batch = [run(tenant, job, workload=workload, **fields) for job, fields in history[begin : begin + 50]]
            intake.store_runs(scoped, list(enumerate(batch)), now)
            if dice.random() < 0.5:
                rollups.drain(scoped, now)
        drain_all(scoped, now)
        results.append(figures(tenant))
    assert results[0] == results[1]


@pytest.mark.parametrize("kind", ["maintenance", "other"])
@pytest.mark.parametrize("status", ["successful", "failed"])
def test_what_is_no_backup_changes_no_figure_and_no_status(hybrid, northwind, kind, status):
    now = at("2026-11-24T08:00:00Z")
    intake.store_runs(northwind, [(1, run(hybrid, status="failed"))], now)
    drain_all(northwind, now)
    before = DataSource.objects.values().get(), figures(hybrid), TenantHealth.objects.values().get()
    later = run(hybrid, "j2", kind=kind, status=status, ended_at="2026-11-24T07:00:00Z")
    alone = run(hybrid, "j3", kind=kind, status=status, ended_at="2026-11-24T07:00:00Z", data_source="srv-2")
    intake.store_runs(northwind, [(1, later), (2, alone)], now)
    drain_all(northwind, now)
    after = DataSource.objects.values().get(name="srv-1"), figures(hybrid), TenantHealth.objects.values().get()
    assert after[:2] == before[:2]
    assert after[2] == before[2] | {"sources": 2}
    other = DataSource.objects.get(name="srv-2")
    assert (other.last_status, other.heard_at, other.silent_from, other.is_silent) == (None, None, None, False)
