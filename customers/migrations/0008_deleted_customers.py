"""Find the deleted customers without looking at the others."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("customers", "0007_what_is_wrong")]

    operations = [
        AddIndexConcurrently(
            "customer",
            models.Index(fields=["msp"], condition=models.Q(("deleted_at__isnull", False)), name="deleted_customer"),
        ),
    ]
