"""The columns of the customer list that follow from assignments."""

from collections.abc import Collection

from django.db import connection


def refresh_admins(customer_ids: Collection[int]) -> None:
    """Recount the tenant administrators of the customers.

    The database does this itself after each change of assignments and names; calling it again changes nothing.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT customers_recount_admins(%s)", [list(customer_ids)])
