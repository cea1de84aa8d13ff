"""Which of a product's quotas is the current one; pages, lists, summaries, rollups and consumption all ask here.

The current quota is the one in force on the day, else the next to begin, else the last that ended. Quotas that were
replaced never count. The days are calendar days of the MSP. Rows in memory and SQL statements follow the same order.
"""

from collections.abc import Iterable
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Protocol, TypeVar

from django.db.models import DateField, DecimalField, Field
from django.db.models.expressions import RawSQL


class Granted(Protocol):
    """A quota that was granted, as it is stored."""

    pk: int
    quota: Decimal
    effective_on: date
    end_on: date
    replaced_at: datetime | None


P = TypeVar("P", bound=Granted)

_ORDER = "CASE WHEN q.end_on < {day} THEN 2 WHEN q.effective_on > {day} THEN 1 ELSE 0 END, abs(q.effective_on - {day})"
_DAYS_IN_ORDER = _ORDER.count("{day}")


def _order(period: Granted, day: date) -> tuple[int, int]:
    rank = 2 if period.end_on < day else 1 if period.effective_on > day else 0
    return rank, abs((period.effective_on - day).days)


def current_sql(*, tenant: str, day: str) -> str:
    """Return a statement that reads the terms of the current quota of the tenant, an alias, on the day."""
    return (
        "SELECT q.quota, q.effective_on, q.end_on FROM tenants_quotaperiod q"  # noqa: S608 - made of constants
        f" WHERE q.msp_id = {tenant}.msp_id AND q.tenant_id = {tenant}.id AND q.replaced_at IS NULL"
        f" ORDER BY {_ORDER.format(day=day)} LIMIT 1"
    )


def current_terms(today: date) -> dict[str, RawSQL]:
    """Return the terms of the current quota, as annotations of a query of tenants."""
    statement = current_sql(tenant="tenants_tenant", day="%s")
    fields: dict[str, Field[Any, Any]] = {
        "quota": DecimalField(max_digits=16, decimal_places=4),
        "effective_on": DateField(),
        "end_on": DateField(),
    }
    return {
        name: RawSQL(f"(SELECT q.{name} FROM ({statement}) q)", [today] * _DAYS_IN_ORDER, field)  # noqa: S608, S611
        for name, field in fields.items()
    }


def standing(periods: Iterable[P]) -> list[P]:
    """Return the quotas that were not replaced, the earliest first."""
    return sorted((p for p in periods if p.replaced_at is None), key=lambda period: period.effective_on)


def current(periods: Iterable[P], today: date) -> P | None:
    """Return the current quota on the day."""
    return min(standing(periods), key=lambda period: _order(period, today), default=None)


def others(periods: Iterable[P], today: date) -> list[P]:
    """Return the quotas beside the current one, the earliest first."""
    found = standing(periods)
    shown = current(found, today)
    return [period for period in found if period is not shown]
