"""Let the functions that run as the owner look into the caller's temporary schema last."""

from django.db import migrations

from msc.access.row_security import fix_search_path


class Migration(migrations.Migration):
    dependencies = [("people", "0004_single_sign_on")]

    operations = [
        fix_search_path(
            "msp_keeps_an_administrator()",
        )
    ]
