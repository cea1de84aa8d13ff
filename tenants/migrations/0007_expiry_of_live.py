"""Find the live products that expire soon, and their customers, in an index alone."""

from django.contrib.postgres.operations import AddIndexConcurrently, RemoveIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("tenants", "0006_plural")]

    operations = [
        AddIndexConcurrently(
            "tenant",
            models.Index(
                fields=["msp", "license_expiry", "customer"],
                condition=models.Q(("deleted_at", None)),
                name="live_tenant_by_expiry",
            ),
        ),
        RemoveIndexConcurrently("tenant", "tenant_by_expiry"),
    ]
