"""Two MSPs with everything an address can name, committed for real: the ground of grid, walls and fuzz."""

import time
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.test import Client, override_settings
from django.utils import timezone

from customers.import_files import COLUMNS
from customers.models import Contact, Customer, CustomerImport, ImportLine, ImportState
from health.models import Alert, DataSource, Run, TenantDay, TenantHealth, UsageRecord
from health.statuses import AlertType, RunKind, RunStatus, Severity
from msc.access import scope
from msc.access.models import Msp, User
from msc.access.roles import Role
from msc.events import log
from msc.events.models import Event
from msc.mail import outbox
from msc.mail.models import OutboxMessage
from msc.people.models import ApiCredential, CredentialScope, Invitation, SingleSignOn
from msc.people.signin.sessions import SEEN_AT, SIGNED_IN_AT
from msc.people.tokens import digest_of
from serviceplans.catalogue import Product
from serviceplans.models import ServicePlan, StorageRegion
from tenants.models import Tenant
from tenants.states import TenantState
from tests import factories
from tests.grid.marks import mark
from tests.sign_in import client_of
from tests.support.browser import support_client

MD5 = ["django.contrib.auth.hashers.MD5PasswordHasher"]
TOKEN = "cafe" * 16


@dataclass
class Owned:
    """What one owner has: three customers, their products in every state, and things of the MSP."""

    name: str
    msp: Msp
    customer: Customer
    second: Customer
    bare: Customer
    contact: Contact
    ready: Tenant
    deleting: Tenant
    suspended: Tenant
    plan: ServicePlan
    unused: ServicePlan
    person: User
    invited: User
    off: User
    credential: ApiCredential
    event: Event
    mail: OutboxMessage
    source: DataSource
    run: Run
    alert: Alert
    pending: CustomerImport
    token: str


class World:
    """The people with their browsers and programs, and what each owner has."""

    def __init__(self) -> None:
        with override_settings(PASSWORD_HASHERS=MD5):
            self._build()

    def _build(self) -> None:
        nor, eas = mark("Nor", "Open"), mark("Eas", "Open")
        self.northwind = factories.make_msp(f"{nor} MSP")
        self.eastgate = factories.make_msp(f"{eas} MSP", zone="America/New_York")
        person = factories.make_person
        self.people = {
            "ada": person(self.northwind, email="ada@northwind.example", name=f"Ada {nor}"),
            "tom": person(self.northwind, Role.TENANT_ADMIN, email="tom@northwind.example", name=f"Tom {nor}"),
            "rita": person(self.northwind, Role.READ_ONLY, email="rita@northwind.example", name=f"Rita {nor}"),
            "eve": person(self.eastgate, email="eve@eastgate.example", name=f"Eve {eas}"),
            "sam": person(None, Role.SUPPORT, email="sam@vendor.example", name="Sam Support"),
        }
        person(self.northwind, email="second@northwind.example", name=f"Second {nor}")
        person(self.eastgate, email="second@eastgate.example", name=f"Second {eas}")
        self._dress(self.northwind, nor)
        self._dress(self.eastgate, eas)
        with scope.entered("portal", msp=self.northwind.pk):
            self.region = StorageRegion.objects.get(name="us-east-1")
            self.second_region = StorageRegion.objects.get(name="eu-central-1")
        self.owned = {
            "own": self._owned("Own", self.northwind, self.people["ada"], admins=(self.people["tom"],)),
            "sibling": self._owned("Sib", self.northwind, self.people["ada"]),
            "foreign": self._owned("For", self.eastgate, self.people["eve"]),
        }
        self._sign_in()

    def _dress(self, msp: Msp, text: str) -> None:
        with scope.entered("support"):
            Msp.objects.filter(pk=msp.pk).update(address=f"{text} address")
            msp.refresh_from_db()
        with scope.entered("portal", msp=msp.pk):
            SingleSignOn.objects.create(
                msp=msp, is_on=False, label=f"{text} provider", issuer="https://sso.example", client_id="portal"
            )

    def _owned(self, name: str, msp: Msp, by: User, admins: tuple[User, ...] = ()) -> Owned:
        owner = {"Own": "Nor", "Sib": "Nor", "For": "Eas"}[name]
        of_msp, open_, secret = mark(owner, "Open"), mark(name, "Open"), mark(name, "Secret")
        person = factories.make_person
        people = {
            "person": person(
                msp, Role.TENANT_ADMIN, email=f"admin-{name}@person.example".lower(), name=f"Tina {of_msp}"
            ),
            "invited": person(
                msp, Role.READ_ONLY, email=f"invited-{name}@person.example".lower(), name=f"Ivy {of_msp}"
            ),
            "off": person(msp, Role.READ_ONLY, email=f"off-{name}@person.example".lower(), name=f"Otto {of_msp}"),
        }
        with scope.entered("portal", msp=msp.pk):
            User.objects.filter(pk=people["off"].pk).update(is_active=False)
            people["invited"].set_unusable_password()
            people["invited"].save(update_fields=["password"])
        with scope.entered("portal", msp=msp.pk):
            Invitation.objects.create(
                msp=msp,
                person=people["invited"],
                email=people["invited"].email,
                digest=digest_of(TOKEN + name),
                expires_at=timezone.now() + timedelta(days=7),
            )
            customers = [
                factories.make_customer(
                    msp,
                    f"{secret} {word}",
                    account_name=f"{open_} {word}",
                    address=f"{secret} street",
                    admins=(*admins, people["person"]) if word == "first" else admins,
                    created_by=by,
                )
                for word in ("first", "second", "bare")
            ]
            contact = Contact.objects.create(
                msp=msp,
                customer=customers[0],
                name=f"{secret} contact",
                email=f"{secret}@mail.example",
                job_role=secret,
            )
            plan = factories.make_plan(msp, f"{of_msp} plan {name}")
            unused = factories.make_plan(msp, f"{of_msp} unused {name}")
            tenants = {
                "ready": factories.make_tenant(customers[0], plan),
                "deleting": factories.make_tenant(customers[0], plan, Product.SAAS, state=TenantState.DELETING),
                "suspended": factories.make_tenant(customers[1], plan, state=TenantState.SUSPENDED),
            }
        with scope.entered("worker", msp=msp.pk):
            health = self._health(tenants["ready"], secret)
        with scope.entered("portal", msp=msp.pk, person=by.pk):
            pending = CustomerImport.objects.create(
                msp=msp, created_by=by, file_name=f"{secret}.csv", state=ImportState.CHECKED, new_lines=1
            )
            cells = [f"{secret} line", f"{secret} street", "+49431123456", *[""] * (len(COLUMNS) - 3)]
            ImportLine.objects.create(msp=msp, customer_import=pending, number=2, verdict="new", cells=cells)
            credential, _ = ApiCredential.issue(
                msp=msp, name=f"{of_msp} program {name}", scopes=["runs:read"], created_by=by
            )
            event = log.record(
                by=by,
                action="customer.edited",
                on=customers[0],
                label=f"{open_} first",
                customer_id=customers[0].pk,
                private={"Customer Name": ("before", f"{secret} first")},
                private_label=f"{secret} first",
            )
            outbox.queue(
                key=f"grid-{name}",
                kind="customer.created",
                to=by.email,
                template="account_notice",
                context={"person": by, "sentence": f"{secret} has been created."},
                msp_id=msp.pk,
            )
        with scope.entered("worker"):
            mail = OutboxMessage.objects.get(key=f"grid-{name}")
            OutboxMessage.objects.filter(pk=mail.pk).update(state="failed", reply="550 refused")
        return Owned(
            name, msp, *customers, contact, plan=plan, unused=unused, credential=credential, event=event, mail=mail,
            pending=pending, token=TOKEN + name, **people, **tenants, **health,
        )  # fmt: skip

    @staticmethod
    def _health(tenant: Tenant, secret: str) -> dict[str, Any]:
        now = timezone.now()
        of = {"msp_id": tenant.msp_id, "tenant": tenant}
        source = DataSource.objects.create(
            **of,
            customer_id=tenant.customer_id,
            organization=f"{secret} site",
            name=f"{secret} server",
            workload="vmware",
            policy_name=f"{secret} policy",
            folded_name=f"{secret} server".lower(),
            last_message=f"{secret} message",
            failed_restore_message=f"{secret} message",
        )
        run = Run.objects.create(
            **of,
            data_source=source,
            job_id=f"{secret}-job",
            kind=RunKind.BACKUP,
            status=RunStatus.FAILED,
            started_at=now,
            ended_at=now,
            moment=now,
            changed_at=now,
            reported_at=now,
            message=f"{secret} message",
        )
        day = timezone.localdate()
        UsageRecord.objects.create(
            **of, day=day, workload="vmware", measure=f"{secret} measure", amount=1, unit="bytes", cu=1,
            measured_at=now, reported_at=now,
        )  # fmt: skip
        TenantDay.objects.create(**of, day=day, failed=1, cu=1)
        TenantHealth.objects.create(
            **of,
            customer_id=tenant.customer_id,
            failed_30d=1,
            sources=1,
            failing_sources=1,
            window_on=day,
            counted_at=now,
        )
        alert = Alert.objects.create(
            msp_id=tenant.msp_id,
            customer_id=tenant.customer_id,
            tenant=tenant,
            data_source=source,
            type=AlertType.RESTORE_FAILED,
            message=f"{secret} message",
            severity=Severity.CRITICAL,
            object_key=f"tenant:{tenant.pk}",
            summary=f"{secret} alert",
            product=tenant.product,
            first_seen=now,
            last_seen=now,
            raised_at=now,
        )
        return {"source": source, "run": run, "alert": alert}

    def _sign_in(self) -> None:
        self.browsers = {name: client_of(person) for name, person in self.people.items() if name != "sam"}
        self.browsers["sam"] = support_client(self.people["sam"])
        self.browsers["nobody"] = Client()
        for name, msp, by, scopes in (
            ("program", self.northwind, "ada", CredentialScope.values),
            ("narrow", self.northwind, "ada", ["runs:write"]),
            ("foreign", self.eastgate, "eve", CredentialScope.values),
            ("revoked", self.northwind, "ada", CredentialScope.values),
        ):
            with scope.entered("portal", msp=msp.pk):
                credential, secret = ApiCredential.issue(
                    msp=msp, name=f"{mark('Nor' if msp is self.northwind else 'Eas', 'Open')} {name}",
                    scopes=scopes, created_by=self.people[by],
                )  # fmt: skip
                if name == "revoked":
                    ApiCredential.objects.filter(pk=credential.pk).update(revoked_at=timezone.now())
            self.browsers[name] = Client(headers={"authorization": f"Bearer {secret}"})
        for browser in self.browsers.values():
            browser.raise_request_exception = False
        self._seen()
        self.cookies = {
            name: browser.cookies[settings.SESSION_COOKIE_NAME].value
            for name, browser in self.browsers.items()
            if settings.SESSION_COOKIE_NAME in browser.cookies
        }

    def _seen(self) -> None:
        """Note everybody as seen for the next hour, so that looking at a page writes nothing."""
        later = timezone.now() + timedelta(hours=1)
        for name, person in self.people.items():
            with scope.entered("portal", person=person.pk):
                session = self.browsers[name].session
                session[SIGNED_IN_AT], session[SEEN_AT] = int(time.time()), int(later.timestamp())
                session.save()
        for msp in (self.northwind, self.eastgate):
            with scope.entered("portal", msp=msp.pk):
                ApiCredential.objects.update(last_used_at=later)
