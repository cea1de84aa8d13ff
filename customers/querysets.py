"""Reads of customers."""

from typing import TYPE_CHECKING, Self

from django.db.models.expressions import RawSQL

from msc.access.names import folded_name
from msc.access.querysets import ScopedQuerySet

if TYPE_CHECKING:
    from customers.models import Customer  # noqa: F401 - names the row type below
    from msc.access.models import User


class CustomerQuerySet(ScopedQuerySet["Customer"]):
    """Customers of an MSP; the deleted ones are tombstones that `for_user` does not show."""

    def for_user(self, user: "User") -> Self:
        return super().for_user(user).filter(deleted_at=None)

    def live(self) -> Self:
        """Return the customers that are not deleted."""
        return self.filter(deleted_at=None)

    def matching(self, text: str) -> Self:
        """Return the customers whose customer or account name holds the text, without regard to case and marks.

        PostgreSQL uses no trigram index beneath row-level security, since LIKE is not leakproof; so a function of
        the owner answers with the ids of the scope's own MSP.
        """
        needle = folded_name(text)
        return self.filter(pk__in=RawSQL("SELECT customers_matching(%s)", [needle])) if needle else self
