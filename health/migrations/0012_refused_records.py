"""Keep refused records of the API for a month; support staff have no right on what may hold names."""

import django.db.models.deletion
from django.db import migrations, models

from msc.access.row_security import protect


class Migration(migrations.Migration):
    dependencies = [
        ("access", "0002_row_security"),
        ("customers", "0013_keys_without_invisible_characters"),
        ("health", "0011_kinds_of_runs"),
        ("people", "0005_search_path"),
        ("tenants", "0009_search_path"),
    ]

    operations = [
        migrations.CreateModel(
            name="RefusedRecord",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("received_at", models.DateTimeField()),
                (
                    "endpoint",
                    models.CharField(
                        choices=[
                            ("runs", "/runs"),
                            ("usage", "/usage"),
                            ("restic", "/runs/restic"),
                            ("borg", "/runs/borg"),
                        ],
                        max_length=8,
                    ),
                ),
                ("line", models.PositiveIntegerField()),
                ("records", models.PositiveIntegerField()),
                ("field", models.CharField(max_length=120)),
                ("reason", models.CharField(max_length=500)),
                ("named", models.CharField(max_length=40)),
                ("source", models.CharField(max_length=200, verbose_name="data source")),
                ("text", models.CharField(max_length=1000)),
                (
                    "credential",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="refused_records",
                        to="people.apicredential",
                    ),
                ),
                (
                    "customer",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="customers.customer",
                    ),
                ),
                (
                    "msp",
                    models.ForeignKey(
                        db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="access.msp"
                    ),
                ),
                (
                    "tenant",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="tenants.tenant",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(fields=["msp", "received_at", "id"], name="refused_by_age"),
                    models.Index(fields=["msp", "credential", "id"], name="refused_of_credential"),
                    models.Index(fields=["msp", "customer"], name="refused_of_customer"),
                    models.Index(fields=["msp", "tenant"], name="refused_of_tenant"),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("endpoint__in", ["runs", "usage", "restic", "borg"])),
                        name="refused_at_known_endpoint",
                    )
                ],
            },
        ),
        protect("health_refusedrecord"),
    ]
