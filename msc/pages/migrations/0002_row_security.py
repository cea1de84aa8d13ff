"""Let each database role see only what is its own."""

from django.db import migrations

from msc.access.row_security import protect


class Migration(migrations.Migration):
    dependencies = [("pages", "0001_initial"), ("access", "0002_row_security")]

    operations = [
        protect("pages_tablepreference", worker="none"),
        protect("pages_submission", worker="all"),
    ]
