"""Keep the last error message, failed restores and closed alerts, and count every data source and product anew."""

from django.contrib.postgres.fields import ArrayField
from django.db import migrations, models
from django.db.models import Q

TYPES = models.CharField(
    choices=[
        ("commercial_expiry", "Commercial license expiry"),
        ("evaluation_expiry", "Evaluation expiry"),
        ("quota", "Quota utilization"),
        ("backup_failed", "Backup failed"),
        ("restore_failed", "Restore failed"),
        ("source_silent", "Not reporting"),
        ("deletion_initiated", "Product deletion scheduled"),
        ("deletion_cancelled", "Product deletion canceled"),
        ("tenant_deleted", "Product deleted"),
        ("plan_workload", "Workload outside the plan"),
        ("plan_frequency", "Backup frequency outside the plan"),
        ("plan_retention", "Retention outside the plan"),
    ],
    max_length=24,
)

RECOUNT = """
INSERT INTO health_dirtyday (msp_id, tenant_id, data_source_id)
SELECT msp_id, tenant_id, id FROM health_datasource
UNION ALL SELECT msp_id, id, NULL FROM tenants_tenant WHERE deleted_at IS NULL;
"""


def _text(model: str, name: str, length: int, **options: bool) -> migrations.AddField:
    return migrations.AddField(model, name, models.CharField(max_length=length, db_default="", **options))


def _moment(name: str) -> migrations.AddField:
    return migrations.AddField("datasource", name, models.DateTimeField(null=True, editable=False))


class Migration(migrations.Migration):
    dependencies = [
        ("health", "0012_refused_records"),
        ("customers", "0014_health"),
        ("tenants", "0008_deleted_products"),
    ]

    operations = [
        migrations.AlterField("alert", "type", TYPES),
        migrations.AlterField(
            "alert",
            "state",
            models.CharField(choices=[("active", "Open"), ("resolved", "Resolved")], default="active", max_length=8),
        ),
        migrations.AlterField("alertsubscription", "types", ArrayField(TYPES.clone(), blank=True, default=list)),
        _text("datasource", "last_message", 1000, editable=False),
        _moment("failed_restore_at"),
        _text("datasource", "failed_restore_job", 200, editable=False),
        _text("datasource", "failed_restore_message", 1000, editable=False),
        _moment("restores_closed_at"),
        migrations.AddField("tenanthealth", "partial_sources", models.PositiveIntegerField(db_default=0)),
        _text("alert", "message", 1000),
        _text("alert", "closed_by", 320),
        _text("alert", "close_reason", 500),
        migrations.AddField(
            "run",
            "has_message",
            models.GeneratedField(
                expression=models.ExpressionWrapper(Q(message__gt=""), output_field=models.BooleanField()),
                output_field=models.BooleanField(),
                db_persist=True,
            ),
        ),
        migrations.RunSQL("GRANT SELECT (has_message) ON health_run TO msc_support;", migrations.RunSQL.noop),
        # What closing an alert by hand writes.
        migrations.RunSQL(
            "GRANT UPDATE (state, resolved_at, closed_by, close_reason) ON health_alert TO msc_portal;",
            "REVOKE UPDATE (state, resolved_at, closed_by, close_reason) ON health_alert FROM msc_portal;",
        ),
        migrations.RunSQL(RECOUNT, migrations.RunSQL.noop),
    ]
