"""Let a search say early that it finds too much, so that the list's own order is walked instead."""

from django.db import migrations

from msc.access.row_security import MSP

# Planned anew for each term, since how common the term is decides which index serves. Runs as the owner, whom the
# policies do not bind, and therefore asks for the scope's MSP itself.
MATCHING = f"""
DROP FUNCTION customers_matching(text);
CREATE FUNCTION customers_matching(needle text, most integer) RETURNS SETOF bigint
LANGUAGE plpgsql STABLE PARALLEL SAFE SECURITY DEFINER SET search_path = pg_catalog, public AS $$
DECLARE
    pattern text := '%' || replace(replace(replace(needle, '\\', '\\\\'), '%', '\\%'), '_', '\\_') || '%';
BEGIN
    RETURN QUERY EXECUTE '
        (SELECT i.customer_id FROM public.customers_customeridentity i
          WHERE i.msp_id = $1 AND i.folded_name LIKE $2 LIMIT $3)
        UNION
        (SELECT c.id FROM public.customers_customer c
          WHERE c.msp_id = $1 AND c.deleted_at IS NULL AND c.folded_account_name LIKE $2 LIMIT $3)
        LIMIT $3' USING {MSP}, pattern, most;
END $$;
REVOKE ALL ON FUNCTION customers_matching(text, integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION customers_matching(text, integer) TO msc_portal, msc_worker;
"""
BEFORE = f"""
DROP FUNCTION customers_matching(text, integer);
CREATE FUNCTION customers_matching(needle text) RETURNS SETOF bigint
LANGUAGE sql STABLE PARALLEL SAFE SECURITY DEFINER SET search_path = pg_catalog, public AS $$
    SELECT i.customer_id FROM public.customers_customeridentity i
    WHERE i.msp_id = {MSP} AND i.folded_name LIKE '%' || needle || '%'
$$;
REVOKE ALL ON FUNCTION customers_matching(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION customers_matching(text) TO msc_portal, msc_worker;
"""


class Migration(migrations.Migration):
    dependencies = [("customers", "0005_tally")]

    operations = [migrations.RunSQL(MATCHING, BEFORE)]
