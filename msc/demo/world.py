"""The MSPs of the demonstration and what they keep, made by the portal's own services as people would make it."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import ROUND_UP, Decimal

from customers.contacts import add_contact
from customers.models import Customer
from customers.services import create_customer
from msc.access import scope
from msc.access.actors import TaskActor
from msc.access.models import Msp, User
from msc.demo import people, stories
from msc.demo.history import Teller
from msc.demo.organisations import Organisation, organisations
from msc.demo.people import ADA, BRUNO, ELI, EVE, NORTHWIND_PEOPLE, RITA, SAM, TINA, TOM
from msc.demo.stories import Ending, TenantStory
from msc.onboarding import open_msp
from serviceplans.catalogue import USER_WORKLOADS, Product
from serviceplans.models import ServicePlan, StorageRegion
from serviceplans.services import create_plan
from tenants.models import Tenant
from tenants.quota_changes import renewal_of
from tenants.rules import Quota, Users
from tenants.services import add_tenant, edit_tenant
from tenants.transitions import delete_tenant, suspend_tenant

DEMONSTRATION = TaskActor("demonstration")
NORTHWIND, EASTGATE = "northwind", "eastgate"
EASTGATE_NUMBERS = range(416, 425)
Helpers = dict[User, tuple[int, ...]]
_REGIONS = ("us-east-1", "eu-central-1", "eu-west-1", "eu-north-1", "westeurope", "uksouth")
QUOTA_DAYS_BEFORE, QUOTA_DAYS_AFTER = 60, 120
LONGEST_LICENSE = {Product.HYBRID: 365 * 7, Product.SAAS: 365 * 2}


def build(password: str, now: datetime) -> list[Teller]:
    """Open both MSPs with their people, plans, customers and products; return who tells the history."""
    northwind = _open(NORTHWIND, "Northwind Managed Services", "Europe/Berlin", ADA)
    eastgate = _open(EASTGATE, "Eastgate IT", "America/New_York", EVE)
    ada, eve = people.join(ADA, password, northwind), people.join(EVE, password, eastgate)
    with scope.entered("portal", msp=northwind.pk):
        for account in NORTHWIND_PEOPLE:
            people.invite(ada, northwind, account)
    with scope.entered("portal", msp=eastgate.pk):
        people.invite(eve, eastgate, ELI)
    for account in (BRUNO, RITA):
        people.join(account, password, northwind)
    people.join(ELI, password, eastgate)
    people.hire_support(SAM)
    people.join(SAM, password, None)
    helpers = {
        people.join(TOM, password, northwind): stories.TOMS_CUSTOMERS,
        people.join(TINA, password, northwind): stories.TINAS_CUSTOMERS,
    }
    tellers = _fill(ada, northwind, range(stories.CUSTOMERS), helpers, now)
    _fill(eve, eastgate, EASTGATE_NUMBERS, {}, now)
    return tellers


def _open(slug: str, name: str, zone: str, first: people.Account) -> Msp:
    with scope.entered("support"):
        regions = list(StorageRegion.objects.filter(name__in=_REGIONS))
        return open_msp(
            by=DEMONSTRATION,
            name=name,
            slug=slug,
            time_zone=zone,
            address="4 Quayside, Hamburg",
            phone="+49 40 1234567",
            products=Product.values,
            regions=regions,
            email=first.email,
            first_name=first.first_name,
            last_name=first.last_name,
        )


def _fill(by: User, msp: Msp, numbers: range, helpers: Helpers, now: datetime) -> list[Teller]:
    """Make the plans, customers and products of an MSP; each customer in a transaction of its own."""
    with scope.entered("portal", msp=msp.pk):
        builder = Builder(
            by=by,
            today=msp.today(now),
            now=now,
            plans={name: create_plan(by=by, msp=msp, name=name, terms=terms) for name, terms in stories.PLANS.items()},
            regions={region.name: region for region in StorageRegion.objects.filter(name__in=_REGIONS)},
        )
    tellers = []
    for number, organisation in zip(numbers, list(organisations(numbers.stop))[numbers.start :], strict=True):
        admins = [person for person, charges in helpers.items() if number in charges]
        with scope.entered("portal", msp=msp.pk):
            customer = builder.customer(organisation, number, admins)
            for story in stories.tenants_of(number):
                tenant = builder.tenant(customer, number, story)
                tellers.append(Teller(tenant.pk, number, organisation.name, story))
    return tellers


@dataclass(frozen=True)
class Builder:
    """Makes the customers and products of one MSP as its administrator would."""

    by: User
    today: date
    now: datetime
    plans: dict[str, ServicePlan]
    regions: dict[str, StorageRegion]

    def customer(self, organisation: Organisation, number: int, admins: list[User]) -> Customer:
        """Create the customer, every third one with a contact."""
        account_name = stories.HIDDEN.get(number, "")
        customer = create_customer(
            by=self.by,
            name=organisation.name,
            address=organisation.address,
            phone=organisation.phone,
            hide_name=bool(account_name),
            account_name=account_name,
            tenant_admins=admins,
        )
        if number % 3 == 0:
            add_contact(
                by=self.by,
                customer=customer,
                name=("Carla Conrad", "Chen Wei", "Ciarán Casey")[number // 3 % 3],
                job_role=("Head of IT", "Office manager", "Managing director")[number % 5 % 3],
                email=f"contact{number}@customer.example",
                phone=f"+4940{3_000_000 + number * 91}",
            )
        return customer

    def tenant(self, customer: Customer, number: int, story: TenantStory) -> Tenant:
        """Add the product, dated back to when the story begins."""
        expires_in = story.expires_in or min(400 + number * 23, LONGEST_LICENSE[Product(story.product)])
        plan = self.plans[story.plan]
        return add_tenant(
            by=self.by,
            customer=customer,
            product=story.product,
            plan=plan,
            tenant_type=story.tenant_type,
            license_expiry=self.today + timedelta(days=expires_in),
            regions=[self.regions[name] for name in story.regions],
            quota=_quota(Teller(0, number, "", story), self.today),
            users=_users(story, plan),
            now=self.now - timedelta(days=story.age),
        )


def _quota(teller: Teller, today: date) -> Quota | None:
    """Return a quota of which the story's share is used today."""
    if teller.story.quota_used is None:
        return None
    first = today - timedelta(days=QUOTA_DAYS_BEFORE)
    used = teller.cu_between(first, today - timedelta(days=1))
    amount = (used * 100 / teller.story.quota_used).quantize(Decimal("0.01"), ROUND_UP)
    return Quota(amount, first, today + timedelta(days=QUOTA_DAYS_AFTER))


def _renew_quota(by: User, tenant: Tenant) -> None:
    edit_tenant(
        by=by,
        tenant=tenant,
        version=tenant.version,
        plan=tenant.service_plan,
        tenant_type=tenant.tenant_type,
        license_expiry=tenant.license_expiry,
        regions=StorageRegion.objects.filter(pk__in=tenant.regions.values("region")),
        quota=renewal_of(tenant.quota_periods.all(), tenant.customer.msp.today()),
    )


def _users(story: TenantStory, plan: ServicePlan) -> dict[str, Users]:
    if story.product != Product.SAAS:
        return {}
    included = plan.products.get(product=Product.SAAS).workloads
    return {w.value: Users(story.users, story.users // 12) for w in USER_WORKLOADS if w.value in included}


def end(tellers: list[Teller]) -> None:
    """Suspend, delete and renew what the stories say, after their history has come in."""
    for teller in tellers:
        if teller.story.ending is Ending.NONE:
            continue
        with scope.entered("support"):
            found = Tenant.objects.get(pk=teller.tenant)
        with scope.entered("portal", msp=found.msp_id):
            by = User.objects.select_related("msp").get(email=ADA.email)
            tenant = Tenant.objects.for_user(by).select_related("customer__msp").get(pk=found.pk)
            if teller.story.ending is Ending.SUSPENDED:
                suspend_tenant(by=by, tenant=tenant)
            elif teller.story.ending is Ending.RENEWED:
                _renew_quota(by, tenant)
            else:
                delete_tenant(by=by, tenant=tenant, typed_name=tenant.get_product_display())
