"""The headline figures of a customer's health, from the stored windows of its products."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from health.columns import first_line
from health.models import TenantHealth
from health.statuses import AlertType, Severity
from msc.pages.kinds import floored
from serviceplans.catalogue import Product


@dataclass(frozen=True)
class Headline:
    """Backup and restore jobs of the last 30 days, and how the data sources stand."""

    backups: int
    good: int
    with_errors: int
    failed: int
    cancelled: int
    restores: int
    restores_failed: int
    running: int
    sources: int
    failing: int
    silent: int
    counted_at: datetime | None

    @property
    def rate(self) -> Decimal | None:
        """The share of successful jobs among those that succeeded or failed, rounded down, or None without any."""
        ended = self.good + self.failed
        return floored(Decimal(100 * self.good) / ended, 1) if ended else None


def headline(healths: Sequence[TenantHealth]) -> Headline:
    """Add the products up."""
    return Headline(
        backups=sum(one.backups_30d for one in healths),
        good=sum(one.good_30d for one in healths),
        with_errors=sum(one.with_errors_30d for one in healths),
        failed=sum(one.failed_30d for one in healths),
        cancelled=sum(one.cancelled_30d for one in healths),
        restores=sum(one.restores_30d for one in healths),
        restores_failed=sum(one.restores_failed_30d for one in healths),
        running=sum(one.running for one in healths),
        sources=sum(one.sources for one in healths),
        failing=sum(one.failing_sources for one in healths),
        silent=sum(one.silent_sources for one in healths),
        counted_at=max((one.counted_at for one in healths), default=None),
    )


@dataclass(frozen=True)
class Fact:
    """What the panel shows of an open alert."""

    pk: int
    severity: int
    type: str
    summary: str
    message: str
    first_seen: datetime


@dataclass(frozen=True)
class ProductAlerts:
    """The active alerts of one product: how many of each severity and kind, and the worst of them in detail."""

    product: str
    label: str
    severities: Sequence[tuple[str, int, int]]
    kinds: Sequence[tuple[str, int]]
    alerts: Sequence[Fact]
    more: int


MOST_ALERTS = 10


def alerts_by_product(facts: Mapping[str, Sequence[Mapping[str, Any]]]) -> list[ProductAlerts]:
    """Count the open alerts of each of the customer's products; they come worst first, the first of them in detail."""
    return [_of_product(product, facts[product]) for product in Product.values if product in facts]


def _of_product(product: str, facts: Sequence[Mapping[str, Any]]) -> ProductAlerts:
    counts = [(s.label, int(s), sum(fact["severity"] == s for fact in facts)) for s in reversed(Severity)]
    return ProductAlerts(
        product,
        Product(product).label,
        [one for one in counts if one[2]],
        [(t.label, count) for t in AlertType if (count := sum(fact["type"] == t for fact in facts))],
        [
            Fact(
                fact["id"],
                fact["severity"],
                fact["type"],
                fact["summary"],
                first_line(fact["message"]),
                datetime.fromisoformat(fact["first_seen"]),
            )
            for fact in facts[:MOST_ALERTS]
        ],
        max(0, len(facts) - MOST_ALERTS),
    )
