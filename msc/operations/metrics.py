"""The figures of /metrics, read from the database when they are asked for."""

from collections.abc import Iterable
from typing import NamedTuple

from django.db import connection
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from msc.access import scope


class Figure(NamedTuple):
    """A figure, and the SQL that gives its values: label and value, or the value alone."""

    name: str
    words: str
    label: str
    sql: str
    family: type[GaugeMetricFamily | CounterMetricFamily] = GaugeMetricFamily


FIGURES = (
    Figure(
        "msc_outbox_messages",
        "E-mails in the outbox by state.",
        "state",
        "SELECT state, count(*) FROM mail_outboxmessage GROUP BY state",
    ),
    Figure(
        "msc_outbox_oldest_due_seconds",
        "How long the e-mail that is due has been waiting at most; 0 when none is.",
        "",
        "SELECT coalesce(extract(epoch FROM clock_timestamp() - min(due_at)), 0) FROM mail_outboxmessage"
        " WHERE state IN ('queued', 'sending') AND due_at <= clock_timestamp()",
    ),
    Figure(
        "msc_outbox_unconfirmed",
        "E-mails handed over more than ten minutes ago without a receipt.",
        "",
        "SELECT count(*) FROM mail_outboxmessage"
        " WHERE state = 'handed' AND handed_at < clock_timestamp() - interval '10 minutes'",
    ),
    Figure(
        "msc_heartbeat_age_seconds",
        "How long ago each part outside the web last ran.",
        "part",
        "SELECT name, extract(epoch FROM clock_timestamp() - at) FROM operations_heartbeat",
    ),
    Figure(
        "msc_rollup_days_waiting",
        "Days of tenants whose sums wait to be recounted.",
        "",
        "SELECT count(*) FROM health_dirtyday",
    ),
    Figure(
        "msc_rollup_oldest_mark_seconds",
        "How long the oldest of them has been waiting; 0 when none is.",
        "",
        "SELECT coalesce(extract(epoch FROM clock_timestamp() - min(marked_at)), 0) FROM health_dirtyday",
    ),
    Figure(
        "msc_rollup_age_seconds",
        "How long ago sums were last recounted.",
        "",
        "SELECT extract(epoch FROM clock_timestamp() - max(drained_at)) FROM health_rollupstate",
    ),
    Figure(
        "msc_ingest_rows",
        "Rows that ingest has written since PostgreSQL's statistics began.",
        "table",
        "SELECT relname, n_tup_ins + n_tup_upd FROM pg_stat_user_tables"
        " WHERE relname IN ('health_run', 'health_usagerecord')",
        CounterMetricFamily,
    ),
)


class DatabaseCollector(Collector):
    """Reads every figure in one transaction that sees the claim tables of all MSPs."""

    def collect(self) -> Iterable[Metric]:
        with scope.entered("worker"):
            return [_read(figure) for figure in FIGURES]


def _read(figure: Figure) -> Metric:
    family = figure.family(figure.name, figure.words, labels=[figure.label] if figure.label else [])
    with connection.cursor() as cursor:
        cursor.execute(figure.sql)
        for *names, value in cursor.fetchall():
            if value is not None:
                family.add_metric([str(name) for name in names], float(value))
    return family


def exposition() -> bytes:
    """Return all figures in the text form that Prometheus reads."""
    registry = CollectorRegistry()
    registry.register(DatabaseCollector())
    return generate_latest(registry)
