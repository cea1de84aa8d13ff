"""Let a run be of kind maintenance or other: neither counts as a backup."""

from django.contrib.postgres.operations import AddConstraintNotValid, ValidateConstraint
from django.db import migrations, models

KINDS = [(1, "Backup"), (2, "Restore"), (3, "Maintenance"), (4, "Other")]
NAME = "run_kind_and_status_are_known"


class Migration(migrations.Migration):
    # A table of runs is large: the new rule is checked on old rows without keeping anybody from writing.
    atomic = False
    dependencies = [("health", "0010_sources_without_invisible_characters")]

    operations = [
        migrations.AlterField("run", "kind", models.PositiveSmallIntegerField(choices=KINDS)),
        migrations.RemoveConstraint("run", NAME),
        AddConstraintNotValid(
            "run",
            models.CheckConstraint(
                condition=models.Q(kind__in=[1, 2, 3, 4]) & models.Q(status__in=[0, 1, 2, 3, 4]), name=NAME
            ),
        ),
        ValidateConstraint("run", NAME),
    ]
