"""Count what is wrong from indexes that hold little else."""

from django.contrib.postgres.operations import AddIndexConcurrently, RemoveIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("customers", "0006_search")]

    operations = [
        RemoveIndexConcurrently("customersummary", "summary_failing"),
        AddIndexConcurrently(
            "customersummary",
            models.Index(
                fields=["msp", "customer"], condition=models.Q(("failing_sources__gte", 1)), name="summary_failing"
            ),
        ),
        RemoveIndexConcurrently("customersummary", "summary_silent"),
        AddIndexConcurrently(
            "customersummary",
            models.Index(
                fields=["msp", "customer"], condition=models.Q(("silent_sources__gte", 1)), name="summary_silent"
            ),
        ),
        AddIndexConcurrently(
            "customersummary",
            models.Index(
                fields=["msp", "quota_used_high", "customer"],
                condition=models.Q(("quota_used_high__gte", 50)),
                name="summary_near_quota",
            ),
        ),
    ]
