"""Find the customers of live products by expiry, product and type in an index alone."""

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
        AddIndexConcurrently(
            "tenant",
            models.Index(
                fields=["msp", "product", "tenant_type", "customer"],
                condition=models.Q(("deleted_at", None)),
                name="live_tenant_by_product",
            ),
        ),
        RemoveIndexConcurrently("tenant", "tenant_by_product_and_type"),
    ]
