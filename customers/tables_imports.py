"""The lines of an import as a list: its columns and its filter."""

from typing import Any

from django.db.models import QuerySet
from django.utils.html import escape

from customers.import_files import COLUMNS
from customers.models import ImportVerdict
from msc.pages.columns import EMPTY_HTML, Column, Names, Values
from msc.pages.filters import ListFilters, MultiChoice, Search
from msc.pages.kinds import Badge, LongText, Look, Number
from msc.pages.tables import ListTable

LOOKS = {
    ImportVerdict.NEW: Look("New", "plus", "good"),
    ImportVerdict.UNCHANGED: Look("Unchanged", "minus", "neutral"),
    ImportVerdict.ERROR: Look("Error", "alert-circle", "bad"),
}


class Cell(Column):
    """One cell of the line as the file has it."""

    kind = "long"

    def __init__(self, name: str, **options: Any) -> None:
        super().__init__(COLUMNS[name], fields=("cells",), sort=(), shown=True, **options)
        self.place = list(COLUMNS).index(name)

    def html(self, values: Values, names: Names) -> str:
        """Show the text, cut at the border of the column."""
        text = escape(self.text(values, names))
        return f'<span class="cut" title="{text}">{text}</span>' if text else EMPTY_HTML

    def text(self, values: Values, names: Names) -> str:
        """Write the text."""
        return str(values[0][self.place])


class LineNumber(Number):
    """The number of a line, which heads its row."""

    align = "start"
    descends_first = False


class LineTable(ListTable):
    """The lines of a file, in its order."""

    default_sort = "number"

    number = LineNumber("Line", required=True, always=True, width=80)
    verdict = Badge("Verdict", looks=LOOKS, required=True, always=True, width=130, lead=True)
    reason = LongText("Reason", sort=(), shown=True, width=430)
    name = Cell("name", width=220)
    hide_name = Cell("hide_name", width=110)
    account_name = Cell("account_name", width=160)
    address = Cell("address", width=240)
    phone = Cell("phone", width=160)
    tenant_admin = Cell("tenant_admin", width=180)


class LineFilters(ListFilters):
    """By verdict, and by what the line says."""

    q = Search("Search lines")
    verdict = MultiChoice("Verdict", ImportVerdict.choices)

    def search(self, queryset: QuerySet[Any], name: str, term: str) -> QuerySet[Any]:
        """Keep lines of which a cell or the reason holds the term."""
        return queryset.filter(cells__icontains=term) | queryset.filter(reason__icontains=term)
