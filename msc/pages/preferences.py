"""The columns a person chose for a list: read tolerantly, written strictly, reset by deleting."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.db.models import JSONField, QuerySet
from django.db.models.expressions import RawSQL

from msc.access.models import User
from msc.pages.columns import Column
from msc.pages.models import TablePreference
from msc.pages.tables import ListTable

NARROWEST, WIDEST = 48, 900
_SAVED_LISTS = """
SELECT jsonb_object_agg(list_name, jsonb_build_array(shown, widths)) FROM pages_tablepreference
WHERE user_id = access_user.id
"""


@dataclass(frozen=True)
class Layout:
    """The columns to show, in order, and the widths that differ from the default."""

    columns: Sequence[Column]
    widths: Mapping[str, int]

    def width(self, column: Column) -> int:
        """Return the width of a column in pixels."""
        return self.widths.get(column.name, column.width)


def arranged(table: type[ListTable], names: Iterable[str] | None = None) -> list[Column]:
    """Return the named columns in order, the standing ones always in; the default without names."""
    columns = table.declared()
    if names is None:
        return [column for column in columns.values() if column.shown]
    chosen = [columns[name] for name in dict.fromkeys(names) if name in columns]
    missing = [column for column in columns.values() if column.always and column not in chosen]
    return [*missing, *chosen]


def with_saved_lists(people: QuerySet[User]) -> QuerySet[User]:
    """Load what people chose for all their lists along with them, so that a list needs no query for it."""
    # Every request asks this: the statement as text spares Django from composing it each time.
    return people.annotate(saved_lists=RawSQL(_SAVED_LISTS, [], output_field=JSONField()))  # noqa: S611  a constant


def _saved(user: User, name: str) -> tuple[object, object]:
    if hasattr(user, "saved_lists"):
        saved = (user.saved_lists or {}).get(name)
    else:
        saved = TablePreference.objects.filter(user=user, list_name=name).values_list("shown", "widths").first()
    return (saved[0], saved[1]) if saved else (None, None)


def layout(table: type[ListTable], user: User, name: str) -> Layout:
    """Return what the person chose for a list; stored names and widths that make no sense are ignored."""
    shown, widths = _saved(user, name)
    names = [one for one in shown if isinstance(one, str)] if isinstance(shown, list) and shown else None
    return Layout(arranged(table, names), _sound(widths))


def _sound(widths: object) -> dict[str, int]:
    if not isinstance(widths, dict):
        return {}
    return {name: width for name, width in widths.items() if type(width) is int and NARROWEST <= width <= WIDEST}


def save_columns(table: type[ListTable], user: User, name: str, names: Iterable[str]) -> None:
    """Keep which columns the person shows, in order."""
    shown = [column.name for column in arranged(table, names)]
    _keep(user, name, shown=shown)


def save_widths(table: type[ListTable], user: User, name: str, widths: Mapping[str, str]) -> None:
    """Keep the widths of columns that exist, within bounds; an empty width returns to the default."""
    stored = TablePreference.objects.filter(user=user, list_name=name).values_list("widths", flat=True).first()
    kept = _sound(stored)
    for column in table.declared().keys() & widths.keys():
        text = widths[column]
        if text.isascii() and text.isdigit() and len(text) < 6:
            kept[column] = min(max(int(text), NARROWEST), WIDEST)
        else:
            kept.pop(column, None)
    _keep(user, name, widths=kept)


def _keep(user: User, name: str, **values: object) -> None:
    given: dict[str, object] = {"msp": user.msp, **values}
    TablePreference.objects.update_or_create(user=user, list_name=name, defaults=given)


def reset(user: User, name: str) -> None:
    """Return a list to its default columns and widths."""
    TablePreference.objects.filter(user=user, list_name=name).delete()
