"""The first wall: every read begins with the rows that the asking person may see."""

from typing import TYPE_CHECKING, Any, Self, TypeVar

from django.db import models

from msc.access.roles import Role

if TYPE_CHECKING:
    from msc.access.models import User

M = TypeVar("M", bound=models.Model)


class ScopedQuerySet(models.QuerySet[M]):
    """Rows of a model that belongs to an MSP.

    The model says where its owner stands: `scope_msp` is the path to the MSP, `scope_customer` the path to the
    customer's id or None when the thing is the whole MSP's.
    """

    def for_user(self, user: "User") -> Self:
        """Return what the person may see: the MSP's rows, of assigned customers only for tenant administrators."""
        if user.msp_id is None:
            return self.none()
        rows = self.filter(**{self._path("scope_msp"): user.msp_id})
        customer: str | None = getattr(self.model, "scope_customer", None)
        if user.role != Role.TENANT_ADMIN or customer is None:
            return rows
        # The assignments are the customers app's, which stands higher; the relation is named, not imported.
        assigned = user.assignments.values("customer_id")
        return rows.filter(**{f"{customer}__in": assigned})

    def for_msp(self, msp_id: int) -> Self:
        """Return the rows of one MSP, for tasks and services that work for it as a whole."""
        return self.filter(**{self._path("scope_msp"): msp_id})

    def _path(self, attribute: str) -> Any:
        path: str = getattr(self.model, attribute)
        return path
