"""What the demonstration tells: which customer has which products, and how their backups fare."""

from dataclasses import dataclass
from enum import Enum

from serviceplans.catalogue import Edition, Feature, Product, Workload
from serviceplans.rules import ProductTerms
from tenants.states import TenantType

W = Workload


class Course(Enum):
    """How the backups of a tenant went over the last weeks."""

    HEALTHY = "healthy"
    FAILING = "one server fails every night"
    FAILED_ONCE = "last night failed"
    SILENT = "one data source has not been heard of for ten days"
    WITH_ERRORS = "some nights end with errors"
    NO_DATA = "nothing is connected yet"


class Ending(Enum):
    """What has become of a tenant."""

    NONE = "none"
    SUSPENDED = "suspended"
    DELETING = "deleting"
    RENEWED = "renewed"


@dataclass(frozen=True)
class TenantStory:
    """One product of a customer; `age` and `expires_in` in days, `quota_used` in percent of today."""

    product: str
    plan: str
    tenant_type: str = TenantType.COMMERCIAL
    age: int = 200
    expires_in: int | None = None
    regions: tuple[str, ...] = ("eu-central-1",)
    course: Course = Course.HEALTHY
    quota_used: int | None = None
    users: int = 60
    ending: Ending = Ending.NONE


GOLD, SILVER, BRONZE = "Gold", "Silver", "Bronze"
SERVER_WORKLOADS = (W.VMWARE, W.FILE_SERVER, W.NAS, W.MS_SQL)

PLANS: dict[str, tuple[ProductTerms, ...]] = {
    GOLD: (
        ProductTerms(
            Product.HYBRID,
            Edition.ELITE,
            (*SERVER_WORKLOADS, W.HYPER_V, W.ORACLE),
            (Feature.LONG_TERM_RETENTION, Feature.RANSOMWARE_RECOVERY),
            backup_interval_max_hours=24,
            retention_min_days=30,
        ),
        ProductTerms(
            Product.SAAS,
            Edition.ELITE,
            (W.M365, W.GOOGLE_WORKSPACE, W.ENDPOINTS, W.SALESFORCE),
            (Feature.DATA_GOVERNANCE, Feature.HIGH_STORAGE),
        ),
    ),
    SILVER: (
        ProductTerms(Product.HYBRID, Edition.ENTERPRISE, (*SERVER_WORKLOADS, W.HYPER_V)),
        ProductTerms(Product.SAAS, Edition.ENTERPRISE, (W.M365, W.ENDPOINTS)),
    ),
    BRONZE: (
        ProductTerms(Product.HYBRID, Edition.BUSINESS, SERVER_WORKLOADS),
        ProductTerms(Product.SAAS, Edition.BUSINESS, (W.M365,)),
    ),
}

H, S = Product.HYBRID, Product.SAAS
EVALUATION = TenantType.EVALUATION

#: By the customer's number; the order is that of `organisations.TYPED_NAMES`.
TOLD: dict[int, tuple[TenantStory, ...]] = {
    0: (TenantStory(H, GOLD, quota_used=62, ending=Ending.RENEWED), TenantStory(S, GOLD, users=140, quota_used=48)),
    1: (TenantStory(H, SILVER, course=Course.FAILING, quota_used=71),),
    2: (TenantStory(H, SILVER, course=Course.SILENT, quota_used=35),),
    3: (TenantStory(S, SILVER, EVALUATION, age=27, expires_in=3, users=18),),
    4: (TenantStory(H, GOLD, regions=("eu-north-1", "westeurope"), quota_used=97),),
    5: (TenantStory(H, SILVER, quota_used=85), TenantStory(S, SILVER, users=75)),
    6: (TenantStory(H, BRONZE, expires_in=7, quota_used=55),),
    7: (TenantStory(S, SILVER, users=32, ending=Ending.SUSPENDED),),
    8: (TenantStory(H, BRONZE, ending=Ending.DELETING),),
    9: (),
    10: (TenantStory(H, SILVER, course=Course.FAILED_ONCE, quota_used=44),),
    11: (TenantStory(H, GOLD, quota_used=30),),
    12: (TenantStory(S, BRONZE, users=4),),
    13: (TenantStory(H, SILVER, course=Course.WITH_ERRORS),),
    14: (TenantStory(H, BRONZE, EVALUATION, age=2, expires_in=28, course=Course.NO_DATA),),
    15: (TenantStory(H, SILVER, expires_in=1), TenantStory(S, SILVER, expires_in=1, users=51)),
}
#: Customers whose real name the vendor must not know, and the account name it knows instead.
HIDDEN: dict[int, str] = {11: "Account 4711", 17: "Coastal client 17"}
CUSTOMERS = 72
WITH_HISTORY = 34
TOMS_CUSTOMERS = (0, 1, 4, 11, 21)
TINAS_CUSTOMERS = (3, 5, 7, 21, 30, 41)


def tenants_of(number: int) -> tuple[TenantStory, ...]:
    """Return the products of the customer with this number."""
    if number in TOLD:
        return TOLD[number]
    plan = (SILVER, BRONZE, GOLD, SILVER, BRONZE)[number % 5]
    course = Course.HEALTHY if number < WITH_HISTORY else Course.NO_DATA
    quota = 20 + number * 7 % 55 if number % 2 and course is Course.HEALTHY else None
    hybrid = TenantStory(
        H, plan, age=90 + number % 100, expires_in=120 + number * 11 % 900, course=course, quota_used=quota
    )
    saas = TenantStory(
        S, plan, age=90 + number % 100, expires_in=90 + number * 9 % 600, course=course, users=5 + number * 3 % 160
    )
    return {0: (hybrid, saas), 1: (saas,), 2: (hybrid,), 3: (hybrid,), 4: (saas,)}[number * 3 % 5]
