"""Let support staff's pages load a person with their saved lists, of which support staff have and see none."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("pages", "0002_row_security")]

    operations = [
        migrations.RunSQL(
            "GRANT SELECT ON pages_tablepreference TO msc_support;",
            "REVOKE SELECT ON pages_tablepreference FROM msc_support;",
        )
    ]
