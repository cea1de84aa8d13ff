"""Events as the pages ask for them."""

from typing import TYPE_CHECKING, Self

from django.db import models

from msc.access.querysets import ScopedQuerySet

if TYPE_CHECKING:
    from msc.access.models import User
    from msc.events.models import Event  # noqa: F401 - names the row type below


#: What the request ids of imports begin with: they work in a task and have no request.
IMPORT_PREFIX = "import-"


class EventQuerySet(ScopedQuerySet["Event"]):
    """Rows of the event record; reads only, the record is written by `log.record`."""

    def for_user(self, user: "User") -> Self:
        """Return the events of the person's MSP, or none to whom its events are not shown."""
        return super().for_user(user) if user.can("event.view") else self.none()

    def sessions(self) -> Self:
        """Return the Log-in Activities."""
        return self.filter(category="session")

    def changes_made(self) -> Self:
        """Return the Audit Trail."""
        return self.filter(category="change")

    def for_customer(self, customer_id: int) -> Self:
        """Return the history of one customer and of everything that belongs to it."""
        return self.filter(customer_id=customer_id)

    def for_object(self, thing: models.Model) -> Self:
        """Return the history of one thing."""
        return self.filter(object_type=thing._meta.label_lower, object_id=thing.pk)

    def without_parts(self) -> Self:
        """Leave out the single customers of an import, which one event of the import stands for."""
        return self.exclude(action="customer.created", request_id__startswith=IMPORT_PREFIX)

    def with_names(self) -> Self:
        """Load the part of each event that is the MSP's own, which has the real names."""
        return self.select_related("private")

    def newest_first(self) -> Self:
        """Order as the pages show them."""
        return self.order_by("-at", "-pk")
