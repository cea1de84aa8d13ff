"""Find the few products that are deleted without passing those that are not."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("tenants", "0007_live_products")]

    operations = [
        AddIndexConcurrently(
            "tenant",
            models.Index(
                fields=["msp", "customer"], condition=models.Q(("deleted_at__isnull", False)), name="deleted_tenant"
            ),
        ),
    ]
