"""Sort alerts by their object and by when they were last seen; nobody waits for it."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models

# Names of data sources are folded already; those of products need no folding but lower case.
FILL = """
DO $$
DECLARE
    last bigint := 0;
BEGIN
    LOOP
        WITH batch AS (SELECT id FROM health_alert WHERE id > last ORDER BY id LIMIT 5000),
        filled AS (
            UPDATE health_alert a SET folded_object = coalesce(
                (SELECT left(s.folded_name, 400) FROM health_datasource s WHERE s.id = a.data_source_id),
                CASE a.product WHEN 'hybrid' THEN 'hybrid workloads' WHEN 'saas' THEN 'saas apps and endpoints' ELSE '' END)
            FROM batch WHERE a.id = batch.id
        )
        SELECT max(id) INTO last FROM batch;
        EXIT WHEN last IS NULL;
        COMMIT;
    END LOOP;
END $$;
"""


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("health", "0006_alert_objects")]

    operations = [
        migrations.RunSQL(FILL, migrations.RunSQL.noop),
        AddIndexConcurrently(
            "alert", models.Index(fields=["msp", "folded_object", "id"], name="alert_by_folded_object")
        ),
        AddIndexConcurrently("alert", models.Index(fields=["msp", "last_seen", "id"], name="alert_by_last_seen")),
    ]
