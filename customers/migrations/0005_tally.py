"""Keep the number of an MSP's live customers as changes to add up, so that no list counts a million rows.

Each change is a row of its own: two people who create customers do not wait for one another. A task folds them.
"""

import django.db.models.deletion
from django.db import migrations, models

from msc.access.row_security import protect

COUNTING = """
CREATE FUNCTION customers_tally_added() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
BEGIN
    INSERT INTO customers_customertally (msp_id, change)
    SELECT msp_id, count(*) FROM added WHERE deleted_at IS NULL GROUP BY msp_id;
    RETURN NULL;
END $$;
CREATE FUNCTION customers_tally_moved() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
BEGIN
    INSERT INTO customers_customertally (msp_id, change)
    VALUES (NEW.msp_id, CASE WHEN NEW.deleted_at IS NULL THEN 1 ELSE -1 END);
    RETURN NULL;
END $$;
REVOKE ALL ON FUNCTION customers_tally_added(), customers_tally_moved() FROM PUBLIC;
CREATE TRIGGER customers_tally_added AFTER INSERT ON customers_customer
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION customers_tally_added();
CREATE TRIGGER customers_tally_moved AFTER UPDATE OF deleted_at ON customers_customer
    FOR EACH ROW WHEN ((OLD.deleted_at IS NULL) <> (NEW.deleted_at IS NULL)) EXECUTE FUNCTION customers_tally_moved();
INSERT INTO customers_customertally (msp_id, change)
    SELECT msp_id, count(*) FROM customers_customer WHERE deleted_at IS NULL GROUP BY msp_id;
"""
UNDO = """
DROP TRIGGER customers_tally_added ON customers_customer;
DROP TRIGGER customers_tally_moved ON customers_customer;
DROP FUNCTION customers_tally_added();
DROP FUNCTION customers_tally_moved();
"""


class Migration(migrations.Migration):
    dependencies = [("customers", "0004_rules"), ("access", "0002_row_security")]

    operations = [
        migrations.CreateModel(
            name="CustomerTally",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("change", models.IntegerField()),
                (
                    "msp",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="access.msp"),
                ),
            ],
        ),
        protect("customers_customertally", portal="select", worker="all", worker_sees="every"),
        migrations.RunSQL(COUNTING, UNDO),
    ]
