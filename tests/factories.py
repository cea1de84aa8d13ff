"""Rows for tests: plain functions with good defaults. They write directly; tests of a service call the service.

Call them inside a scope of the MSP (fixture `scoped`) or through `as_worker`.
"""

import itertools
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from allauth.account.models import EmailAddress
from django.utils import timezone

from customers.models import Assignment, Contact, Customer, CustomerIdentity, CustomerSummary
from health.models import Alert, RefusedRecord, RollupState, TenantDay, TenantHealth
from health.statuses import AlertState, AlertType, Severity
from msc.access import scope
from msc.access.models import Msp, User
from msc.access.names import folded_name
from msc.access.roles import Role
from msc.mail.models import OutboxBody, OutboxMessage
from msc.people.models import ApiCredential
from serviceplans.catalogue import Edition, Product, Workload
from serviceplans.models import OfferedProduct, OfferedRegion, PlanProduct, ServicePlan, StorageRegion
from tenants.models import QuotaPeriod, Tenant, TenantRegion
from tenants.states import TenantState, TenantType

PASSWORD = "correct-horse-battery-staple"
_numbers = itertools.count(1)


def make_msp(name: str = "", *, zone: str = "Europe/Berlin", products: tuple[str, ...] = tuple(Product.values)) -> Msp:
    """Make an MSP that is offered the products with two AWS regions and an Azure one; ends in its scope."""
    number = next(_numbers)
    with scope.entered("support"):
        msp = Msp.objects.create(
            name=name or f"MSP {number}", slug=f"msp-{number}", time_zone=zone, phone="+4930123456", address="Berlin"
        )
        regions = StorageRegion.objects.filter(name__in=["us-east-1", "eu-central-1", "westeurope"])
        OfferedProduct.objects.bulk_create(OfferedProduct(msp=msp, product=product) for product in products)
        OfferedRegion.objects.bulk_create(
            OfferedRegion(msp=msp, product=product, region=region) for product in products for region in regions
        )
    return msp


def make_person(msp: Msp | None, role: str = Role.MSP_ADMIN, *, email: str = "", name: str = "Ada Admin") -> User:
    """Make a person who can sign in with PASSWORD; the address is verified."""
    first, _, last = name.partition(" ")
    address = email or f"person{next(_numbers)}@example.com"
    with scope.entered("portal", msp=msp.pk) if msp else scope.entered("support"):
        person = User.objects.create_user(
            address, PASSWORD, msp=msp, role=role, first_name=first, last_name=last or "Admin"
        )
        EmailAddress.objects.create(user=person, email=address, verified=True, primary=True)
    return person


def make_plan(
    msp: Msp,
    name: str = "",
    *,
    edition: str = Edition.ENTERPRISE,
    products: tuple[str, ...] = tuple(Product.values),
    is_default: bool = False,
) -> ServicePlan:
    """Make a plan that covers the products with one usual workload each."""
    plan = ServicePlan.objects.create(msp=msp, name=name or f"Plan {next(_numbers)}", is_default=is_default)
    usual: dict[str, list[Workload]] = {
        Product.HYBRID: [Workload.VMWARE, Workload.FILE_SERVER],
        Product.SAAS: [Workload.M365],
    }
    for product in products:
        PlanProduct.objects.create(msp=msp, plan=plan, product=product, edition=edition, workloads=usual[product])
    return plan


def make_customer(
    msp: Msp,
    name: str = "",
    *,
    account_name: str = "",
    address: str = "1 Harbour Street, Kiel",
    phone: str = "+49431123456",
    admins: tuple[User, ...] = (),
    created_by: User | None = None,
) -> Customer:
    """Make a customer; with an account name it is hidden from the vendor."""
    name = name or f"Customer {next(_numbers)}"
    customer = Customer.objects.create(
        msp=msp,
        account_name=account_name or name,
        name_hidden=bool(account_name),
        account_name_fixed=bool(account_name),
        created_by=created_by,
    )
    CustomerIdentity.objects.create(customer=customer, msp=msp, name=name, address=address, phone=phone)
    CustomerSummary.objects.create(customer=customer, msp=msp)
    for admin in admins:
        Assignment.objects.create(msp=msp, customer=customer, user=admin)
    return customer


def make_contact(customer: Customer, name: str = "Carla Contact", **fields: object) -> Contact:
    """Make a contact of the customer."""
    return Contact.objects.create(
        msp_id=customer.msp_id, customer=customer, name=name, email="carla@example.com", **fields
    )


def make_tenant(
    customer: Customer,
    plan: ServicePlan,
    product: str = Product.HYBRID,
    *,
    tenant_type: str = TenantType.COMMERCIAL,
    state: str = TenantState.READY,
    expiry: date | None = None,
    regions: tuple[str, ...] = ("us-east-1",),
    quota: tuple[str, date, date] | None = None,
    created_at: datetime | None = None,
) -> Tenant:
    """Make a tenant that already stands in the state, as a task could; `quota` is amount, effective and end date.

    With an expiry in the past the tenant was created long enough before it. Its usage may go back two years.
    """
    today = customer.msp.today()
    expiry = None if tenant_type == TenantType.SANDBOX else expiry or today + timedelta(days=25)
    created_on = min(today, (expiry or today) - timedelta(days=1))
    with scope.entered("worker", msp=customer.msp_id):
        tenant = Tenant.objects.create(
            msp_id=customer.msp_id,
            customer=customer,
            product=product,
            service_plan=plan,
            tenant_type=tenant_type,
            state=state,
            state_before_deleting=TenantState.READY if state == TenantState.DELETING else "",
            license_expiry=expiry,
            term_started_on=created_on,
            created_on=created_on,
            created_at=created_at or timezone.now() - timedelta(days=730),
            delete_on=today + timedelta(days=7) if state == TenantState.DELETING else None,
            deleted_at=timezone.now() if state == TenantState.DELETED else None,
        )
        for region in StorageRegion.objects.filter(name__in=regions):
            TenantRegion.objects.create(msp_id=customer.msp_id, tenant=tenant, region=region)
        if quota:
            amount, effective_on, end_on = quota
            QuotaPeriod.objects.create(
                msp_id=customer.msp_id, tenant=tenant, quota=amount, effective_on=effective_on, end_on=end_on
            )
    return tenant


def make_alert(
    subject: Customer | Tenant,
    summary: str = "",
    *,
    kind: str = AlertType.QUOTA,
    severity: int = Severity.WARNING,
    first_seen: datetime | None = None,
    resolved_at: datetime | None = None,
    **fields: Any,
) -> Alert:
    """Make an alert of a customer or of one of its tenants, active unless it has been resolved."""
    tenant = subject if isinstance(subject, Tenant) else None
    number = next(_numbers)
    seen = first_seen or timezone.now()
    with scope.entered("worker", msp=subject.msp_id):
        return Alert.objects.create(
            msp_id=subject.msp_id,
            customer_id=tenant.customer_id if tenant else subject.pk,
            tenant=tenant,
            product=tenant.product if tenant else "",
            type=kind,
            object_key=fields.pop("object_key", f"test:{number}"),
            folded_object=fields.pop("folded_object", folded_name(tenant.get_product_display() if tenant else "")),
            severity=severity,
            summary=summary or f"Alert {number}",
            state=AlertState.RESOLVED if resolved_at else AlertState.ACTIVE,
            resolved_at=resolved_at,
            first_seen=seen,
            last_seen=fields.pop("last_seen", seen),
            raised_at=fields.pop("raised_at", seen),
            **fields,
        )


def make_usage(tenant: Tenant, days: dict[date, str | None]) -> None:
    """Make the daily totals of a tenant: CU per day, None for a day of runs that nobody reported usage of."""
    with scope.entered("worker", msp=tenant.msp_id):
        TenantDay.objects.bulk_create(
            TenantDay(msp_id=tenant.msp_id, tenant=tenant, day=day, cu=None if cu is None else Decimal(cu))
            for day, cu in days.items()
        )
        today = tenant.customer.msp.today()
        RollupState.objects.get_or_create(
            msp_id=tenant.msp_id,
            defaults={
                "time_zone": tenant.customer.msp.time_zone,
                "window_on": today,
                "closed_before": today - timedelta(days=400),
                "drained_at": timezone.now(),
            },
        )


def make_health(tenant: Tenant, **figures: object) -> TenantHealth:
    """Make the stored figures of a tenant's windows."""
    today = tenant.customer.msp.today()
    with scope.entered("worker", msp=tenant.msp_id):
        found, _ = TenantHealth.objects.update_or_create(
            tenant=tenant,
            defaults={
                "msp_id": tenant.msp_id,
                "customer_id": tenant.customer_id,
                "window_on": today,
                "counted_at": timezone.now(),
                **figures,
            },
        )
    return found


def make_email(
    msp: Msp, to: str, *, kind: str = "customer.created", state: str = "queued", reply: str = ""
) -> OutboxMessage:
    """Put an e-mail of the MSP into the outbox."""
    now, number = timezone.now(), next(_numbers)
    with scope.entered("worker", msp=msp.pk):
        message = OutboxMessage.objects.create(
            key=f"email-{number}",
            msp=msp,
            kind=kind,
            to=to,
            state=state,
            reply=reply,
            due_at=now,
            expires_at=now + timedelta(days=1),
            message_id=f"<{number}@northwind.example>",
            created_at=now,
        )
        OutboxBody.objects.create(message=message, msp=msp, subject=f"Secret of {to}", text="Secret of it", html="")
    return message


def make_refused(credential: ApiCredential, tenant: Tenant | None = None, **fields: Any) -> RefusedRecord:
    """Make an entry of the refused records of a credential."""
    with scope.entered("portal", msp=credential.msp_id):
        return RefusedRecord.objects.create(
            msp_id=credential.msp_id,
            credential=credential,
            tenant=tenant,
            customer_id=tenant and tenant.customer_id,
            **{
                "received_at": timezone.now(),
                "endpoint": "runs",
                "line": 1,
                "records": 1,
                "field": "tenant",
                "reason": "There is no such tenant.",
                "named": str(tenant.pk if tenant else 999),
                "source": "srv-1",
                "text": "{}",
            }
            | fields,
        )
