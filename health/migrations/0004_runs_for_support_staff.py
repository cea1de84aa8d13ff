"""Let support staff see that runs came and how they ended, but none of the words in them.

Job ids, messages and the names of data sources are the caller's: they may hold a name that an MSP hides.
"""

from django.db import migrations

COLUMNS = (
    "id, msp_id, tenant_id, data_source_id, kind, status, started_at, ended_at, moment, changed_at, size_bytes,"
    " sent_bytes, errors, reported_at"
)


class Migration(migrations.Migration):
    dependencies = [("health", "0003_dirty_day_of_tenant")]

    operations = [
        migrations.RunSQL(
            f"""
            GRANT SELECT ({COLUMNS}) ON health_run TO msc_support;
            CREATE POLICY support_rows ON health_run TO msc_support USING (true);
            """,
            f"""
            DROP POLICY support_rows ON health_run;
            REVOKE SELECT ({COLUMNS}) ON health_run FROM msc_support;
            """,
        )
    ]
