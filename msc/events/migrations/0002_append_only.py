"""Make the record append-only for everybody, its owner included, and let each role see only its own."""

from django.db import migrations

from msc.access.row_security import MSP, protect

APPEND_ONLY = """
CREATE FUNCTION events_are_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the event record is append-only: % is refused', TG_OP USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON events_event
    FOR EACH STATEMENT EXECUTE FUNCTION events_are_append_only();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON events_eventdetail
    FOR EACH STATEMENT EXECUTE FUNCTION events_are_append_only();
"""
UNDO_APPEND_ONLY = """
DROP TRIGGER append_only ON events_eventdetail;
DROP TRIGGER append_only ON events_event;
DROP FUNCTION events_are_append_only();
"""

# At sign-in no MSP is known yet: what happened is written down all the same.
MAY_BE_WRITTEN = f"msp_id = {MSP} OR msp_id IS NULL OR {MSP} IS NULL"

# Support staff leave their own traces; the private part of an event they may write but never read.
WRITERS = """
GRANT USAGE ON SEQUENCE events_event_id_seq TO msc_portal, msc_worker, msc_support;
GRANT INSERT ON events_eventdetail TO msc_support;
CREATE POLICY support_writes ON events_eventdetail FOR INSERT TO msc_support WITH CHECK (true);
"""
UNDO_WRITERS = """
DROP POLICY support_writes ON events_eventdetail;
REVOKE ALL ON SEQUENCE events_event_id_seq FROM msc_portal, msc_worker, msc_support;
"""


class Migration(migrations.Migration):
    dependencies = [("events", "0001_initial"), ("access", "0002_row_security")]

    operations = [
        migrations.RunSQL(APPEND_ONLY, UNDO_APPEND_ONLY),
        protect("events_event", portal="append", worker="append", support="append", portal_check=MAY_BE_WRITTEN),
        protect("events_eventdetail", portal="append", worker="append", portal_check=MAY_BE_WRITTEN),
        migrations.RunSQL(WRITERS, UNDO_WRITERS),
    ]
