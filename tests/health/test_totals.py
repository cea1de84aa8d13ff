"""Months of tenants and days of an MSP are kept beside the daily totals, and the consumption page reads the same from both."""

import csv
import io
import random
from collections import defaultdict
from datetime import date, timedelta
from decimal import Decimal
from importlib import import_module

import pytest
import time_machine
from django.db import connections
from django.test import RequestFactory
from django.utils import timezone

from customers.models import Customer, CustomerIdentity
from health import consumption
from health.models import MspDay, TenantDay, TenantMonth
from health.spans import Span, month_of
from health.views_consumption import Consumption
from msc.access import scope
from msc.pages.paging import Page, Total
from msc.pages.tables import Reading
from serviceplans.catalogue import Product
from tenants.models import Tenant
from tests.factories import make_customer, make_plan, make_tenant, make_usage
from tests.sign_in import client_of

pytestmark = pytest.mark.django_db
TODAY = date(2026, 3, 17)
FIRST = date(2025, 12, 20)


@pytest.fixture(autouse=True)
def noon():
    with time_machine.travel("2026-03-17T12:00:00+01:00", tick=False):
        yield


def counted(days) -> tuple[dict, dict]:
    """Count months of tenants and days of MSPs the slow way from rows of MSP, tenant, day and CU."""
    months, of_msp = defaultdict(lambda: [Decimal(0), set()]), defaultdict(lambda: [Decimal(0), 0])
    for msp, tenant, day, cu in days:
        if cu is None:
            continue
        month = months[msp, tenant, day.replace(day=1)]
        month[0] += cu
        month[1].add(day.day)
        of_msp[msp, day][0] += cu
        of_msp[msp, day][1] += 1
    return dict(months), dict(of_msp)


def stored() -> tuple[dict, dict]:
    """Return what the database keeps; an MSP's day that nobody reports any more may stay with nothing."""
    months = {
        (msp, tenant, month): [cu, {bit + 1 for bit in range(31) if days >> bit & 1}]
        for msp, tenant, month, cu, days in TenantMonth.objects.values_list("msp", "tenant", "month", "cu", "days")
    }
    days = MspDay.objects.values_list("msp", "day", "cu", "tenants")
    return months, {(msp, day): [cu, tenants] for msp, day, cu, tenants in days if tenants or cu}


def assert_kept() -> None:
    assert stored() == counted(TenantDay.objects.values_list("msp", "tenant", "day", "cu"))


def write_at_random(dice: random.Random, tenants: list[Tenant]) -> None:
    """Insert, change and delete days of the tenants, many rows in one statement, as the rollup does."""
    value = lambda: dice.choice([None, Decimal(0), Decimal(dice.randrange(10**9)) / 10**6])  # noqa: E731
    rows = [
        TenantDay(msp_id=tenant.msp_id, tenant=tenant, day=FIRST + timedelta(days=dice.randrange(100)), cu=value())
        for tenant in tenants
        for _ in range(dice.randrange(20))
    ]
    TenantDay.objects.bulk_create(
        {(row.tenant_id, row.day): row for row in rows}.values(),
        update_conflicts=True,
        unique_fields=["msp", "tenant", "day"],
        update_fields=["cu"],
    )
    some = dice.sample(list(TenantDay.objects.values_list("pk", flat=True)), 5)
    TenantDay.objects.filter(pk__in=some[:3]).update(cu=value())
    TenantDay.objects.filter(pk__in=some[3:]).delete()
    TenantDay.objects.filter(tenant=dice.choice(tenants), day__month=1).delete()


@pytest.mark.parametrize("seed", range(6))
def test_the_database_keeps_both_whatever_is_written(scoped, plan, seed):
    dice = random.Random(seed)
    tenants = [make_tenant(make_customer(scoped), plan) for _ in range(4)]
    with scope.entered("worker", msp=scoped.pk):
        for _ in range(8):
            write_at_random(dice, tenants)
            assert_kept()
        TenantDay.objects.all().delete()
        assert not TenantMonth.objects.exists()
        assert_kept()


@pytest.fixture
def world(scoped, plan, tom):
    """Customers of both products, some of them Tom's, some products deleted, one customer too; usage at random."""
    dice = random.Random(20)
    for number in range(12):
        customer = make_customer(scoped, f"Customer {number:02}", admins=(tom,) if number % 3 == 0 else ())
        for product in Product.values[: 1 + number % 2]:
            # Created on any day before; the last four customers' products were deleted three weeks ago.
            created_on = FIRST + timedelta(days=dice.randrange(60))
            with time_machine.travel(f"2026-02-{24 if number > 7 else 28}T12:00:00+01:00", tick=False):
                expiry, state = created_on + timedelta(days=1), "deleted" if number > 7 else "ready"
                tenant = make_tenant(customer, plan, product, expiry=expiry, state=state)
            make_usage(
                tenant,
                {
                    FIRST + timedelta(days=back): dice.choice([None, "0", f"{dice.randrange(10**8)}e-6"])
                    for back in dice.sample(range(95), dice.randrange(60))
                },
            )
    gone = Customer.objects.get(account_name="Customer 11")
    with scope.entered("worker", msp=scoped.pk):
        CustomerIdentity.objects.filter(customer=gone).delete()
        Customer.objects.filter(pk=gone.pk).update(deleted_at=timezone.now())
    return scoped


def expected(person, span: Span) -> tuple[dict, Decimal | None]:
    """Return CU and unknown days of each tenant that should have a row, and the sum of them, in plain Python."""
    rows = {}
    for tenant in Tenant.objects.for_user(person).filter(customer__deleted_at=None):
        days = TenantDay.objects.filter(tenant=tenant, cu__isnull=False, day__range=(span.first, span.last))
        known = dict(days.values_list("day", "cu"))
        if tenant.deleted_at and not known:
            continue
        until = min(span.last, TODAY - timedelta(days=1))
        ended = tenant.deleted_at.astimezone(person.msp.zone).date() if tenant.deleted_at else until
        stood = (min(until, ended) - max(span.first, tenant.created_on)).days + 1
        unknown = max(0, stood - sum(day < TODAY for day in known))
        rows[tenant.pk] = (sum(known.values()) if known else None, unknown)
    reported = [cu for cu, _ in rows.values() if cu is not None]
    return rows, sum(reported) if reported else None


SPANS = [
    *(month_of(date(2026, month, 1)) for month in (1, 2, 3, 4)),
    month_of(FIRST),
    month_of(date(2024, 2, 1)),
    Span(date(2026, 3, 2), date(2026, 3, 31)),
    Span(date(2025, 12, 31), date(2026, 2, 1)),
    Span(date(2026, 2, 28), date(2026, 2, 28)),
    Span(date(2025, 6, 1), date(2026, 3, 17)),
]


@pytest.mark.parametrize("name", ["ada", "tom"])
@pytest.mark.parametrize("span", SPANS, ids=lambda span: span.label)
def test_a_month_and_any_other_days_equal_a_recount(request, world, name, span):
    person = request.getfixturevalue(name)
    rows, total = expected(person, span)
    found = consumption.with_consumption(Tenant.objects.for_user(person), person, span, TODAY)
    assert {pk: (cu, days) for pk, cu, days in found.values_list("pk", "cu", "unknown_days")} == rows
    assert consumption.sums(person, span, None, TODAY).total == total
    everything, saas = Tenant.objects.for_user(person), Tenant.objects.for_user(person).filter(product=Product.SAAS)
    assert consumption.number_of_tenants(everything, person, span, None) == len(rows)
    assert consumption.number_of_tenants(everything, person, span, 3) == min(3, len(rows))
    of_saas = [rows[pk][0] for pk in saas.values_list("pk", flat=True) if pk in rows]
    assert consumption.number_of_tenants(saas, person, span, None) == len(of_saas)
    reported = [cu for cu in of_saas if cu is not None]
    assert consumption.sums(person, span, saas, TODAY).total == (sum(reported) if reported else None)


@pytest.mark.parametrize("sort", ["consumed", "-consumed", "unknown", "-unknown"])
@pytest.mark.parametrize("days", [{"month": "2026-02"}, {"since": "2026-02-02", "until": "2026-02-28"}])
def test_every_order_is_that_of_the_figures(ada, world, days, sort):
    answer = client_of(ada).get("/consumption/", {**days, "sort": sort, "export": "all"})
    lines = list(csv.DictReader(io.StringIO(b"".join(answer.streaming_content).decode("utf-8-sig"))))
    column = "Consumed (CU)" if "consumed" in sort else "Days Without Data"
    values = [Decimal(line[column]) for line in lines if line[column]]
    assert len(values) > 5
    assert values == sorted(values, reverse=sort.startswith("-"))
    assert [line[column] for line in lines][len(values) :] == [""] * (len(lines) - len(values))


@pytest.mark.parametrize("sort", ["consumed", "-consumed"])
def test_the_pages_of_that_order_are_those_of_the_file(ada, world, sort):
    """Products without any usage follow those with some, over the border of a page too, each of them once."""
    asked = {"month": "2026-02", "sort": sort}
    answer = client_of(ada).get("/consumption/", {**asked, "export": "all"})
    _, *lines = csv.reader(io.StringIO(b"".join(answer.streaming_content).decode("utf-8-sig")))
    request = RequestFactory().get("/consumption/", asked)
    request.user = ada
    page = Consumption()
    page.setup(request)
    reading = Reading([page.table.declared()["customer"], page.table.declared()["consumed"]])
    pages = [page.one_page(reading, Page(number, 4, Total(len(lines)))) for number in range(1, 8)]
    rows = [(row[1], row[4]) for one in pages for row in one]
    wanted = [(line[0], Decimal(line[3]) if line[3] else None) for line in lines]
    assert rows == wanted
    assert {cu is None for _, cu in rows} == {True, False}


def test_of_what_nobody_used_the_sum_is_zero_and_of_what_nobody_reported_there_is_none(ada, hybrid):
    make_usage(hybrid, {date(2026, 3, 2): "0", date(2026, 2, 2): None})
    assert "<dt>Consumed</dt><dd>0.00 CU</dd>" in client_of(ada).get("/consumption/").content.decode()
    before = client_of(ada).get("/consumption/", {"month": "2026-02"}).content.decode()
    assert "<dt>Consumed</dt><dd>No usage records</dd>" in before


@pytest.mark.django_db(transaction=True, databases=["default", "cache", "owner"])
def test_an_upgrade_counts_the_days_that_stand_already(northwind, eastgate):
    dice = random.Random(5)
    for msp in (northwind, eastgate):
        with scope.entered("portal", msp=msp.pk):
            tenants = [make_tenant(make_customer(msp), make_plan(msp)) for _ in range(3)]
        with scope.entered("worker", msp=msp.pk):
            write_at_random(dice, tenants)
            write_at_random(dice, tenants)
    with connections["owner"].cursor() as cursor:
        cursor.execute("DELETE FROM health_tenantmonth; DELETE FROM health_mspday WHERE day < '2026-02-01'")
        cursor.execute(import_module("health.migrations.0009_months_of_old_days").FILL)
    for msp in (northwind, eastgate):
        with scope.entered("worker", msp=msp.pk):
            assert TenantMonth.objects.exists()
            assert_kept()
