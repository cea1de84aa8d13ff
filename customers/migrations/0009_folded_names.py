"""Keep both names of a customer in one column, so that a search compares one column of one table."""

from django.db import migrations, models

# In the database, so that it holds whoever writes, also a server that runs the older code during an upgrade. The owner's,
# since support staff write account names and have no right on identities.
KEEPING = """
CREATE FUNCTION customers_join_names() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
DECLARE
    account text := (SELECT c.folded_account_name FROM public.customers_customer c WHERE c.id = NEW.customer_id);
BEGIN
    NEW.folded_names := NEW.folded_name || CASE WHEN account <> NEW.folded_name THEN E'\\n' || account ELSE '' END;
    RETURN NEW;
END $$;
CREATE TRIGGER join_names BEFORE INSERT OR UPDATE OF folded_name, folded_names ON customers_customeridentity
    FOR EACH ROW EXECUTE FUNCTION customers_join_names();

CREATE FUNCTION customers_account_renamed() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
BEGIN
    UPDATE public.customers_customeridentity SET folded_names = '' WHERE customer_id = NEW.id;
    RETURN NULL;
END $$;
CREATE TRIGGER join_names_after_rename AFTER UPDATE OF folded_account_name ON customers_customer
    FOR EACH ROW WHEN (OLD.folded_account_name IS DISTINCT FROM NEW.folded_account_name)
    EXECUTE FUNCTION customers_account_renamed();
"""
UNDO = """
DROP TRIGGER join_names_after_rename ON customers_customer;
DROP FUNCTION customers_account_renamed();
DROP TRIGGER join_names ON customers_customeridentity;
DROP FUNCTION customers_join_names();
"""


class Migration(migrations.Migration):
    dependencies = [("customers", "0008_deleted_customers")]

    operations = [
        migrations.AddField("customeridentity", "folded_names", models.TextField(db_default="", editable=False)),
        migrations.RunSQL(KEEPING, UNDO),
    ]
