"""The rules of products (tenants): pure functions over what stands, what is asked for, and today.

`today` is the calendar day of the MSP. Each problem names the field of the form that it belongs beside.
"""

from calendar import isleap
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import NamedTuple, Protocol

from msc.errors import DomainError
from msc.pages.when import absolute
from serviceplans.catalogue import USER_WORKLOADS, Edition, Product, StorageProvider, Workload
from tenants.states import TenantType

EVALUATION_DAYS = 30
EXTENSION_DAYS = 30
EVALUATION_MOST_DAYS = 60
COMMERCIAL_YEARS: dict[str, int] = {Product.HYBRID: 8, Product.SAAS: 3}
GRACE_DAYS = 7
GRACE_MOST_DAYS = 90
MOST_QUOTA = Decimal(10) ** 12
QUOTA_DECIMALS = 4
EARLIEST_QUOTA_DAY, LATEST_QUOTA_DAY = date(1970, 1, 1), date(2199, 12, 31)
MOST_USERS = 10_000_000


class Place(Protocol):
    """What the rules know of a storage region."""

    pk: int
    provider: str
    name: str


class Users(NamedTuple):
    """How many users of one workload are backed up, and of how many that left the data is kept."""

    active: int = 0
    preserved: int = 0


@dataclass(frozen=True)
class Quota:
    """Consumption units granted from the effective date to the end date, both included."""

    amount: Decimal
    effective_on: date
    end_on: date


@dataclass(frozen=True)
class PlanTerms:
    """What the chosen plan says of the product."""

    edition: str
    workloads: Collection[str]


@dataclass(frozen=True)
class Choice:
    """What somebody asks a product to be; `plan` is None when the chosen plan does not cover the product."""

    product: str
    plan: PlanTerms | None
    tenant_type: str
    license_expiry: date | None
    regions: Collection[Place]
    quota: Quota | None = None
    users: Mapping[str, Users] = field(default_factory=dict)


@dataclass(frozen=True)
class Standing:
    """What already holds for a product that is edited."""

    tenant_type: str
    license_expiry: date | None
    created_on: date
    term_started_on: date
    region_ids: frozenset[int]


def years_after(day: date, years: int) -> date:
    """Return the same day some years later; 29 February becomes 28 February where there is none."""
    year = day.year + years
    if (day.month, day.day) == (2, 29) and not isleap(year):
        return date(year, 2, 28)
    return day.replace(year=year)


def default_expiry(tenant_type: str, product: str, today: date) -> date | None:
    """Return the expiry that a new license gets when nobody says otherwise."""
    if tenant_type == TenantType.SANDBOX:
        return None
    if tenant_type == TenantType.EVALUATION:
        return today + timedelta(days=EVALUATION_DAYS)
    return years_after(today, COMMERCIAL_YEARS[product])


def latest_expiry(choice: Choice, standing: Standing | None, today: date) -> date:
    """Return the last day that the license may be made to expire on."""
    if choice.tenant_type == TenantType.COMMERCIAL:
        return years_after(today, COMMERCIAL_YEARS[choice.product])
    if standing is None:
        return today + timedelta(days=EVALUATION_DAYS)
    extended = max(today, standing.license_expiry or today) + timedelta(days=EXTENSION_DAYS)
    return min(extended, standing.created_on + timedelta(days=EVALUATION_MOST_DAYS))


def term_start(choice: Choice, standing: Standing | None, today: date) -> date:
    """Return the day from which the longest license counts: of creation, conversion or renewal."""
    if standing is None or choice.tenant_type != standing.tenant_type:
        return today
    is_renewed = (
        choice.tenant_type == TenantType.COMMERCIAL
        and choice.license_expiry is not None
        and standing.license_expiry is not None
        and choice.license_expiry > standing.license_expiry
    )
    return today if is_renewed else standing.term_started_on


def quota_of(amount: Decimal | None, effective_on: date | None, end_on: date | None) -> Quota | None:
    """Return the quota that three form fields make, or None when all are empty."""
    if amount is None and effective_on is None and end_on is None:
        return None
    if amount is None:
        raise DomainError("Enter the quota, or leave its dates empty.", field="quota")
    if effective_on is None:
        raise DomainError("Enter the date from which the quota counts.", field="quota_effective_on")
    if end_on is None:
        raise DomainError("Enter the date on which the quota ends.", field="quota_end_on")
    return Quota(amount, effective_on, end_on)


def problems(
    choice: Choice, standing: Standing | None, *, offered: Collection[int], is_sandbox: bool, today: date
) -> list[DomainError]:
    """Return every rule that the choice would break; `offered` are the regions of the MSP for the product."""
    return [
        *_plan_problems(choice),
        *_type_problems(choice, standing, is_sandbox=is_sandbox),
        *_expiry_problems(choice, standing, today),
        *_region_problems(choice, standing, offered),
        *_quota_problems(choice.quota),
        *_user_problems(choice),
    ]


def _plan_problems(choice: Choice) -> Iterator[DomainError]:
    if choice.plan is None:
        product = Product(choice.product).label
        yield DomainError(f"This plan does not cover {product}. Choose one that does.", field="service_plan")


def _type_problems(choice: Choice, standing: Standing | None, *, is_sandbox: bool) -> Iterator[DomainError]:
    wanted = choice.tenant_type
    if is_sandbox and wanted != TenantType.SANDBOX:
        yield DomainError("The type of a sandbox product is always Sandbox.", field="tenant_type")
    elif not is_sandbox and wanted == TenantType.SANDBOX:
        yield DomainError("Sandbox is for the sandbox customer only.", field="tenant_type")
    elif standing and standing.tenant_type == TenantType.COMMERCIAL and wanted == TenantType.EVALUATION:
        yield DomainError("A commercial product cannot become an evaluation again.", field="tenant_type")


def _expiry_problems(choice: Choice, standing: Standing | None, today: date) -> Iterator[DomainError]:
    expiry = choice.license_expiry
    if choice.tenant_type == TenantType.SANDBOX:
        if expiry is not None:
            yield DomainError("A sandbox product has no license expiry date.", field="license_expiry")
        return
    if expiry is None:
        yield DomainError("Enter the day on which the license expires.", field="license_expiry")
        return
    is_untouched = (
        standing is not None and expiry == standing.license_expiry and choice.tenant_type == standing.tenant_type
    )
    if not is_untouched:
        yield from _new_expiry_problems(choice, standing, expiry, today)


def _new_expiry_problems(choice: Choice, standing: Standing | None, expiry: date, today: date) -> Iterator[DomainError]:
    latest = latest_expiry(choice, standing, today)
    if latest <= today:
        yield DomainError(
            f"This evaluation cannot be extended any more: {EVALUATION_MOST_DAYS} days after its creation end on"
            f" {absolute(latest)}. Make it commercial instead.",
            field="license_expiry",
        )
    elif expiry <= today:
        yield DomainError("Choose a license expiry date after today.", field="license_expiry")
    elif expiry > latest:
        yield DomainError(f"{_reason(choice, standing)} Choose {absolute(latest)} or earlier.", field="license_expiry")


def _reason(choice: Choice, standing: Standing | None) -> str:
    if choice.tenant_type == TenantType.COMMERCIAL:
        years, product = COMMERCIAL_YEARS[choice.product], Product(choice.product).label
        return f"A commercial license of {product} lasts at most {years} years."
    if standing is None:
        return f"An evaluation begins with at most {EVALUATION_DAYS} days."
    return (
        f"An evaluation is extended by at most {EXTENSION_DAYS} days at a time, to at most"
        f" {EVALUATION_MOST_DAYS} days after its creation."
    )


def _region_problems(choice: Choice, standing: Standing | None, offered: Collection[int]) -> Iterator[DomainError]:
    chosen = {region.pk for region in choice.regions}
    kept = standing.region_ids if standing else frozenset()
    if not chosen:
        yield DomainError("Choose at least one storage region.", field="regions")
        return
    if kept - chosen:
        yield DomainError("Storage regions can be added, but not removed: data lies in them.", field="regions")
    for region in choice.regions:
        if region.pk not in kept and region.pk not in offered:
            yield DomainError(f"{region.name} is not offered to you for this product.", field="regions")
    if choice.plan and choice.plan.edition == Edition.BUSINESS and len(chosen | kept) != 1:
        yield DomainError(_business_reason(len(kept)), field="regions" if len(kept) < 2 else "service_plan")
    if choice.product == Product.HYBRID and not any(r.provider == StorageProvider.AWS for r in choice.regions):
        yield DomainError("Hybrid Workloads needs at least one AWS region.", field="regions")


def _business_reason(standing_regions: int) -> str:
    if standing_regions > 1:
        return f"The Business edition has exactly one storage region; this product has {standing_regions}."
    return "The Business edition has exactly one storage region. Choose one, or a plan of another edition."


def _quota_problems(quota: Quota | None) -> Iterator[DomainError]:
    if quota is None:
        return
    if not quota.amount.is_finite() or not 0 <= quota.amount < MOST_QUOTA:
        yield DomainError("Enter a quota of 0 or more, below a trillion.", field="quota")
    elif round(quota.amount, QUOTA_DECIMALS) != quota.amount:
        yield DomainError(f"A quota has at most {QUOTA_DECIMALS} decimal places.", field="quota")
    for name, day in (("quota_effective_on", quota.effective_on), ("quota_end_on", quota.end_on)):
        if not EARLIEST_QUOTA_DAY <= day <= LATEST_QUOTA_DAY:
            yield DomainError("Enter a day between 1970 and 2199.", field=name)
    if quota.end_on <= quota.effective_on:
        yield DomainError("Choose an end date after the effective date.", field="quota_end_on")


def _user_problems(choice: Choice) -> Iterator[DomainError]:
    for workload, users in choice.users.items():
        if choice.product != Product.SAAS or workload not in USER_WORKLOADS:
            yield DomainError("Only Microsoft 365, Google Workspace and Endpoints count users.")
            continue
        for name, count in (("users", users.active), ("preserved_users", users.preserved)):
            beside, label = f"{workload}_{name}", Workload(workload).label
            if not 0 <= count <= MOST_USERS:
                yield DomainError("Enter a whole number of users, 0 or more.", field=beside)
            elif count and choice.plan and workload not in choice.plan.workloads:
                yield DomainError(f"The plan does not include {label}. Enter 0 or choose another plan.", field=beside)
