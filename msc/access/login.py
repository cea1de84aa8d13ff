"""Whom the portal signs in to PostgreSQL as: nobody whom row-level security does not hold."""

from django.core.exceptions import ImproperlyConfigured
from django.db import OperationalError, connection

from msc.logging import log_database_away

_QUESTION = """
SELECT rolsuper OR rolbypassrls
    OR EXISTS (SELECT FROM pg_class WHERE relowner = r.oid AND relkind IN ('r', 'p'))
FROM pg_roles r WHERE rolname = session_user
"""


def refuse_powerful_login() -> None:
    """Refuse to start as a superuser or as an owner of tables; without a database nothing is served anyway."""
    try:
        with connection.cursor() as cursor:
            cursor.execute(_QUESTION)
            powerful = cursor.fetchone()
    except OperationalError as error:
        log_database_away(error)
        return
    finally:
        connection.close()
    if powerful == (True,):
        raise ImproperlyConfigured(
            "DATABASE_URL signs in as a superuser or an owner of tables, whom row-level security does not hold: "
            "use the role msc_login of msc/database.sql."
        )
