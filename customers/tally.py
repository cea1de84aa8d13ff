"""The number of an MSP's customers, kept as changes that are folded into one row now and then."""

from django.db import connection

from msc.access import scope

_FOLD = """
WITH folded AS (
    DELETE FROM customers_customertally
    WHERE msp_id IN (SELECT msp_id FROM customers_customertally GROUP BY msp_id HAVING count(*) > 1)
    RETURNING msp_id, change
)
INSERT INTO customers_customertally (msp_id, change) SELECT msp_id, sum(change) FROM folded GROUP BY msp_id
"""


def fold() -> None:
    """Replace the changes of each MSP by their sum; whoever reads meanwhile sees either, and both add up."""
    with scope.entered("worker"), connection.cursor() as cursor:
        cursor.execute(_FOLD)
