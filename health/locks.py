"""Advisory locks of an MSP that end with the transaction; they bind no row and no page waits for them."""

from django.db import connection

_ROLLUP = 4201
_CLOSING = 4202


def _ask(question: str, kind: int, msp_id: int) -> bool:
    with connection.cursor() as cursor:
        # The two-key form takes 32 bits; MSPs that share them merely wait for each other.
        cursor.execute(f"SELECT {question}(%s, %s)", [kind, msp_id % 2**31])
        return cursor.fetchone()[0] is not False


def begin_rollup(msp_id: int) -> bool:
    """Tell whether this transaction alone counts for the MSP; False means that another one does."""
    return _ask("pg_try_advisory_xact_lock", _ROLLUP, msp_id)


def hold_days_open(msp_id: int) -> None:
    """Keep days from being closed while facts are written; any number of transactions may hold them open."""
    _ask("pg_advisory_xact_lock_shared", _CLOSING, msp_id)


def begin_closing(msp_id: int) -> None:
    """Wait until nobody writes facts, and let nobody begin to before this transaction ends."""
    _ask("pg_advisory_xact_lock", _CLOSING, msp_id)
