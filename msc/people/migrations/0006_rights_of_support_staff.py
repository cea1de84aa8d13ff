"""Let support staff's role change and see of people, sign-in and credentials only what its pages and commands need."""

from django.db import migrations

# Its own people: those of no MSP. What belongs to an MSP's person is seen and changed by the portal's role alone.
PEOPLE = """
CREATE POLICY support_adds_its_own ON access_user AS RESTRICTIVE FOR INSERT TO msc_support
    WITH CHECK (msp_id IS NULL AND role = 'support');
CREATE POLICY support_changes_its_own ON access_user AS RESTRICTIVE FOR UPDATE TO msc_support
    USING (msp_id IS NULL) WITH CHECK (msp_id IS NULL AND role = 'support');
REVOKE UPDATE ON access_user FROM msc_support;
GRANT UPDATE (is_active, version, last_seen_at) ON access_user TO msc_support;
"""
UNDO_PEOPLE = """
REVOKE UPDATE (is_active, version, last_seen_at) ON access_user FROM msc_support;
GRANT UPDATE ON access_user TO msc_support;
DROP POLICY support_changes_its_own ON access_user;
DROP POLICY support_adds_its_own ON access_user;
"""

SIGN_IN = ("account_emailaddress", "mfa_authenticator", "usersessions_usersession", "socialaccount_socialaccount")
OWN_SIGN_IN = "\n".join(
    f"CREATE POLICY support_sees_its_own ON {table} AS RESTRICTIVE TO msc_support USING (EXISTS ("
    f"SELECT 1 FROM access_user p WHERE p.id = {table}.user_id AND p.msp_id IS NULL));"
    for table in SIGN_IN
)
UNDO_OWN_SIGN_IN = "\n".join(f"DROP POLICY support_sees_its_own ON {table};" for table in SIGN_IN)

# Everything but the digests, which are all that a link or a secret is checked by.
DIGESTS = """
REVOKE SELECT, UPDATE ON people_apicredential FROM msc_support;
GRANT SELECT (id, msp_id, name, scopes, prefix, created_at, created_by_id, expires_at, last_used_at, revoked_at),
    UPDATE (revoked_at) ON people_apicredential TO msc_support;
REVOKE SELECT ON people_invitation FROM msc_support;
GRANT SELECT (id, msp_id, person_id, email, created_at, expires_at, accepted_at, revoked_at)
    ON people_invitation TO msc_support;
"""
UNDO_DIGESTS = """
GRANT SELECT ON people_invitation TO msc_support;
GRANT SELECT, UPDATE ON people_apicredential TO msc_support;
"""


class Migration(migrations.Migration):
    dependencies = [("people", "0005_search_path")]

    operations = [
        migrations.RunSQL(PEOPLE, UNDO_PEOPLE),
        migrations.RunSQL(OWN_SIGN_IN, UNDO_OWN_SIGN_IN),
        migrations.RunSQL(DIGESTS, UNDO_DIGESTS),
    ]
