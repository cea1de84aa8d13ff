"""Let each database role see only what is its own, and let searches use their index beneath that."""

from django.db import migrations

from msc.access.row_security import MSP, protect

# LIKE is not leakproof, so under row-level security no trigram index serves it. This function runs as the owner,
# whom the policies do not bind, and therefore asks for the scope's MSP itself.
MATCHING = f"""
CREATE FUNCTION customers_matching(needle text) RETURNS SETOF bigint
LANGUAGE sql STABLE PARALLEL SAFE SECURITY DEFINER SET search_path = pg_catalog, public AS $$
    SELECT i.customer_id FROM public.customers_customeridentity i
    WHERE i.msp_id = {MSP} AND i.folded_name LIKE '%' || replace(replace(replace(needle, E'\\\\', E'\\\\\\\\'), '%', E'\\\\%'), '_', E'\\\\_') || '%'
    UNION
    SELECT c.id FROM public.customers_customer c
    WHERE c.msp_id = {MSP} AND c.deleted_at IS NULL
      AND c.folded_account_name LIKE '%' || replace(replace(replace(needle, E'\\\\', E'\\\\\\\\'), '%', E'\\\\%'), '_', E'\\\\_') || '%'
$$;
REVOKE ALL ON FUNCTION customers_matching(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION customers_matching(text) TO msc_portal, msc_worker;
"""


class Migration(migrations.Migration):
    dependencies = [("customers", "0001_initial"), ("access", "0002_row_security")]

    operations = [
        protect("customers_customer", support="select"),
        protect("customers_customeridentity"),
        protect("customers_contact"),
        protect("customers_assignment", support="select"),
        protect("customers_customersummary"),
        migrations.RunSQL(MATCHING, "DROP FUNCTION customers_matching(text);"),
    ]
