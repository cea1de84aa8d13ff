"""The page of refused records."""

from typing import Any

from health.models import RefusedRecord
from health.refused import Endpoint
from health.tables_refused import RefusedFilters, RefusedTable
from msc.pages.columns import Names
from msc.pages.list import Empty, ListPage


class RefusedList(ListPage):
    """What programs sent to the API and the portal did not keep."""

    model, table, filters = RefusedRecord, RefusedTable, RefusedFilters
    name, title, noun, needs = "refused", "Refused records", ("entry", "entries"), "refused.view"
    template = "health/refused.html"
    search_label = "Search reason, data source or credential"
    empty = Empty("No refused records", "Every record that backup tools sent in the last 30 days was accepted.")

    def dictionaries(self) -> Names:
        """Return the addresses of the API."""
        return {"endpoints": dict(Endpoint.choices)}

    def above(self) -> dict[str, Any]:
        """Tell whether the person sees the other tabs of Events."""
        return {"has_events": self.user.can("event.view")}
