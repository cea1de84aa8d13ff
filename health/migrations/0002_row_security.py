"""Let each database role see only what is its own; tie a run to its source; mark tenants whose quota changed."""

from django.db import migrations

from msc.access.row_security import protect

# One check per run instead of three, and a stricter one: MSP, tenant and source belong together. It is checked at
# once, since a deferred one would keep 10,000 entries until the commit of each ingest.
RUN_OF_SOURCE = """
ALTER TABLE health_run ADD CONSTRAINT run_of_source FOREIGN KEY (msp_id, tenant_id, data_source_id)
    REFERENCES health_datasource (msp_id, tenant_id, id);
"""

# Quota belongs to the tenants app, which knows nothing of rollups: its used share is recounted when it changes.
QUOTA_MARKS = """
CREATE FUNCTION mark_tenant_of_quota() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO health_dirtyday (msp_id, tenant_id) VALUES (NEW.msp_id, NEW.tenant_id);
    RETURN NULL;
END $$;
CREATE TRIGGER quota_marks_its_tenant AFTER INSERT OR UPDATE ON tenants_quotaperiod
    FOR EACH ROW EXECUTE FUNCTION mark_tenant_of_quota();
"""
NO_QUOTA_MARKS = """
DROP TRIGGER quota_marks_its_tenant ON tenants_quotaperiod;
DROP FUNCTION mark_tenant_of_quota();
"""


class Migration(migrations.Migration):
    dependencies = [("health", "0001_initial"), ("access", "0002_row_security"), ("tenants", "0002_row_security")]

    operations = [
        protect("health_datasource", portal="write"),
        protect("health_run", portal="write"),
        protect("health_usagerecord", portal="write", support="select"),
        protect("health_dirtyday", portal="append", worker_sees="every"),
        protect("health_tenantday", portal="select", support="select"),
        protect("health_tenanthealth", portal="select", support="select"),
        protect("health_rollupstate", portal="select", worker_sees="every"),
        protect("health_alert", portal="select"),
        protect("health_alertsubscription"),
        migrations.RunSQL(RUN_OF_SOURCE, "ALTER TABLE health_run DROP CONSTRAINT run_of_source;"),
        migrations.RunSQL(QUOTA_MARKS, NO_QUOTA_MARKS),
    ]
