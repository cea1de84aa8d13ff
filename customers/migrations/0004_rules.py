"""Hold the rules of the account name and of the sandbox beneath the services, and keep the order by tenant admin."""

from django.db import migrations

from msc.access.row_security import protect


def _refuse(rule: str) -> str:
    return (
        f"RAISE EXCEPTION 'the rule {rule} refuses this' "
        f"USING ERRCODE = 'check_violation', CONSTRAINT = '{rule}', TABLE = TG_TABLE_NAME;"
    )


RULES = f"""
CREATE FUNCTION customers_keep_account() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        IF OLD.is_sandbox THEN {_refuse("sandbox_customer_stays")} END IF;
        RETURN OLD;
    END IF;
    IF OLD.account_name_fixed AND (NOT NEW.account_name_fixed OR NEW.account_name <> OLD.account_name) THEN
        {_refuse("account_name_never_changes")}
    END IF;
    IF NEW.is_sandbox <> OLD.is_sandbox THEN {_refuse("sandbox_customer_stays")} END IF;
    IF OLD.deleted_at IS NOT NULL THEN {_refuse("deleted_customer_stays_deleted")} END IF;
    IF OLD.is_sandbox AND (
        NEW.account_name <> OLD.account_name OR NEW.name_hidden OR NEW.account_name_fixed OR NEW.deleted_at IS NOT NULL
    ) THEN {_refuse("sandbox_customer_stays")} END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER keep_account BEFORE UPDATE OR DELETE ON customers_customer
    FOR EACH ROW EXECUTE FUNCTION customers_keep_account();

CREATE FUNCTION customers_keep_sandbox() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    subject bigint := CASE WHEN TG_OP = 'INSERT' THEN NEW.customer_id ELSE OLD.customer_id END;
BEGIN
    IF EXISTS (SELECT FROM customers_customer c WHERE c.id = subject AND c.is_sandbox) THEN
        {_refuse("sandbox_customer_stays")}
    END IF;
    RETURN CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
END $$;
CREATE TRIGGER keep_sandbox BEFORE DELETE OR UPDATE OF customer_id, name, address, phone ON customers_customeridentity
    FOR EACH ROW EXECUTE FUNCTION customers_keep_sandbox();
CREATE TRIGGER keep_sandbox BEFORE INSERT OR UPDATE OR DELETE ON customers_assignment
    FOR EACH ROW EXECUTE FUNCTION customers_keep_sandbox();
"""
UNDO_RULES = """
DROP TRIGGER keep_sandbox ON customers_assignment;
DROP TRIGGER keep_sandbox ON customers_customeridentity;
DROP FUNCTION customers_keep_sandbox();
DROP TRIGGER keep_account ON customers_customer;
DROP FUNCTION customers_keep_account();
"""

# The summary's tenant admins follow from assignments and from people's names. People stand in an app below, which
# cannot call this one, so the database itself recounts; the function is the owner's, since support staff rename too.
ADMINS = """
CREATE FUNCTION customers_recount_admins(subjects bigint[]) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
BEGIN
    -- Whoever waits here counts afterwards what the one before has committed.
    PERFORM FROM public.customers_customersummary
        WHERE customer_id = ANY (subjects) ORDER BY customer_id FOR UPDATE;
    UPDATE public.customers_customersummary s
    SET admins = found.ids, admin_low = found.low, admin_high = found.high
    FROM (
        SELECT c.id,
               coalesce(jsonb_agg(p.id ORDER BY p.folded_name, p.id) FILTER (WHERE p.id IS NOT NULL), '[]') AS ids,
               min(p.folded_name) AS low, max(p.folded_name) AS high
        FROM unnest(subjects) AS c(id)
        LEFT JOIN public.customers_assignment a ON a.customer_id = c.id
        LEFT JOIN public.access_user p ON p.id = a.user_id
        GROUP BY c.id
    ) AS found
    WHERE s.customer_id = found.id
      AND (s.admins, s.admin_low, s.admin_high) IS DISTINCT FROM (found.ids, found.low, found.high);
END $$;
REVOKE ALL ON FUNCTION customers_recount_admins(bigint[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION customers_recount_admins(bigint[]) TO msc_portal, msc_worker;

CREATE FUNCTION customers_admins_changed() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
BEGIN
    IF TG_TABLE_NAME = 'access_user' THEN
        PERFORM public.customers_recount_admins(ARRAY(
            SELECT customer_id FROM public.customers_assignment WHERE user_id = NEW.id));
    ELSE
        PERFORM public.customers_recount_admins(ARRAY(SELECT DISTINCT customer_id FROM touched));
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER recount_admins_after_insert AFTER INSERT ON customers_assignment
    REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION customers_admins_changed();
CREATE TRIGGER recount_admins_after_delete AFTER DELETE ON customers_assignment
    REFERENCING OLD TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION customers_admins_changed();
CREATE TRIGGER recount_admins_after_rename AFTER UPDATE OF folded_name ON access_user
    FOR EACH ROW WHEN (OLD.folded_name IS DISTINCT FROM NEW.folded_name) EXECUTE FUNCTION customers_admins_changed();
"""
UNDO_ADMINS = """
DROP TRIGGER recount_admins_after_rename ON access_user;
DROP TRIGGER recount_admins_after_delete ON customers_assignment;
DROP TRIGGER recount_admins_after_insert ON customers_assignment;
DROP FUNCTION customers_admins_changed();
DROP FUNCTION customers_recount_admins(bigint[]);
"""


class Migration(migrations.Migration):
    dependencies = [("customers", "0003_imports")]

    operations = [
        migrations.RunSQL(RULES, UNDO_RULES),
        migrations.RunSQL(ADMINS, UNDO_ADMINS),
        protect("customers_customerimport", worker_sees="every"),
        protect("customers_importline"),
    ]
