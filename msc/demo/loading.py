"""Load the demonstration once, and at each later start the days that have passed since."""

import itertools
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Any

from django.utils import timezone

from health import rollups
from health import tasks as health_tasks
from health.intake import Outcome
from health.models import Run
from health.services import take_runs, take_usage
from health.statuses import PRODUCT_OF
from msc.access import scope
from msc.access.models import Msp, User
from msc.demo import people, stories, world
from msc.demo.history import DAYS, Teller
from msc.demo.organisations import organisations
from msc.demo.people import ADA
from msc.people.credentials import create_credential
from msc.people.models import ApiCredential, CredentialScope
from serviceplans.catalogue import Product, Workload
from tenants.models import Tenant
from tenants.states import TenantState
from tenants.tasks import apply_changes

CREDENTIAL = "Backup servers"
_BATCH = 5_000


def load(now: datetime | None = None) -> bool:
    """Bring the demonstration up to date; tell whether it was loaded anew."""
    now = now or timezone.now()
    northwind = _northwind()
    if northwind is not None:
        _top_up(northwind, _tellers(northwind), now)
        return False
    password = people.new_password()
    tellers = world.build(password, now)
    while _anything_to_apply():
        apply_changes()
    northwind = _required(_northwind())
    _top_up(northwind, tellers, now)
    _send_mistakes(northwind, tellers[0], now)
    world.end(tellers)
    people.write_accounts(password)
    return True


def _northwind() -> Msp | None:
    with scope.entered("support"):
        found: Msp | None = Msp.objects.filter(slug=world.NORTHWIND).first()
        return found


def _required(msp: Msp | None) -> Msp:
    if msp is None:
        raise RuntimeError("the demonstration's MSP was not made")
    return msp


def _anything_to_apply() -> bool:
    with scope.entered("worker"):
        return Tenant.objects.awaiting_provisioner().exists()


def _tellers(msp: Msp) -> list[Teller]:
    """Return who tells the history, found again by the names of the customers."""
    names = {one.name: number for number, one in enumerate(organisations(stories.CUSTOMERS))}
    with scope.entered("worker", msp=msp.pk):
        tenants = list(
            Tenant.objects.for_msp(msp.pk)
            .filter(state=TenantState.READY, customer__identity__name__in=names)
            .values_list("pk", "product", "customer__identity__name")
        )
    return [
        Teller(pk, names[name], name, story)
        for pk, product, name in tenants
        for story in stories.tenants_of(names[name])
        if story.product == product
    ]


def _top_up(msp: Msp, tellers: list[Teller], now: datetime) -> None:
    """Send the runs and usage since the last ones through the ingest, as backup software does."""
    with scope.entered("portal", msp=msp.pk):
        latest = Run.objects.for_msp(msp.pk).order_by("-started_at").values_list("started_at", flat=True).first()
        by = _credential(msp)
        added = {
            pk: msp.day_of(at).isoformat() for pk, at in Tenant.objects.for_msp(msp.pk).values_list("pk", "created_at")
        }
    since = latest.date() - timedelta(days=1) if latest else now.date() - timedelta(days=DAYS)
    _send(msp, by, _all(tellers, since, now, "runs"), take_runs)
    usage = _all(tellers, since, now, "usage")
    _send(msp, by, (record for record in usage if record["day"] >= added[record["tenant"]]), take_usage)
    while rollups.drain(msp, now):
        continue
    health_tasks.keep_up()


def _all(tellers: list[Teller], since: date, now: datetime, what: str) -> Iterable[dict[str, Any]]:
    return itertools.chain.from_iterable(getattr(teller, what)(since, now) for teller in tellers)


def _send(msp: Msp, by: ApiCredential, records: Iterable[dict[str, Any]], take: Any) -> None:
    numbered = enumerate(records, start=1)
    while batch := list(itertools.islice(numbered, _BATCH)):
        with scope.entered("portal", msp=msp.pk):
            outcome: Outcome = take(by=by, msp=msp, records=batch)
        if outcome.refusals:
            refusal = outcome.refusals[0]
            raise RuntimeError(f"record {refusal.line} was refused: {refusal.field}: {refusal.reason}")


def _send_mistakes(msp: Msp, teller: Teller, now: datetime) -> None:
    """Send what a tool with a wrong configuration sends; the portal refuses it and lists it."""
    good = next(iter(teller.runs(now.date() - timedelta(days=3), now)))
    wrong_product = Workload.M365 if PRODUCT_OF[good["workload"]] == Product.HYBRID else Workload.VMWARE
    later = (now + timedelta(hours=1)).isoformat()
    mistakes = [
        *(good | {"tenant": 40_471, "data_source": f"nas-{number}"} for number in range(1, 4)),
        good | {"workload": wrong_product.value},
        good | {"ended_at": later},
    ]
    with scope.entered("portal", msp=msp.pk):
        take_runs(by=_credential(msp), msp=msp, records=enumerate(mistakes, start=1))


def _credential(msp: Msp) -> ApiCredential:
    """Return the credential that the demonstration's backup servers use; nobody keeps its secret."""
    found: ApiCredential | None = ApiCredential.objects.for_msp(msp.pk).filter(name=CREDENTIAL).first()
    if found is not None:
        return found
    by = User.objects.select_related("msp").get(email=ADA.email)
    credential, _secret = create_credential(
        by=by, name=CREDENTIAL, scopes=[CredentialScope.RUNS_WRITE, CredentialScope.USAGE_WRITE]
    )
    return credential
