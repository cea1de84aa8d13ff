"""Let the functions that run as the owner look into the caller's temporary schema last."""

from django.db import migrations

from msc.access.row_security import fix_search_path


class Migration(migrations.Migration):
    dependencies = [("tenants", "0008_deleted_products")]

    operations = [
        fix_search_path(
            "tenants_check_plan()",
            "tenants_check_tenant()",
            "tenants_first_problem(bigint, bigint)",
            "tenants_guard_customer()",
            "tenants_guard_part()",
            "tenants_guard_plan()",
            "tenants_guard_region()",
            "tenants_guard_tenant()",
        )
    ]
