"""What the customer list knows of products: the columns of `CustomerSummary` that this app recounts from the facts."""

from collections.abc import Collection
from datetime import datetime

from django.db import connection, transaction
from django.utils import timezone

from tenants.quotas import current_sql

# The share of the quota that is used ('qu') is counted by the app above from usage, and kept here.
_RECOUNT = f"""
WITH tenant AS (
    SELECT t.customer_id, t.id, used.share AS used, t.product, t.service_plan_id, t.tenant_type, t.state, t.license_expiry,
           plan.folded_name AS plan, part.edition,
           array_position(ARRAY['business', 'enterprise', 'elite'], part.edition::text) AS rank,
           place.ids, place.low, place.high, quota.quota, quota.effective_on, quota.end_on
      FROM tenants_tenant t
      JOIN access_msp msp ON msp.id = t.msp_id
      CROSS JOIN LATERAL (SELECT (%(now)s AT TIME ZONE msp.time_zone)::date AS today) clock
      JOIN serviceplans_serviceplan plan ON plan.id = t.service_plan_id
      LEFT JOIN serviceplans_planproduct part ON part.plan_id = plan.id AND part.product = t.product
      LEFT JOIN LATERAL (
           SELECT jsonb_agg(region.id ORDER BY region.provider, region.name) AS ids,
                  min(region.provider || ' ' || region.name) AS low,
                  max(region.provider || ' ' || region.name) AS high
             FROM tenants_tenantregion tr JOIN serviceplans_storageregion region ON region.id = tr.region_id
            WHERE tr.tenant_id = t.id) place ON true
      LEFT JOIN LATERAL ({current_sql(tenant="t", day="clock.today")}) quota ON true
      LEFT JOIN LATERAL (
           SELECT old ->> 'qu' AS share FROM customers_customersummary kept, jsonb_array_elements(kept.products) old
            WHERE kept.customer_id = t.customer_id AND (old ->> 't')::bigint = t.id) used ON true
     WHERE t.customer_id = ANY(%(customers)s::bigint[]) AND t.deleted_at IS NULL
), customer AS (
    SELECT customer_id,
           jsonb_agg(jsonb_build_object('t', id, 'p', product, 's', service_plan_id, 'e', edition, 'r', ids,
               'y', tenant_type, 'st', state, 'x', license_expiry, 'q', quota::text, 'qf', effective_on,
               'qt', end_on, 'qu', used) ORDER BY product) AS products,
           min(product) AS product_low, max(product) AS product_high,
           min(plan) AS plan_low, max(plan) AS plan_high,
           min(rank) AS edition_low, max(rank) AS edition_high,
           min(low) AS region_low, max(high) AS region_high,
           min(tenant_type) AS type_low, max(tenant_type) AS type_high,
           min(state) AS status_low, max(state) AS status_high,
           min(license_expiry) AS expiry_low, max(license_expiry) AS expiry_high,
           min(quota) AS quota_low, max(quota) AS quota_high,
           min(effective_on) AS quota_effective_low, max(effective_on) AS quota_effective_high,
           min(end_on) AS quota_end_low, max(end_on) AS quota_end_high
      FROM tenant GROUP BY customer_id
)
UPDATE customers_customersummary s
   SET products = coalesce(c.products, '[]'::jsonb),
       product_low = c.product_low, product_high = c.product_high, plan_low = c.plan_low, plan_high = c.plan_high,
       edition_low = c.edition_low, edition_high = c.edition_high,
       region_low = c.region_low, region_high = c.region_high, type_low = c.type_low, type_high = c.type_high,
       status_low = c.status_low, status_high = c.status_high,
       expiry_low = c.expiry_low, expiry_high = c.expiry_high, quota_low = c.quota_low, quota_high = c.quota_high,
       quota_effective_low = c.quota_effective_low, quota_effective_high = c.quota_effective_high,
       quota_end_low = c.quota_end_low, quota_end_high = c.quota_end_high
  FROM unnest(%(customers)s::bigint[]) AS asked(id) LEFT JOIN customer c ON c.customer_id = asked.id
 WHERE s.customer_id = asked.id
"""  # noqa: S608 - made of constants
_LOCK = "SELECT FROM customers_customersummary WHERE customer_id = ANY(%(customers)s::bigint[]) ORDER BY customer_id FOR UPDATE"


@transaction.atomic
def refresh(customer_ids: Collection[int], *, now: datetime | None = None) -> None:
    """Recount what the customer list shows of the products of these customers.

    The rows are locked by a statement of its own: the recount then begins after whoever held them has committed, and
    counts what they did.
    """
    ids = sorted(set(customer_ids))
    if not ids:
        return
    with connection.cursor() as cursor:
        cursor.execute(_LOCK, {"customers": ids})
        cursor.execute(_RECOUNT, {"customers": ids, "now": now or timezone.now()})
