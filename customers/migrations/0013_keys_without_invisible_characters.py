"""Recompute the keys of customers, plans and people whose names have characters that show nothing."""

from typing import Any

from django.db import migrations

from msc.access.names import folded_name, name_key
from msc.access.rekeying import rekey


def recompute(_apps: Any, editor: Any) -> None:
    keys = {"name_key": name_key, "folded_name": folded_name}
    accounts = {"account_key": name_key, "folded_account_name": folded_name}
    rekey(editor, "customers_customeridentity", "customer_id", "name", keys)
    rekey(editor, "customers_customer", "id", "account_name", accounts)
    rekey(editor, "serviceplans_serviceplan", "id", "name", keys)
    rekey(editor, "access_user", "id", "btrim(first_name || ' ' || last_name)", {"folded_name": folded_name})


class Migration(migrations.Migration):
    dependencies = [
        ("customers", "0012_search_path"),
        ("access", "0002_row_security"),
        ("serviceplans", "0006_what_stays"),
    ]

    operations = [migrations.RunPython(recompute, migrations.RunPython.noop)]
