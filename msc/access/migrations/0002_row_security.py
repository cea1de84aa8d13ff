"""Let each database role see only what is its own; make the table of the database cache."""

from django.db import migrations

from msc.access.row_security import EMAIL, MSP, PERSON, SLUG, open_to_all, protect


class Migration(migrations.Migration):
    dependencies = [
        ("access", "0001_initial"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
        ("sessions", "0001_initial"),
    ]

    operations = [
        protect(
            "access_msp",
            column="id",
            portal="update",
            worker="select",
            support="write",
            worker_sees="every",
            # The person who signs in needs their own MSP before it is known; its sign-in page is found by its slug.
            portal_condition=(
                f"id = {MSP} OR id = (SELECT p.msp_id FROM access_user p WHERE p.id = {PERSON}) OR slug = {SLUG}"
            ),
            portal_check=f"id = {MSP}",
        ),
        protect(
            "access_user",
            portal="write",
            worker="update",
            support="write",
            portal_condition=f"msp_id = {MSP} OR id = {PERSON} OR email = {EMAIL}",
        ),
        open_to_all("django_session"),
        open_to_all("django_content_type", portal="select", worker="select", support="select"),
        migrations.RunSQL(
            """
            CREATE TABLE msc_cache (
                cache_key varchar(255) PRIMARY KEY,
                value text NOT NULL,
                expires timestamp with time zone NOT NULL
            );
            CREATE INDEX msc_cache_expires ON msc_cache (expires);
            GRANT SELECT, INSERT, UPDATE, DELETE ON msc_cache TO msc_login;
            """,
            "DROP TABLE msc_cache;",
        ),
    ]
