"""Keep the health of a customer beside what the list shows of it; the rollups fill it in."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models
from django.db.models import F


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("customers", "0013_keys_without_invisible_characters")]

    operations = [
        migrations.AddField(
            model_name="customersummary",
            name="health",
            field=models.PositiveSmallIntegerField(
                choices=[(0, "No data"), (1, "OK"), (2, "Warning"), (3, "Not reporting"), (4, "Failing")], db_default=0
            ),
        ),
        AddIndexConcurrently(
            "customersummary",
            models.Index(F("msp"), F("health").asc(nulls_last=True), F("customer"), name="summary_health_up"),
        ),
        AddIndexConcurrently(
            "customersummary",
            models.Index(F("msp"), F("health").desc(nulls_last=True), F("customer"), name="summary_health_dn"),
        ),
    ]
