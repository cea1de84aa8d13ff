"""Keep what a tenant used in a month, and what all tenants used on a day, beside the daily totals."""

import django.db.models.deletion
from django.db import migrations, models

from msc.access.row_security import protect

# In the database, so that it holds whoever writes a day, also workers that run the older code during an upgrade.
# A month is recounted from its days.
MONTHS = """
    WITH touched AS (
        SELECT DISTINCT msp_id, tenant_id, date_trunc('month', day)::date AS month FROM {rows}
    ), known AS (
        SELECT t.msp_id, t.tenant_id, t.month, kept.cu, kept.days
        FROM touched t CROSS JOIN LATERAL (
            SELECT sum(d.cu) AS cu, bit_or(1 << (d.day - t.month)) AS days FROM health_tenantday d
            WHERE d.msp_id = t.msp_id AND d.tenant_id = t.tenant_id
                AND d.day >= t.month AND d.day < (t.month + interval '1 month')::date AND d.cu IS NOT NULL
        ) kept WHERE kept.days IS NOT NULL
    ), gone AS (
        DELETE FROM health_tenantmonth m USING touched t
        WHERE m.msp_id = t.msp_id AND m.tenant_id = t.tenant_id AND m.month = t.month AND NOT EXISTS (
            SELECT FROM known k WHERE k.msp_id = t.msp_id AND k.tenant_id = t.tenant_id AND k.month = t.month)
    )
    INSERT INTO health_tenantmonth AS kept (msp_id, tenant_id, month, cu, days)
    SELECT msp_id, tenant_id, month, cu, days FROM known
    ON CONFLICT (msp_id, tenant_id, month) DO UPDATE SET cu = excluded.cu, days = excluded.days
    WHERE (kept.cu, kept.days) <> (excluded.cu, excluded.days);
"""
# A day of the MSP takes the difference: recounting it would read all tenants. Nobody waits for its row, since whoever
# writes days holds the MSP's rollup lock.
MSP_DAYS = """
    INSERT INTO health_mspday AS kept (msp_id, day, cu, tenants)
    SELECT msp_id, day, sum(cu), sum(tenants) FROM ({differences}) difference
    GROUP BY msp_id, day HAVING sum(cu) <> 0 OR sum(tenants) <> 0
    ON CONFLICT (msp_id, day) DO UPDATE SET cu = kept.cu + excluded.cu, tenants = kept.tenants + excluded.tenants;
"""
ADDED = "SELECT msp_id, day, cu, 1 AS tenants FROM added WHERE cu IS NOT NULL"
REMOVED = "SELECT msp_id, day, -cu AS cu, -1 AS tenants FROM removed WHERE cu IS NOT NULL"


def _keep(event: str, tables: str, rows: str, differences: str) -> str:
    name = f"health_totals_after_{event.lower()}"
    body = MONTHS.format(rows=rows) + MSP_DAYS.format(differences=differences)
    # Planned anew each time: a plan made while the days of an MSP were few would read them all ever after.
    return (
        f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql SET plan_cache_mode = force_custom_plan"
        f" AS $$\nBEGIN\n{body}    RETURN NULL;\nEND $$;\n"
        f"CREATE TRIGGER {name} AFTER {event} ON health_tenantday REFERENCING {tables}"
        f" FOR EACH STATEMENT EXECUTE FUNCTION {name}();\n"
    )


KEEPING = (
    _keep("INSERT", "NEW TABLE AS added", "added", ADDED)
    + _keep("UPDATE", "OLD TABLE AS removed NEW TABLE AS added", "added", f"{ADDED} UNION ALL {REMOVED}")
    + _keep("DELETE", "OLD TABLE AS removed", "removed", REMOVED)
)
UNDO = "".join(
    f"DROP TRIGGER health_totals_after_{event} ON health_tenantday; DROP FUNCTION health_totals_after_{event}();"
    for event in ("insert", "update", "delete")
)
MSP = {"on_delete": django.db.models.deletion.PROTECT, "related_name": "+", "db_index": False, "to": "access.msp"}


class Migration(migrations.Migration):
    dependencies = [
        ("access", "0002_row_security"),
        ("tenants", "0008_deleted_products"),
        ("health", "0007_alert_objects_sorted"),
    ]

    operations = [
        migrations.CreateModel(
            name="TenantMonth",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("month", models.DateField()),
                ("cu", models.DecimalField(decimal_places=6, max_digits=18, verbose_name="CU")),
                ("days", models.PositiveIntegerField()),
                ("msp", models.ForeignKey(**MSP)),
                ("tenant", models.ForeignKey(**MSP | {"related_name": "months", "to": "tenants.tenant"})),
            ],
            options={
                "indexes": [models.Index(fields=["msp", "month", "cu"], name="tenant_month_by_cu")],
                "constraints": [
                    models.UniqueConstraint(fields=("msp", "tenant", "month"), name="one_row_per_tenant_and_month")
                ],
            },
        ),
        migrations.CreateModel(
            name="MspDay",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("day", models.DateField()),
                ("cu", models.DecimalField(decimal_places=6, max_digits=24, verbose_name="CU")),
                ("tenants", models.IntegerField()),
                ("msp", models.ForeignKey(**MSP)),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("msp", "day"), name="one_row_per_msp_and_day")],
            },
        ),
        protect("health_tenantmonth", portal="select"),
        protect("health_mspday", portal="select"),
        migrations.RunSQL(KEEPING, UNDO),
    ]
