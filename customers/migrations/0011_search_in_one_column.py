"""Search both names by one index, and answer in the order of the names."""

import django.contrib.postgres.indexes
from django.contrib.postgres.operations import AddIndexConcurrently, RemoveIndexConcurrently
from django.db import migrations, models

from msc.access.row_security import MSP

# Planned anew for each term, since how common the term is decides which index serves. Runs as the owner, whom the
# policies do not bind, and therefore asks for the scope's MSP itself. The function before stays for servers that run the
# older code during an upgrade.
HEAD = """
LANGUAGE plpgsql STABLE PARALLEL SAFE SECURITY DEFINER SET search_path = pg_catalog, public AS $$
DECLARE
    pattern text := '%' || replace(replace(replace(needle, '\\', '\\\\'), '%', '\\%'), '_', '\\_') || '%';
BEGIN
    RETURN QUERY EXECUTE '"""
FOUND = f"""
CREATE FUNCTION customers_found(needle text, most integer, most_sorted integer)
RETURNS TABLE (number integer, ids bigint[])
{HEAD}
        WITH found AS MATERIALIZED (
            SELECT i.customer_id, i.folded_name FROM public.customers_customeridentity i
            WHERE i.msp_id = $1 AND i.folded_names LIKE $2 LIMIT $4 + 1
        )
        SELECT count(*)::integer, CASE WHEN count(*) <= $4 THEN
            ARRAY(SELECT f.customer_id FROM found f ORDER BY f.folded_name, f.customer_id LIMIT $3) END
        FROM found' USING {MSP}, pattern, most, most_sorted;
END $$;
REVOKE ALL ON FUNCTION customers_found(text, integer, integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION customers_found(text, integer, integer) TO msc_portal, msc_worker;
"""
OLDER = "CREATE OR REPLACE FUNCTION customers_matching(needle text, most integer) RETURNS SETOF bigint"
MATCHING = f"""{OLDER}
{HEAD}
        SELECT i.customer_id FROM public.customers_customeridentity i
        WHERE i.msp_id = $1 AND i.folded_names LIKE $2 LIMIT $3' USING {MSP}, pattern, most;
END $$;
"""
MATCHING_BEFORE = f"""{OLDER}
{HEAD}
        (SELECT i.customer_id FROM public.customers_customeridentity i
          WHERE i.msp_id = $1 AND i.folded_name LIKE $2 LIMIT $3)
        UNION
        (SELECT c.id FROM public.customers_customer c
          WHERE c.msp_id = $1 AND c.deleted_at IS NULL AND c.folded_account_name LIKE $2 LIMIT $3)
        LIMIT $3' USING {MSP}, pattern, most;
END $$;
"""


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("customers", "0010_folded_names_of_all")]

    operations = [
        AddIndexConcurrently(
            "customeridentity",
            django.contrib.postgres.indexes.GinIndex(
                models.F("msp"),
                django.contrib.postgres.indexes.OpClass("folded_names", "gin_trgm_ops"),
                name="identity_names_search",
            ),
        ),
        migrations.RunSQL(FOUND, "DROP FUNCTION customers_found(text, integer, integer);"),
        migrations.RunSQL(MATCHING, MATCHING_BEFORE),
        RemoveIndexConcurrently("customeridentity", "identity_name_search"),
    ]
