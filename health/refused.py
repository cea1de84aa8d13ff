"""Records of the API that were refused: kept for 30 days, so that people see why a tool's reports do not arrive.

One row stands for all records of a call that were refused for the same reason. A credential has at most 1,000 rows.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar

from django.db import connection, models

from customers.models import Customer
from health.records import LONGEST_NAME, Refused, fit_message, plain
from msc.access.models import Msp
from msc.access.querysets import ScopedQuerySet
from msc.people.models import ApiCredential
from tenants.models import Tenant

RETENTION = timedelta(days=30)
MOST_PER_CALL, MOST_PER_CREDENTIAL = 100, 1_000
LONGEST_TEXT = 1_000


class Endpoint(models.TextChoices):
    """The address to which the record was sent."""

    RUNS = "runs", "/runs"
    USAGE = "usage", "/usage"
    RESTIC = "restic", "/runs/restic"
    BORG = "borg", "/runs/borg"


class RefusedRecord(models.Model):
    """Records of one call that were refused for one reason, with the text of the first of them.

    `named` is the tenant as the caller named it; `tenant` and `customer` are set if it is one of the MSP's. The text
    and the names in it belong to the MSP: support staff's role has no right on this table.
    """

    msp = models.ForeignKey(Msp, on_delete=models.PROTECT, related_name="+", db_index=False)
    credential = models.ForeignKey(
        ApiCredential, on_delete=models.PROTECT, related_name="refused_records", db_index=False
    )
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, null=True, related_name="+", db_index=False)
    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, null=True, related_name="+", db_index=False)
    received_at = models.DateTimeField()
    endpoint = models.CharField(max_length=8, choices=Endpoint)
    line = models.PositiveIntegerField()
    records = models.PositiveIntegerField()
    field = models.CharField(max_length=120)
    reason = models.CharField(max_length=500)
    named = models.CharField(max_length=40)
    source = models.CharField("data source", max_length=200)
    text = models.CharField(max_length=LONGEST_TEXT)

    objects = ScopedQuerySet.as_manager()
    scope_msp = "msp"
    scope_customer = "customer"

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=models.Q(endpoint__in=Endpoint.values), name="refused_at_known_endpoint"),
        ]
        indexes: ClassVar = [
            models.Index(fields=["msp", "received_at", "id"], name="refused_by_age"),
            models.Index(fields=["msp", "credential", "id"], name="refused_of_credential"),
            models.Index(fields=["msp", "customer"], name="refused_of_customer"),
            models.Index(fields=["msp", "tenant"], name="refused_of_tenant"),
        ]

    def __str__(self) -> str:
        return f"{self.field}: {self.reason}"


@dataclass
class Sample:
    """The first record of a call that was refused for a reason, and how many there were."""

    line: int
    field: str
    reason: str
    named: str
    source: str
    text: str
    records: int = 1


class Samples:
    """What a call's refusals are remembered by; those of the hundredth reason and on are only answered."""

    def __init__(self) -> None:
        self._found: dict[tuple[str, str, str], Sample] = {}

    def add(self, line: int, refused: Refused, record: object) -> None:
        """Remember a refused record."""
        facts: Mapping[str, object] = record if isinstance(record, dict) else {}
        named = _fit(facts.get("tenant"), 40)
        key = refused.field, refused.reason, named
        if known := self._found.get(key):
            known.records += 1
        elif len(self._found) < MOST_PER_CALL:
            source = _fit(facts.get("data_source") or facts.get("source"), LONGEST_NAME)
            text = json.dumps(record, ensure_ascii=False, default=str)
            self._found[key] = Sample(line, *key[:2], named, source, _fit(text, LONGEST_TEXT))

    def keep(self, *, by: ApiCredential, msp: Msp, endpoint: Endpoint, now: datetime) -> None:
        """Store the samples, and drop the oldest ones of the credential beyond its share."""
        if not self._found:
            return
        ids = {int(one.named) for one in self._found.values() if one.named.isascii() and one.named.isdigit()}
        tenants = Tenant.objects.for_msp(msp.pk).filter(pk__in=[pk for pk in ids if pk < 2**63])
        customers = {str(pk): customer for pk, customer in tenants.values_list("pk", "customer_id")}
        RefusedRecord.objects.bulk_create(
            RefusedRecord(
                msp=msp,
                credential=by,
                customer_id=customers.get(one.named),
                tenant_id=int(one.named) if one.named in customers else None,
                received_at=now,
                endpoint=endpoint,
                **vars(one),
            )
            for one in self._found.values()
        )
        with connection.cursor() as cursor:
            cursor.execute(_TRIM, {"msp": msp.pk, "credential": by.pk, "most": MOST_PER_CREDENTIAL})


_TRIM = """
DELETE FROM health_refusedrecord WHERE id IN (
    SELECT id FROM health_refusedrecord WHERE msp_id = %(msp)s AND credential_id = %(credential)s
    ORDER BY id DESC OFFSET %(most)s FOR UPDATE SKIP LOCKED
)
"""


def _fit(value: object, longest: int) -> str:
    """Return a value as a short text without control characters."""
    return "" if value is None else fit_message(plain(str(value)[: 4 * longest]))[:longest]
