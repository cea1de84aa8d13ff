"""Let each database role see only what is its own; an MSP keeps an administrator whoever changes its people."""

from django.db import migrations

from msc.access.row_security import CREDENTIAL, MSP, protect

# A link or a secret is looked up by its digest before its MSP is known.
BY_DIGEST = f"msp_id = {MSP} OR digest = {CREDENTIAL}"

# The MSP's row is locked first, so that two administrators who remove each other wait for one another.
# It runs as the owner: the policies must not hide the others who are counted.
# Somebody who never signed in does not count beside somebody who has.
LAST_ADMINISTRATOR = """
CREATE FUNCTION msp_keeps_an_administrator() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
BEGIN
    IF TG_OP = 'UPDATE' THEN
        IF NEW.role = 'msp_admin' AND NEW.is_active AND NEW.msp_id = OLD.msp_id THEN
            RETURN NEW;
        END IF;
    END IF;
    PERFORM FROM access_msp WHERE id = OLD.msp_id FOR NO KEY UPDATE;
    IF NOT EXISTS (
        SELECT FROM access_user other
        WHERE other.msp_id = OLD.msp_id AND other.id <> OLD.id AND other.role = 'msp_admin' AND other.is_active
          AND (other.last_login IS NOT NULL OR other.password NOT LIKE '!%'
               OR (OLD.last_login IS NULL AND OLD.password LIKE '!%'))
    ) THEN
        RAISE EXCEPTION 'the last administrator of an MSP stays'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'msp_keeps_an_administrator';
    END IF;
    RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
END $$;
REVOKE ALL ON FUNCTION msp_keeps_an_administrator() FROM PUBLIC;
CREATE TRIGGER msp_keeps_an_administrator BEFORE UPDATE OF role, is_active, msp_id OR DELETE ON access_user
    FOR EACH ROW WHEN (OLD.role = 'msp_admin' AND OLD.is_active)
    EXECUTE FUNCTION msp_keeps_an_administrator();
"""
UNDO = """
DROP TRIGGER msp_keeps_an_administrator ON access_user;
DROP FUNCTION msp_keeps_an_administrator();
"""


class Migration(migrations.Migration):
    dependencies = [("people", "0001_initial"), ("access", "0002_row_security")]

    operations = [
        protect("people_invitation", portal="write", worker="select", support="select", portal_condition=BY_DIGEST),
        protect("people_apicredential", portal="write", worker="select", support="update", portal_condition=BY_DIGEST),
        migrations.RunSQL(LAST_ADMINISTRATOR, UNDO),
    ]
