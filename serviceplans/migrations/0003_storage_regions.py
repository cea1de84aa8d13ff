"""Fill the catalogue of storage regions."""

from django.db import migrations

BOTH = ["hybrid", "saas"]
REGIONS = [
    ("aws", "us-east-1", "N. Virginia", BOTH),
    ("aws", "us-east-2", "Ohio", BOTH),
    ("aws", "us-west-1", "N. California", ["hybrid"]),
    ("aws", "us-west-2", "Oregon", BOTH),
    ("aws", "ca-central-1", "Canada Central", BOTH),
    ("aws", "sa-east-1", "São Paulo", BOTH),
    ("aws", "eu-central-1", "Frankfurt", BOTH),
    ("aws", "eu-west-1", "Ireland", BOTH),
    ("aws", "eu-west-2", "London", BOTH),
    ("aws", "eu-west-3", "Paris", BOTH),
    ("aws", "eu-north-1", "Stockholm", BOTH),
    ("aws", "me-south-1", "Bahrain", ["hybrid"]),
    ("aws", "ap-south-1", "Mumbai", BOTH),
    ("aws", "ap-southeast-1", "Singapore", BOTH),
    ("aws", "ap-southeast-2", "Sydney", BOTH),
    ("aws", "ap-northeast-1", "Tokyo", BOTH),
    ("azure", "eastus", "Virginia", BOTH),
    ("azure", "westus2", "Washington", ["saas"]),
    ("azure", "westeurope", "Netherlands", BOTH),
    ("azure", "northeurope", "Ireland", BOTH),
    ("azure", "uksouth", "London", BOTH),
    ("azure", "germanywestcentral", "Frankfurt", ["saas"]),
    ("azure", "australiaeast", "New South Wales", BOTH),
    ("azure", "centralindia", "Pune", ["saas"]),
]


def fill(apps, schema_editor):
    region = apps.get_model("serviceplans", "StorageRegion")
    region.objects.using(schema_editor.connection.alias).bulk_create(
        region(provider=provider, name=name, place=place, products=products)
        for provider, name, place, products in REGIONS
    )


def empty(apps, schema_editor):
    apps.get_model("serviceplans", "StorageRegion").objects.using(schema_editor.connection.alias).all().delete()


class Migration(migrations.Migration):
    dependencies = [("serviceplans", "0002_row_security")]

    operations = [migrations.RunPython(fill, empty)]
