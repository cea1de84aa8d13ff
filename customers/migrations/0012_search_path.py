"""Let the functions that run as the owner look into the caller's temporary schema last."""

from django.db import migrations

from msc.access.row_security import fix_search_path


class Migration(migrations.Migration):
    dependencies = [("customers", "0011_search_in_one_column")]

    operations = [
        fix_search_path(
            "customers_account_renamed()",
            "customers_admins_changed()",
            "customers_found(text, integer, integer)",
            "customers_join_names()",
            "customers_matching(text, integer)",
            "customers_recount_admins(bigint[])",
            "customers_tally_added()",
            "customers_tally_moved()",
        )
    ]
