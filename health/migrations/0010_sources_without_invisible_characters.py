"""Recompute what data sources are sorted and searched by where their names have characters that show nothing."""

from typing import Any

from django.db import migrations

from msc.access.names import folded_name
from msc.access.rekeying import rekey


def recompute(_apps: Any, editor: Any) -> None:
    rekey(editor, "health_datasource", "id", "name", {"folded_name": folded_name})


class Migration(migrations.Migration):
    dependencies = [("health", "0009_months_of_old_days"), ("access", "0002_row_security")]

    operations = [migrations.RunPython(recompute, migrations.RunPython.noop)]
