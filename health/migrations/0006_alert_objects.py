"""What alerts are sorted by when they are sorted by their object."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("health", "0005_alert_orders")]

    operations = [
        # The database fills it in, so that workers that still run the older code can raise alerts.
        migrations.AddField(
            model_name="alert",
            name="folded_object",
            field=models.CharField(db_default="", editable=False, max_length=400),
        ),
    ]
