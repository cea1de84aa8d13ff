"""A deterministic data set in which one MSP holds everything, made by PostgreSQL itself from numbers.

Every value is a function of the row's number, so two runs build the same data. Names come from word lists, are all
different and fold to themselves; 1.3 tenants per customer, half of them with a quota.
"""

from dataclasses import dataclass

import psycopg
from django.utils import timezone

from bench import health
from customers.models import Customer
from customers.summaries import refresh_admins
from msc.access import scope
from msc.access.models import Msp, User
from msc.access.roles import Role
from serviceplans.catalogue import Edition, Product, Workload
from serviceplans.models import OfferedProduct, OfferedRegion, PlanProduct, ServicePlan, StorageRegion
from tenants.summaries import refresh

SCALES = {"10k": 10_000, "100k": 100_000, "1m": 1_000_000}
PLANS = 12
TENANT_ADMINISTRATORS = 20
_CHUNK = 20_000

_WORDS = """
CREATE TEMP TABLE words AS SELECT
  ARRAY['Alder','Amber','Anchor','Arbor','Atlas','Aurora','Beacon','Birch','Bridge','Bright','Cedar','Cobalt','Coral',
        'Crest','Delta','Eagle','Echo','Elm','Ember','Fern','Finch','Forge','Gable','Garnet','Grove','Harbor','Hazel',
        'Heron','Indigo','Iron','Ivory','Jasper','Juniper','Kestrel','Lark','Linden','Lotus','Maple','Meridian',
        'Mill','North','Oak','Onyx','Opal','Orchid','Otter','Pearl','Pine','Quarry','Raven','Ridge','River','Sage',
        'Silver','Spruce','Stone','Summit','Tidal','Timber','Topaz','Valley','Violet','Willow','Zephyr'] AS first,
  ARRAY['Analytics','Architects','Bakery','Brewing','Builders','Clinic','Consulting','Dental','Design','Energy',
        'Engineering','Farms','Finance','Foods','Freight','Galleries','Holdings','Hospital','Hotels','Insurance',
        'Labs','Legal','Logistics','Marine','Media','Metals','Motors','Optics','Partners','Pharma','Press','Realty',
        'Retail','School','Security','Software','Studios','Supply','Systems','Telecom','Textiles','Tools','Trading',
        'Travel','Ventures','Water','Works'] AS second
"""

_CUSTOMERS = """
INSERT INTO customers_customer (msp_id, account_name, account_key, folded_account_name, name_hidden,
    account_name_fixed, is_sandbox, created_at, version)
SELECT %(msp)s, account, lower(account), lower(account), hidden, hidden, false,
    %(now)s - make_interval(mins => (n * 37) %% 1500000), 1
FROM (SELECT n, n %% 20 = 0 AS hidden,
        CASE WHEN n %% 20 = 0 THEN 'Account ' || n ELSE
          first[1 + (n * 31) %% cardinality(first)] || ' ' || second[1 + (n * 17) %% cardinality(second)] || ' ' || n
        END AS account
      FROM generate_series(1, %(customers)s) n, words) numbered
"""

_IDENTITIES = """
INSERT INTO customers_customeridentity (customer_id, msp_id, name, name_key, folded_name, address, folded_address, phone)
SELECT id, msp_id, name, lower(name), lower(name), address, lower(address), '+4930' || (1000000 + n)
FROM (SELECT c.id, c.msp_id, c.number AS n,
        first[1 + (number * 31) %% cardinality(first)] || ' ' || second[1 + (number * 17) %% cardinality(second)]
          || ' ' || number AS name,
        (1 + number %% 240) || ' ' || first[1 + (number * 7) %% cardinality(first)] || ' Street, Berlin' AS address
      FROM (SELECT id, msp_id, row_number() OVER (ORDER BY id) AS number FROM customers_customer
            WHERE msp_id = %(msp)s) c, words) named
"""

_TENANTS = """
INSERT INTO tenants_tenant (msp_id, customer_id, product, service_plan_id, tenant_type, state, state_before_deleting,
    state_since, license_expiry, term_started_on, created_at, created_on, apply_attempts, version)
SELECT %(msp)s, c.id, p.product, (%(plans)s::bigint[])[1 + (c.number %% {plans})],
    CASE WHEN c.number %% 9 = 0 THEN 'evaluation' ELSE 'commercial' END,
    CASE WHEN c.number %% 23 = 0 THEN 'suspended' ELSE 'ready' END, '', %(now)s,
    %(today)s::date + CASE WHEN c.number %% 9 = 0 THEN 1 + (c.number %% 29)::int ELSE (c.number %% 1000)::int END,
    %(today)s::date, %(now)s, %(today)s::date, 0, 1
FROM (SELECT id, row_number() OVER (ORDER BY id) AS number FROM customers_customer WHERE msp_id = %(msp)s) c
JOIN (VALUES ('hybrid'), ('saas')) p (product)
  ON CASE c.number %% 10 WHEN 0 THEN true WHEN 1 THEN true WHEN 2 THEN true
     WHEN 3 THEN p.product = 'saas' WHEN 4 THEN p.product = 'saas' WHEN 5 THEN p.product = 'saas'
     ELSE p.product = 'hybrid' END
""".replace("{plans}", str(PLANS))

_REGIONS = """
INSERT INTO tenants_tenantregion (msp_id, tenant_id, region_id, added_at)
SELECT t.msp_id, t.id, (%(regions)s::bigint[])[1 + t.id %% 3], %(now)s FROM tenants_tenant t WHERE t.msp_id = %(msp)s
"""

_QUOTAS = """
INSERT INTO tenants_quotaperiod (msp_id, tenant_id, quota, effective_on, end_on, created_at)
SELECT t.msp_id, t.id, 10 + t.id %% 490, %(today)s::date - 120, %(today)s::date + 30 + (t.id %% 300)::int, %(now)s
FROM tenants_tenant t WHERE t.msp_id = %(msp)s AND t.id %% 2 = 0
"""

_CONTACTS = """
INSERT INTO customers_contact (msp_id, customer_id, name, job_role, email, phone, is_primary, version)
SELECT c.msp_id, c.id, 'Contact ' || c.id, 'IT lead', 'contact' || c.id || '@customer.example', '', true, 1
FROM customers_customer c WHERE c.msp_id = %(msp)s
"""

_ASSIGNMENTS = """
INSERT INTO customers_assignment (msp_id, customer_id, user_id)
SELECT c.msp_id, c.id, (%(admins)s::bigint[])[1 + c.id %% {count}] FROM customers_customer c
WHERE c.msp_id = %(msp)s AND c.id %% 5 = 0
""".replace("{count}", str(TENANT_ADMINISTRATORS))

_SUMMARIES = """
INSERT INTO customers_customersummary (customer_id, msp_id, products, admins, backups_30d, open_alerts,
    failing_sources, silent_sources)
SELECT id, msp_id, '[]', '[]', 0, 0, 0, 0 FROM customers_customer WHERE msp_id = %(msp)s
"""

_TALLY = "INSERT INTO customers_customertally (msp_id, change) VALUES (%(msp)s, %(customers)s)"

_STEPS = (_CUSTOMERS, _IDENTITIES, _CONTACTS, _ASSIGNMENTS, _TENANTS, _REGIONS, _QUOTAS, _SUMMARIES, _TALLY)


@dataclass(frozen=True)
class Dataset:
    """What the measurements need to know of the data."""

    msp: Msp
    admin: User
    customers: int
    has_health: bool


def build(owner_url: str, customers: int, *, with_health: bool = False, counted: bool = True) -> Dataset:
    """Fill an empty, migrated database with the MSP `Benchmark` and that many customers, and what their tools report.

    Uncounted ones have summaries, which say nothing yet.
    """
    msp, admin, values = _open_msp()
    with psycopg.connect(owner_url, autocommit=True) as owner:
        owner.execute(_WORDS)
        _triggers(owner, "DISABLE")
        for step in _STEPS:
            owner.execute(step, {**values, "customers": customers})
        _triggers(owner, "ENABLE")
        owner.execute("ANALYZE")
    ids = _summarise(msp) if counted else []
    with psycopg.connect(owner_url, autocommit=True) as owner:
        owner.execute("VACUUM ANALYZE")
        if with_health:
            health.fill(owner, msp, ids)
            owner.execute("VACUUM ANALYZE")
    return Dataset(msp, admin, customers, with_health)


def _triggers(owner: psycopg.Connection, verb: str) -> None:
    """Switch the triggers that check each row, which would look at a million rows one by one."""
    for table in ("tenants_tenant", "tenants_tenantregion", "tenants_quotaperiod", "customers_customer"):
        owner.execute(f"ALTER TABLE {table} {verb} TRIGGER USER".encode())


def _open_msp() -> tuple[Msp, User, dict[str, object]]:
    now = timezone.now()
    with scope.entered("support"):
        msp = Msp.objects.create(name="Benchmark", slug="benchmark", time_zone="Europe/Berlin")
        regions = list(StorageRegion.objects.filter(name__in=["us-east-1", "eu-central-1", "eu-west-1"]))
        for product in Product.values:
            OfferedProduct.objects.create(msp=msp, product=product)
            OfferedRegion.objects.bulk_create(OfferedRegion(msp=msp, product=product, region=r) for r in regions)
    with scope.entered("portal", msp=msp.pk):
        admin, *admins = [_person(msp, number) for number in range(TENANT_ADMINISTRATORS + 1)]
        plans = [_plan(msp, number) for number in range(PLANS)]
    return (
        msp,
        admin,
        {
            "msp": msp.pk,
            "now": now,
            "today": msp.today(now),
            "plans": [plan.pk for plan in plans],
            "regions": [region.pk for region in regions],
            "admins": [person.pk for person in admins],
        },
    )


def _person(msp: Msp, number: int) -> User:
    role = Role.MSP_ADMIN if number == 0 else Role.TENANT_ADMIN
    return User.objects.create_user(
        f"person{number}@benchmark.example", msp=msp, role=role, first_name=f"Person {number}", last_name="Benchmark"
    )


def _plan(msp: Msp, number: int) -> ServicePlan:
    edition = Edition.values[number % 3]
    plan = ServicePlan.objects.create(msp=msp, name=f"Plan {number:02}", is_default=number == 0)
    workloads = {Product.HYBRID: [Workload.VMWARE, Workload.NAS], Product.SAAS: [Workload.M365]}
    for product, included in workloads.items():
        PlanProduct.objects.create(msp=msp, plan=plan, product=product, edition=edition, workloads=included)
    return plan


def _summarise(msp: Msp) -> list[int]:
    with scope.entered("worker", msp=msp.pk):
        ids = list(Customer.objects.for_msp(msp.pk).order_by("pk").values_list("pk", flat=True))
    for start in range(0, len(ids), _CHUNK):
        with scope.entered("worker", msp=msp.pk):
            refresh(ids[start : start + _CHUNK])
            refresh_admins(ids[start : start + _CHUNK])
    return ids
