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
from msc.access import scope
from msc.access.models import Msp, User
from msc.demo import people, stories, world
from msc.demo.history import DAYS, Teller
from msc.demo.organisations import organisations
from msc.demo.people import ADA
from msc.people.credentials import create_credential
from msc.people.models import ApiCredential, CredentialScope
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
    _top_up(_required(_northwind()), tellers, now)
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
    since = latest.date() - timedelta(days=1) if latest else now.date() - timedelta(days=DAYS)
    _send(msp, by, _all(tellers, since, now, "runs"), take_runs)
    _send(msp, by, _all(tellers, since, now, "usage"), take_usage)
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
