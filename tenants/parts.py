"""What hangs on a product, read along with it: one statement in place of one for each kind of row."""

import json
from decimal import Decimal
from typing import Any, TypeVar

from django.db.models import JSONField, Model, QuerySet
from django.db.models.expressions import RawSQL

from serviceplans.models import PlanProduct, StorageRegion
from tenants.models import QuotaPeriod, Tenant, TenantWorkload

M = TypeVar("M", bound=Model)

# As text: it is the same for every page, and Django would take longer to compose it than PostgreSQL to answer it.
_PARTS = """
SELECT jsonb_build_object(
    'plan', (SELECT jsonb_agg(p) FROM serviceplans_planproduct p
        WHERE p.plan_id = tenants_tenant.service_plan_id AND p.product = tenants_tenant.product),
    'regions', (SELECT jsonb_agg(r ORDER BY r.provider, r.name) FROM tenants_tenantregion t
        JOIN serviceplans_storageregion r ON r.id = t.region_id WHERE t.tenant_id = tenants_tenant.id),
    'workloads', (SELECT jsonb_agg(w ORDER BY w.workload) FROM tenants_tenantworkload w
        WHERE w.tenant_id = tenants_tenant.id),
    'quotas', (SELECT jsonb_agg(q ORDER BY q.effective_on DESC, q.id DESC) FROM tenants_quotaperiod q
        WHERE q.tenant_id = tenants_tenant.id))
"""


class _Exact(json.JSONDecoder):
    """Reads numbers with decimals as they stand."""

    def __init__(self) -> None:
        super().__init__(parse_float=Decimal)


def with_parts(tenants: QuerySet[Tenant]) -> QuerySet[Tenant]:
    """Load what the functions below tell along with the products."""
    return tenants.annotate(parts=RawSQL(_PARTS, [], output_field=JSONField(decoder=_Exact)))  # noqa: S611  a constant


def plan_part(tenant: Tenant) -> PlanProduct | None:
    """Return what the product's plan says of it."""
    return next(iter(_rows(tenant, "plan", PlanProduct)), None)


def regions(tenant: Tenant) -> list[StorageRegion]:
    """Return the storage regions by provider and name."""
    return _rows(tenant, "regions", StorageRegion)


def workloads(tenant: Tenant) -> list[TenantWorkload]:
    """Return the users of each workload that counts them."""
    return _rows(tenant, "workloads", TenantWorkload)


def quota_periods(tenant: Tenant) -> list[QuotaPeriod]:
    """Return every quota there is and was, the latest first."""
    return _rows(tenant, "quotas", QuotaPeriod)


def _rows(tenant: Any, name: str, model: type[M]) -> list[M]:  # a Tenant with its annotation
    fields = model._meta.concrete_fields
    names = [field.attname for field in fields]
    return [
        model.from_db(None, names, [field.to_python(row[field.column]) for field in fields])
        for row in tenant.parts[name] or ()
    ]
