"""Let each database role see only what is its own."""

from django.db import migrations

from msc.access.row_security import MSP, PERSON, protect


class Migration(migrations.Migration):
    dependencies = [("pages", "0001_initial"), ("access", "0002_row_security")]

    operations = [
        # A person's own are read along with the person, before their MSP is known.
        protect(
            "pages_tablepreference",
            worker="none",
            portal_condition=f"msp_id = {MSP} OR user_id = {PERSON}",
            portal_check=f"msp_id = {MSP}",
        ),
        protect("pages_submission", worker="all"),
    ]
