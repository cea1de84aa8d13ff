"""Let each database role see only what is its own; tasks claim tenants of every MSP."""

from django.db import migrations

from msc.access.row_security import protect


class Migration(migrations.Migration):
    dependencies = [("tenants", "0001_initial"), ("access", "0002_row_security")]

    operations = [
        protect("tenants_tenant", support="update", worker_sees="every"),
        protect("tenants_tenantregion", support="select"),
        protect("tenants_tenantworkload", support="select"),
        protect("tenants_quotaperiod", support="select"),
    ]
