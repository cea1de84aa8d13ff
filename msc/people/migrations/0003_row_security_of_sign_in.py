"""Show what belongs to a person's sign-in where the person is seen, and nowhere else."""

from django.db import migrations

from msc.access.row_security import protect_through_person


class Migration(migrations.Migration):
    dependencies = [
        ("people", "0002_row_security"),
        ("account", "0009_emailaddress_unique_primary_email"),
        ("mfa", "0003_authenticator_type_uniq"),
        ("usersessions", "0001_initial"),
        ("socialaccount", "0006_alter_socialaccount_extra_data"),
    ]

    operations = [
        protect_through_person("account_emailaddress"),
        protect_through_person("mfa_authenticator"),
        protect_through_person("usersessions_usersession"),
        protect_through_person("socialaccount_socialaccount"),
    ]
