"""Let workers give signs of life and the web read them, and let it see which migrations are applied."""

from django.db import migrations

from msc.access.row_security import open_to_all


class Migration(migrations.Migration):
    dependencies = [("operations", "0001_initial"), ("access", "0002_row_security")]

    operations = [
        open_to_all("operations_heartbeat", portal="select", worker="write", support="select"),
        migrations.RunSQL(
            "GRANT SELECT ON django_migrations TO msc_portal;", "REVOKE ALL ON django_migrations FROM msc_portal;"
        ),
    ]
