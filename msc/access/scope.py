"""The second wall: whose rows PostgreSQL shows in this transaction (see `row_security` for the policies).

The portal connects as a login role that holds no right of its own. Each transaction takes one of the roles
below and says for which MSP and person it works; both end with the transaction.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

from django.db import connection, transaction

RoleName = Literal["portal", "support", "worker"]
_SETTINGS = ("role", "app.msp", "app.person", "app.email", "app.credential", "app.slug")


def _apply(values: dict[str, str]) -> None:
    calls = ", ".join(["set_config(%s, %s, true)"] * len(values))
    params = [part for item in values.items() for part in item]
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {calls}", params)


def _current() -> dict[str, str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT " + ", ".join(["current_setting(%s, true)"] * len(_SETTINGS)), _SETTINGS)
        row = cursor.fetchone()
    return {name: value or "" for name, value in zip(_SETTINGS, row, strict=True)}


def enter(role: RoleName, *, msp: int | None = None, person: int | None = None) -> None:
    """Take the role and the scope until the transaction that runs now ends."""
    _apply(
        {
            "role": f"msc_{role}",
            "app.msp": str(msp or ""),
            "app.person": str(person or ""),
            "app.email": "",
            "app.credential": "",
            "app.slug": "",
        }
    )


def narrow_to_msp(msp: int | None) -> None:
    """Show the rows of the MSP from here to the end of the transaction."""
    _apply({"app.msp": str(msp or "")})


def plan_for_values() -> None:
    """Have PostgreSQL plan each statement of this transaction for its values, never once for all values.

    The best plan of a filtered list depends on how many rows the chosen values leave, and a connection that is in use
    would keep one generic plan for all of them. `make bench ONLY=filters` measures it.
    """
    _apply({"plan_cache_mode": "force_custom_plan"})


def reveal_person(person: int) -> None:
    """Show the one person of this id, as a session that names it needs before its MSP is known."""
    _apply({"app.person": str(person)})


def reveal_email(email: str) -> None:
    """Show the one person who signs in with this address, before their MSP is known."""
    _apply({"app.email": email.strip().lower()})


def reveal_credential(digest: str) -> None:
    """Show the one API credential with this digest of its secret, before its MSP is known."""
    _apply({"app.credential": digest})


def reveal_slug(slug: str) -> None:
    """Show the one MSP with this slug in the address of its sign-in page."""
    _apply({"app.slug": slug})


@contextmanager
def entered(role: RoleName, *, msp: int | None = None, person: int | None = None) -> Iterator[None]:
    """Open a transaction (or a savepoint) in the given scope; the scope outside comes back afterwards."""
    outside = _current() if connection.in_atomic_block else None
    with transaction.atomic():
        enter(role, msp=msp, person=person)
        yield
        # A rollback takes the scope back by itself, and nothing more can be asked before it.
        if outside is not None and not connection.needs_rollback:
            _apply({**outside, "role": outside["role"] or "none"})
