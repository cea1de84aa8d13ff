"""Let each role see only its own e-mails, and support staff none of the texts."""

from django.db import migrations

from msc.access.row_security import MSP, open_to_all, protect

# At sign-in no MSP is known yet, and support staff have none: whoever causes an e-mail may write it,
# though not see it.
MAY_BE_CAUSED = f"msp_id = {MSP} OR msp_id IS NULL OR {MSP} IS NULL"

# Support staff queue an invitation when they open an MSP, and send again what got stuck. They read no text.
SUPPORT = """
GRANT USAGE ON SEQUENCE mail_outboxmessage_id_seq TO msc_portal, msc_worker, msc_support;
GRANT INSERT, UPDATE (state, attempts, due_at, expires_at) ON mail_outboxmessage TO msc_support;
GRANT INSERT ON mail_outboxbody TO msc_support;
CREATE POLICY support_causes ON mail_outboxbody FOR INSERT TO msc_support WITH CHECK (true);
CREATE POLICY support_sends_again ON mail_outboxmessage AS RESTRICTIVE FOR UPDATE TO msc_support
    USING (state IN ('failed', 'dead', 'handed')) WITH CHECK (state = 'queued');
"""
UNDO_SUPPORT = """
DROP POLICY support_causes ON mail_outboxbody;
DROP POLICY support_sends_again ON mail_outboxmessage;
REVOKE ALL ON SEQUENCE mail_outboxmessage_id_seq FROM msc_portal, msc_worker, msc_support;
"""


class Migration(migrations.Migration):
    dependencies = [("mail", "0001_initial"), ("access", "0002_row_security")]

    operations = [
        protect(
            "mail_outboxmessage",
            portal="append",
            support="select",
            worker_sees="every",
            portal_check=MAY_BE_CAUSED,
        ),
        protect("mail_outboxbody", portal="append", worker_sees="every", portal_check=MAY_BE_CAUSED),
        open_to_all("mail_sendinghost", portal="none", support="none"),
        migrations.RunSQL(SUPPORT, UNDO_SUPPORT),
    ]
