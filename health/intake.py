"""Facts into the database: each batch in a few statements whatever its size, with its dirty days marked beside it."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, NamedTuple

from django.db import connection
from django.utils import timezone

from health import arrays, locks
from health.days import DAY, oldest_open_day, start_of
from health.models import DataSource, RollupState
from health.records import (
    FUTURE,
    Reader,
    Refusal,
    Refused,
    RunRecord,
    UsageEntry,
    refuse_other_product,
    run_of,
    usage_of,
)
from health.refused import Samples
from msc.access.models import Msp
from msc.access.names import folded_name
from tenants.models import Tenant
from tenants.states import TenantState

#: A tenant's facts are taken while it works or its change is being applied.
TAKING = (TenantState.READY, TenantState.UPDATING)
Numbered = tuple[int, object]
SourceKey = tuple[int, str, str, str]


@dataclass
class Outcome:
    """What became of the records of one call; their sum is the number of records sent."""

    created: int = 0
    updated: int = 0
    unchanged: int = 0
    note: str = ""
    refusals: list[Refusal] = field(default_factory=list)
    samples: Samples = field(default_factory=Samples)

    @property
    def kept(self) -> int:
        return self.created + self.updated + self.unchanged

    def refuse(self, line: int, refused: Refused, record: object) -> None:
        """Note that a record is not kept, and why."""
        self.refusals.append(Refusal(line, refused.field, refused.reason))
        self.samples.add(line, refused, record)


class _Target(NamedTuple):
    """What intake needs to know of a tenant."""

    state: str
    product: str
    customer_id: int
    created_on: date


def store_runs(msp: Msp, records: Iterable[Numbered], now: datetime | None = None) -> Outcome:
    """Keep the runs that are in order, the newest state of each job, and mark the days they count on."""
    now = now or timezone.now()
    outcome = Outcome()
    locks.hold_days_open(msp.pk)
    lawful = _lawful(msp, _read(msp, records, run_of, now, outcome), outcome)
    if not lawful:
        return outcome
    runs = [run for run, _ in lawful]
    sources = _sources_of(msp, runs, {run.tenant: target.customer_id for run, target in lawful}, now)
    newest = _newest(runs, sources)
    created, updated, moved = _upsert_runs(msp, newest, sources, now)
    outcome.created, outcome.updated = created, updated
    outcome.unchanged = len(runs) - created - updated
    if created or updated:
        _mark(msp, {(run.tenant, msp.day_of(run.moment)) for run in newest}, ())
        _mark(msp, {(tenant, msp.day_of(moment)) for tenant, moment, _ in moved}, {(t, s) for t, _, s in moved})
    _learn_policies(msp, newest, sources)
    return outcome


def store_usage(
    msp: Msp, records: Iterable[Numbered], now: datetime | None = None, *, is_derived: bool = False
) -> Outcome:
    """Keep the usage records that are in order, the newest of each measure, and mark their days."""
    now = now or timezone.now()
    outcome = Outcome()
    locks.hold_days_open(msp.pk)
    lawful = [entry for entry, _ in _lawful(msp, _read(msp, records, usage_of, now, outcome), outcome)]
    newest: dict[tuple[Any, ...], UsageEntry] = {}
    for entry in lawful:
        key = entry.tenant, entry.day, entry.workload, entry.measure
        known = newest.get(key)
        if known is None or (entry.measured_at or now, entry.cu, entry.amount) >= (
            known.measured_at or now,
            known.cu,
            known.amount,
        ):
            newest[key] = entry
    if newest:
        entries = [newest[key] for key in sorted(newest)]
        outcome.created, outcome.updated = _upsert_usage(msp, entries, now, is_derived=is_derived)
        outcome.unchanged = len(lawful) - outcome.created - outcome.updated
        if outcome.created or outcome.updated:
            _mark(msp, {(entry.tenant, entry.day) for entry in entries}, ())
    return outcome


def mark_source(source: DataSource) -> None:
    """Ask for the states of a data source to be found anew."""
    _mark(source.msp, (), {(source.tenant_id, source.pk)})


def _read(
    msp: Msp, records: Iterable[Numbered], read: Reader, now: datetime, outcome: Outcome
) -> list[tuple[int, Any]]:
    """Return what could be read and counts on an open day, each with its line."""
    today = msp.today(now)
    closed_before = RollupState.objects.filter(pk=msp.pk).values_list("closed_before", flat=True).first()
    oldest = oldest_open_day(today, closed_before)
    # The open days as moments, so that only a run that is refused is asked for its day.
    begin, end = start_of(oldest, msp.zone), start_of(today + 2 * DAY, msp.zone)
    found: list[tuple[int, Any]] = []
    for line, raw in records:
        try:
            record = read(raw, now)
            if isinstance(record, UsageEntry):
                _refuse_outside(record.day, oldest, msp.today(now + FUTURE))
            elif not begin <= record.moment < end:
                _refuse_outside(msp.day_of(record.moment), oldest, today + DAY)
        except Refused as refused:
            outcome.refuse(line, refused, raw)
        else:
            found.append((line, record))
    return found


def _lawful(msp: Msp, found: list[tuple[int, Any]], outcome: Outcome) -> list[tuple[Any, _Target]]:
    """Return the records whose tenant takes them, each with its tenant."""
    targets = _targets(msp, {record.tenant for _, record in found})
    lawful = []
    for line, record in found:
        try:
            lawful.append((record, _taking(targets.get(record.tenant), record)))
        except Refused as refused:
            outcome.refuse(line, refused, record._asdict())
    outcome.refusals.sort(key=lambda refusal: refusal.line)
    return lawful


def _refuse_outside(day: date, oldest: date, latest: date) -> None:
    if day < oldest:
        raise Refused("day", f"Too old: days before {oldest} are closed.")
    if day > latest:
        raise Refused("day", "This day is in the future.")


def _targets(msp: Msp, ids: Collection[int]) -> dict[int, _Target]:
    """Return the MSP's tenants among the ids; another MSP's is as one that never was."""
    found = Tenant.objects.for_msp(msp.pk).filter(pk__in=ids)
    rows = found.values_list("pk", "state", "product", "customer_id", "created_at")
    return {
        pk: _Target(state, product, customer, msp.day_of(created_at))
        for pk, state, product, customer, created_at in rows
    }


def _taking(target: _Target | None, record: RunRecord | UsageEntry) -> _Target:
    if target is None or target.state == TenantState.DELETED:
        raise Refused("tenant", "There is no such tenant.")
    if target.state not in TAKING:
        raise Refused("tenant", f"The tenant is {TenantState(target.state).label.lower()} and takes no records.")
    refuse_other_product(record.workload, target.product)
    if isinstance(record, UsageEntry) and record.day < target.created_on:
        raise Refused("day", f"The product was added on {target.created_on}: it had no usage before.")
    return target


def _order(run: RunRecord, source: int) -> tuple[Any, ...]:
    """Return what the newest state is told by; the statement in `_upsert_runs` compares the same."""
    return (
        run.changed_at,
        run.status,
        run.moment,
        run.started_at or run.moment,
        -1 if run.size_bytes is None else run.size_bytes,
        -1 if run.sent_bytes is None else run.sent_bytes,
        -1 if run.errors is None else run.errors,
        run.message,
        run.kind,
        source,
    )


def _newest(runs: Sequence[RunRecord], sources: dict[SourceKey, int]) -> list[RunRecord]:
    """Return one run per job, its newest state, in the order in which every transaction locks them."""
    newest: dict[tuple[int, str], RunRecord] = {}
    for run in runs:
        key = run.tenant, run.job_id
        known = newest.get(key)
        if known is None or _order(run, sources[run.source_key]) > _order(known, sources[known.source_key]):
            newest[key] = run
    return [newest[key] for key in sorted(newest)]


def _sources_of(msp: Msp, runs: Iterable[RunRecord], customers: dict[int, int], now: datetime) -> dict[SourceKey, int]:
    """Return the ids of the runs' data sources; those heard of for the first time are made."""
    keys = sorted({run.source_key for run in runs})
    sources = _find_sources(msp, keys)
    if missing := [key for key in keys if key not in sources]:
        tenants, organizations, names, workloads = map(list, zip(*missing, strict=True))
        with connection.cursor() as cursor:
            cursor.execute(
                """
                INSERT INTO health_datasource (msp_id, customer_id, tenant_id, organization, name, workload, folded_name,
                    created_at, policy_name, policy_by_hand, version, last_backup_job, last_success_job,
                    last_restore_job, failures_in_row, running, is_silent, strip)
                SELECT %s, given.*, %s, '', false, 1, '', '', '', 0, 0, false, ''
                FROM unnest(%s::bigint[], %s::bigint[], %s::text[], %s::text[], %s::text[], %s::text[]) given
                ON CONFLICT DO NOTHING
                """,
                [
                    msp.pk,
                    now,
                    [customers[tenant] for tenant in tenants],
                    tenants,
                    organizations,
                    names,
                    workloads,
                    [folded_name(name)[:400] for name in names],
                ],
            )
        # Read again rather than returned: another call may have made some of them meanwhile.
        sources |= _find_sources(msp, missing)
    return sources


def _find_sources(msp: Msp, keys: Sequence[SourceKey]) -> dict[SourceKey, int]:
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT s.tenant_id, s.organization, s.name, s.workload, s.id
            FROM unnest(%s::bigint[], %s::text[], %s::text[], %s::text[]) given (tenant, organization, name, workload)
            JOIN health_datasource s ON s.msp_id = %s AND s.tenant_id = given.tenant
             AND s.organization = given.organization AND s.name = given.name AND s.workload = given.workload
            """,
            [*map(list, zip(*keys, strict=True)), msp.pk],
        )
        return {(tenant, *names): pk for tenant, *names, pk in cursor.fetchall()}


_UPSERT_RUNS = """
WITH stored AS (
    INSERT INTO health_run AS run (msp_id, reported_at, tenant_id, data_source_id, job_id, kind, status, started_at,
        ended_at, moment, changed_at, size_bytes, sent_bytes, errors, message)
    SELECT %s, %s, tenant, source, job, kind, status, started_at, ended_at, coalesce(ended_at, started_at),
        coalesce(changed_at, ended_at, started_at), size, sent, errors, message
    FROM unnest(%s::bigint[], %s::bigint[], %s::text[], %s::smallint[], %s::smallint[], %s::timestamptz[],
        %s::timestamptz[], %s::timestamptz[], %s::bigint[], %s::bigint[], %s::int[], %s::text[])
        given (tenant, source, job, kind, status, started_at, ended_at, changed_at, size, sent, errors, message)
    ON CONFLICT (msp_id, tenant_id, job_id) DO UPDATE SET
        prior_moment = run.moment, prior_source_id = run.data_source_id, reported_at = excluded.reported_at,
        data_source_id = excluded.data_source_id, kind = excluded.kind, status = excluded.status,
        started_at = excluded.started_at, ended_at = excluded.ended_at, moment = excluded.moment,
        changed_at = excluded.changed_at, size_bytes = excluded.size_bytes, sent_bytes = excluded.sent_bytes,
        errors = excluded.errors, message = excluded.message
    WHERE (excluded.changed_at, excluded.status, excluded.moment, coalesce(excluded.started_at, excluded.moment),
           coalesce(excluded.size_bytes, -1), coalesce(excluded.sent_bytes, -1), coalesce(excluded.errors, -1),
           excluded.message, excluded.kind, excluded.data_source_id)
        > (run.changed_at, run.status, run.moment, coalesce(run.started_at, run.moment),
           coalesce(run.size_bytes, -1), coalesce(run.sent_bytes, -1), coalesce(run.errors, -1),
           run.message, run.kind, run.data_source_id)
    RETURNING run.tenant_id, run.moment, run.data_source_id, run.prior_moment, run.prior_source_id
)
SELECT count(*) FILTER (WHERE prior_moment IS NULL), count(prior_moment),
    array_agg(tenant_id) FILTER (WHERE prior_moment <> moment OR prior_source_id <> data_source_id),
    array_agg(prior_moment) FILTER (WHERE prior_moment <> moment OR prior_source_id <> data_source_id),
    array_agg(prior_source_id) FILTER (WHERE prior_moment <> moment OR prior_source_id <> data_source_id)
FROM stored
"""


def _upsert_runs(
    msp: Msp, runs: Sequence[RunRecord], sources: dict[SourceKey, int], now: datetime
) -> tuple[int, int, list[tuple[int, datetime, int]]]:
    """Write the runs; return how many are new, how many changed, and where those that moved stood before.

    Moments cost the most to write and to read, so the two that usually equal another one are not sent.
    """
    columns = [
        arrays.numbers(run.tenant for run in runs),
        arrays.numbers(sources[run.source_key] for run in runs),
        arrays.texts(run.job_id for run in runs),
        arrays.numbers(int(run.kind) for run in runs),
        arrays.numbers(int(run.status) for run in runs),
        arrays.moments(run.started_at for run in runs),
        arrays.moments(run.ended_at for run in runs),
        arrays.moments(None if run.changed_at == run.moment else run.changed_at for run in runs),
        arrays.numbers(run.size_bytes for run in runs),
        arrays.numbers(run.sent_bytes for run in runs),
        arrays.numbers(run.errors for run in runs),
        arrays.texts(run.message for run in runs),
    ]
    with connection.cursor() as cursor:
        cursor.execute(_UPSERT_RUNS, [msp.pk, now, *columns])
        created, updated, *moved = cursor.fetchone()
    return created, updated, list(zip(*moved, strict=True)) if moved[0] else []


def _learn_policies(msp: Msp, runs: Iterable[RunRecord], sources: dict[SourceKey, int]) -> None:
    """Let each source have the policy of its newest run that names one, unless somebody set it by hand."""
    named: dict[int, RunRecord] = {}
    for run in runs:
        source = sources[run.source_key]
        if run.policy and (source not in named or _policy_order(run) > _policy_order(named[source])):
            named[source] = run
    if not named:
        return
    rows = [(source, *run.policy, run.changed_at) for source, run in sorted(named.items()) if run.policy]
    with connection.cursor() as cursor:
        cursor.execute(
            """
            UPDATE health_datasource s SET policy_name = given.name, policy_interval_hours = given.hours,
                policy_retention_days = given.days, policy_at = given.at
            FROM unnest(%s::bigint[], %s::text[], %s::int[], %s::int[], %s::timestamptz[]) given (id, name, hours, days, at)
            WHERE s.msp_id = %s AND s.id = given.id AND NOT s.policy_by_hand AND (s.policy_at IS NULL OR
                (given.at, given.name, coalesce(given.hours, -1), coalesce(given.days, -1))
                > (s.policy_at, s.policy_name, coalesce(s.policy_interval_hours, -1), coalesce(s.policy_retention_days, -1)))
            RETURNING s.tenant_id, s.id
            """,
            [*map(list, zip(*rows, strict=True)), msp.pk],
        )
        learned = cursor.fetchall()
    # How long a source may be silent depends on its policy.
    _mark(msp, (), learned)


def _policy_order(run: RunRecord) -> tuple[Any, ...]:
    name, hours, days = run.policy or ("", None, None)
    return run.changed_at, name, hours or -1, days or -1


def _upsert_usage(msp: Msp, entries: Sequence[UsageEntry], now: datetime, *, is_derived: bool) -> tuple[int, int]:
    """Write the usage records; return how many are new and how many changed. What was reported beats the derived."""
    columns = map(list, zip(*(entry._replace(measured_at=entry.measured_at or now) for entry in entries), strict=True))
    with connection.cursor() as cursor:
        cursor.execute(
            """
            WITH stored AS (
                INSERT INTO health_usagerecord AS usage (msp_id, reported_at, is_derived, tenant_id, day, workload,
                    measure, amount, unit, cu, measured_at)
                SELECT %s, %s, %s, given.*
                FROM unnest(%s::bigint[], %s::date[], %s::text[], %s::text[], %s::numeric[], %s::text[], %s::numeric[],
                    %s::timestamptz[]) given
                ON CONFLICT (msp_id, tenant_id, day, workload, measure) DO UPDATE SET
                    reported_at = excluded.reported_at, is_derived = excluded.is_derived, amount = excluded.amount,
                    unit = excluded.unit, cu = excluded.cu, measured_at = excluded.measured_at
                WHERE excluded.is_derived <= usage.is_derived
                    AND (excluded.is_derived < usage.is_derived OR excluded.measured_at >= usage.measured_at)
                    AND (excluded.amount, excluded.unit, excluded.cu, excluded.is_derived)
                        IS DISTINCT FROM (usage.amount, usage.unit, usage.cu, usage.is_derived)
                RETURNING (xmax = 0) AS is_new
            )
            SELECT count(*) FILTER (WHERE is_new), count(*) FILTER (WHERE NOT is_new) FROM stored
            """,
            [msp.pk, now, is_derived, *columns],
        )
        created, updated = cursor.fetchone()
    return created, updated


def _mark(msp: Msp, days: Collection[tuple[int, date | None]], sources: Collection[tuple[int, int]]) -> None:
    """Mark days, and sources whose states a run left behind, for the rollup."""
    rows: list[tuple[int, date | None, int | None]] = [
        *((tenant, day, None) for tenant, day in days),
        *((tenant, None, source) for tenant, source in sources),
    ]
    if rows:
        with connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO health_dirtyday (msp_id, tenant_id, day, data_source_id)"
                " SELECT %s, given.* FROM unnest(%s::bigint[], %s::date[], %s::bigint[]) given",
                [msp.pk, *map(list, zip(*rows, strict=True))],
            )
