"""The rules of products as a table: each limit at its last lawful and first unlawful value."""

from datetime import date, timedelta
from decimal import Decimal
from typing import NamedTuple

import pytest

from msc.errors import DomainError
from tenants import rules
from tenants.rules import Choice, PlanTerms, Quota, Standing, Users

TODAY = date(2026, 11, 24)


class Place(NamedTuple):
    pk: int
    provider: str
    name: str


VIRGINIA, FRANKFURT = Place(1, "aws", "us-east-1"), Place(2, "aws", "eu-central-1")
EUROPE, PARIS = Place(3, "azure", "westeurope"), Place(4, "aws", "eu-west-3")
OFFERED = {1, 2, 3}
ELITE = PlanTerms("elite", frozenset({"m365", "vmware"}))
BUSINESS = PlanTerms("business", frozenset({"m365", "vmware"}))


def choice(**changes) -> Choice:
    usual = {
        "product": "hybrid",
        "plan": ELITE,
        "tenant_type": "evaluation",
        "license_expiry": TODAY + timedelta(days=30),
        "regions": (VIRGINIA,),
    }
    return Choice(**{**usual, **changes})


def standing(**changes) -> Standing:
    usual = {
        "tenant_type": "evaluation",
        "license_expiry": TODAY + timedelta(days=10),
        "created_on": TODAY - timedelta(days=20),
        "term_started_on": TODAY - timedelta(days=20),
        "region_ids": frozenset({1}),
    }
    return Standing(**{**usual, **changes})


def broken(
    asked: Choice, stands: Standing | None = None, *, is_sandbox: bool = False, today: date = TODAY
) -> list[str]:
    found = rules.problems(asked, stands, offered=OFFERED, is_sandbox=is_sandbox, today=today)
    return [problem.field for problem in found]


def day(offset: int) -> date:
    return TODAY + timedelta(days=offset)


@pytest.mark.parametrize(
    ("asked", "fields"),
    [
        ({}, []),
        ({"license_expiry": day(1)}, []),
        ({"license_expiry": day(0)}, ["license_expiry"]),
        ({"license_expiry": day(31)}, ["license_expiry"]),
        ({"license_expiry": None}, ["license_expiry"]),
        ({"tenant_type": "commercial", "license_expiry": date(2034, 11, 24)}, []),
        ({"tenant_type": "commercial", "license_expiry": date(2034, 11, 25)}, ["license_expiry"]),
        ({"product": "saas", "tenant_type": "commercial", "license_expiry": date(2029, 11, 24)}, []),
        ({"product": "saas", "tenant_type": "commercial", "license_expiry": date(2029, 11, 25)}, ["license_expiry"]),
        ({"plan": None}, ["service_plan"]),
        ({"tenant_type": "sandbox", "license_expiry": None}, ["tenant_type"]),
        ({"regions": ()}, ["regions"]),
        ({"regions": (EUROPE,)}, ["regions"]),
        ({"regions": (EUROPE, VIRGINIA)}, []),
        ({"product": "saas", "regions": (EUROPE,)}, []),
        ({"regions": (VIRGINIA, PARIS)}, ["regions"]),
        ({"plan": BUSINESS}, []),
        ({"plan": BUSINESS, "regions": (VIRGINIA, FRANKFURT)}, ["regions"]),
        ({"quota": Quota(Decimal(0), TODAY, day(1))}, []),
        ({"quota": Quota(Decimal(5), TODAY, TODAY)}, ["quota_end_on"]),
        ({"quota": Quota(Decimal("-0.0001"), TODAY, day(1))}, ["quota"]),
        ({"quota": Quota(Decimal("0.00001"), TODAY, day(1))}, ["quota"]),
        ({"quota": Quota(Decimal("NaN"), TODAY, day(1))}, ["quota"]),
        ({"quota": Quota(Decimal(10) ** 12, TODAY, day(1))}, ["quota"]),
        ({"product": "saas", "users": {"m365": Users(5, 1)}}, []),
        ({"product": "saas", "users": {"m365": Users(-1, 0)}}, ["m365_users"]),
        ({"product": "saas", "users": {"endpoints": Users(0, 0)}}, []),
        ({"product": "saas", "users": {"endpoints": Users(1, 2)}}, ["endpoints_users", "endpoints_preserved_users"]),
        ({"product": "saas", "users": {"salesforce": Users(1, 0)}}, [None]),
        ({"users": {"m365": Users(1, 0)}}, [None]),
    ],
)
def test_a_new_product(asked, fields):
    assert broken(choice(**asked)) == fields


@pytest.mark.parametrize(
    ("stands", "asked", "fields"),
    [
        # An extension: at most 30 days beyond the later of today and the expiry, at most 60 days after creation.
        ({}, {"license_expiry": day(40)}, []),
        ({}, {"license_expiry": day(41)}, ["license_expiry"]),
        ({"license_expiry": day(-5)}, {"license_expiry": day(30)}, []),
        ({"license_expiry": day(-5)}, {"license_expiry": day(31)}, ["license_expiry"]),
        ({"created_on": day(-40)}, {"license_expiry": day(20)}, []),
        ({"created_on": day(-40)}, {"license_expiry": day(21)}, ["license_expiry"]),
        ({"created_on": day(-60), "license_expiry": day(-30)}, {"license_expiry": day(1)}, ["license_expiry"]),
        # What stands may stay, even when it has passed.
        ({"license_expiry": day(-5)}, {"license_expiry": day(-5)}, []),
        ({"license_expiry": day(-5)}, {"license_expiry": day(-4)}, ["license_expiry"]),
        # One way only.
        ({}, {"tenant_type": "commercial", "license_expiry": date(2034, 11, 24)}, []),
        ({}, {"tenant_type": "commercial", "license_expiry": date(2034, 11, 25)}, ["license_expiry"]),
        ({"tenant_type": "commercial"}, {"license_expiry": day(10)}, ["tenant_type"]),
        ({"tenant_type": "commercial"}, {"tenant_type": "commercial", "license_expiry": date(2034, 11, 24)}, []),
        ({}, {"tenant_type": "sandbox", "license_expiry": None}, ["tenant_type"]),
        # Regions are added, never removed; one that is not offered any more may stay.
        ({"license_expiry": day(30)}, {"regions": (VIRGINIA, FRANKFURT)}, []),
        ({"license_expiry": day(30)}, {"regions": (FRANKFURT,)}, ["regions"]),
        ({"license_expiry": day(30), "region_ids": frozenset({4})}, {"regions": (PARIS,)}, []),
        (
            {"license_expiry": day(30), "region_ids": frozenset({1, 2})},
            {"plan": BUSINESS, "regions": (VIRGINIA, FRANKFURT)},
            ["service_plan"],
        ),
    ],
)
def test_a_product_that_stands(stands, asked, fields):
    assert broken(choice(**asked), standing(**stands)) == fields


@pytest.mark.parametrize(
    ("asked", "fields"),
    [
        ({"tenant_type": "sandbox", "license_expiry": None}, []),
        ({"tenant_type": "sandbox"}, ["license_expiry"]),
        ({"tenant_type": "evaluation"}, ["tenant_type"]),
        ({"tenant_type": "commercial", "license_expiry": day(90)}, ["tenant_type"]),
    ],
)
def test_a_product_of_the_sandbox(asked, fields):
    assert broken(choice(**asked), is_sandbox=True) == fields


@pytest.mark.parametrize(
    ("start", "years", "end"),
    [
        (date(2024, 2, 29), 8, date(2032, 2, 29)),
        (date(2024, 2, 29), 3, date(2027, 2, 28)),
        (date(2096, 2, 29), 4, date(2100, 2, 28)),
        (date(2026, 2, 28), 2, date(2028, 2, 28)),
        (date(2026, 12, 31), 3, date(2029, 12, 31)),
    ],
)
def test_calendar_years_end_in_february_where_they_must(start, years, end):
    assert rules.years_after(start, years) == end


@pytest.mark.parametrize(
    ("kind", "product", "end"),
    [
        ("evaluation", "hybrid", date(2026, 12, 24)),
        ("commercial", "hybrid", date(2034, 11, 24)),
        ("commercial", "saas", date(2029, 11, 24)),
        ("sandbox", "saas", None),
    ],
)
def test_what_a_license_lasts_when_nobody_says(kind, product, end):
    assert rules.default_expiry(kind, product, TODAY) == end


@pytest.mark.parametrize(
    ("asked", "started"),
    [
        ({"license_expiry": day(10)}, day(-20)),
        ({"tenant_type": "commercial", "license_expiry": day(900)}, TODAY),
        ({"license_expiry": day(30)}, day(-20)),
    ],
)
def test_a_term_starts_on_the_day_of_conversion(asked, started):
    assert rules.term_start(choice(**asked), standing(), TODAY) == started


@pytest.mark.parametrize(("offset", "started"), [(9, day(-20)), (10, day(-20)), (11, TODAY)])
def test_a_term_starts_on_the_day_of_renewal(offset, started):
    asked = choice(tenant_type="commercial", license_expiry=day(offset))
    assert rules.term_start(asked, standing(tenant_type="commercial"), TODAY) == started


@pytest.mark.parametrize(
    ("parts", "field"),
    [
        ((None, TODAY, None), "quota"),
        ((None, None, TODAY), "quota"),
        ((Decimal(1), None, None), "quota_effective_on"),
        ((Decimal(1), TODAY, None), "quota_end_on"),
    ],
)
def test_a_quota_comes_with_both_dates(parts, field):
    with pytest.raises(DomainError) as refusal:
        rules.quota_of(*parts)
    assert refusal.value.field == field
    assert rules.quota_of(None, None, None) is None
