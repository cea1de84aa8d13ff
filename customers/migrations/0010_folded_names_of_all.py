"""Fill the joined names of the customers that stand already, some thousands at a time; nobody waits longer for a row."""

from django.db import migrations

FILL = """
DO $$
DECLARE
    first bigint := (SELECT min(customer_id) FROM customers_customeridentity);
    last bigint := (SELECT max(customer_id) FROM customers_customeridentity);
BEGIN
    WHILE first <= last LOOP
        UPDATE customers_customeridentity SET folded_names = '' -- which the trigger fills
            WHERE customer_id >= first AND customer_id < first + 5000 AND folded_names = '';
        COMMIT;
        first := first + 5000;
    END LOOP;
END $$;
"""


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("customers", "0009_folded_names")]

    operations = [migrations.RunSQL(FILL, migrations.RunSQL.noop)]
