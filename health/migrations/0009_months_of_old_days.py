"""Count the months of the days that stand already, month by month; only the rollup of one MSP waits at a time."""

from django.db import migrations

FILL = """
DO $$
DECLARE
    kept record;
BEGIN
    FOR kept IN
        SELECT of_msp.id AS msp_id, month::date, (month + interval '1 month')::date AS next
        FROM (SELECT m.id, (SELECT min(d.day) FROM health_tenantday d WHERE d.msp_id = m.id) AS first,
                     (SELECT max(d.day) FROM health_tenantday d WHERE d.msp_id = m.id) AS last FROM access_msp m) of_msp,
             generate_series(date_trunc('month', of_msp.first), of_msp.last, interval '1 month') month
    LOOP
        -- The lock of health.locks.begin_rollup: no day of the MSP is written meanwhile.
        PERFORM pg_advisory_xact_lock(4201, (kept.msp_id % 2147483648)::int);
        INSERT INTO health_tenantmonth (msp_id, tenant_id, month, cu, days)
            SELECT d.msp_id, d.tenant_id, kept.month, sum(d.cu), bit_or(1 << (d.day - kept.month)) FROM health_tenantday d
            WHERE d.msp_id = kept.msp_id AND d.day >= kept.month AND d.day < kept.next AND d.cu IS NOT NULL
            GROUP BY d.msp_id, d.tenant_id
            ON CONFLICT (msp_id, tenant_id, month) DO UPDATE SET cu = excluded.cu, days = excluded.days;
        INSERT INTO health_mspday (msp_id, day, cu, tenants)
            SELECT d.msp_id, d.day, sum(d.cu), count(*) FROM health_tenantday d
            WHERE d.msp_id = kept.msp_id AND d.day >= kept.month AND d.day < kept.next AND d.cu IS NOT NULL
            GROUP BY d.msp_id, d.day
            ON CONFLICT (msp_id, day) DO UPDATE SET cu = excluded.cu, tenants = excluded.tenants;
        COMMIT;
    END LOOP;
END $$;
"""


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("health", "0008_months")]

    operations = [migrations.RunSQL(FILL, migrations.RunSQL.noop)]
