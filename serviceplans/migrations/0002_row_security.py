"""Let each database role see only what is its own."""

from django.db import migrations

from msc.access.row_security import open_to_all, protect


class Migration(migrations.Migration):
    dependencies = [("serviceplans", "0001_initial"), ("access", "0002_row_security")]

    operations = [
        open_to_all("serviceplans_storageregion", portal="select", worker="select", support="select"),
        protect("serviceplans_offeredproduct", portal="select", worker="select", support="all"),
        protect("serviceplans_offeredregion", portal="select", worker="select", support="all"),
        protect("serviceplans_serviceplan", support="select"),
        protect("serviceplans_planproduct", support="select"),
    ]
