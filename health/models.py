"""Facts of backup software (runs, usage), what they add up to (data sources, days, windows), and alerts."""

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils import timezone

from customers.models import Customer
from health.querysets import AlertQuerySet, DataSourceQuerySet, RunQuerySet, UsageQuerySet
from health.refused import RefusedRecord
from health.statuses import CLOSABLE, AlertState, AlertType, Delivery, RunKind, RunStatus, Severity, UsageUnit
from health.totals import MspDay, TenantDay, TenantMonth
from msc.access.models import Msp, User
from msc.access.querysets import ScopedQuerySet
from serviceplans.catalogue import Product, Workload
from tenants.models import Tenant

STRIP_DAYS = 28
__all__ = [
    "Alert",
    "AlertSubscription",
    "DataSource",
    "DirtyDay",
    "MspDay",
    "RefusedRecord",
    "RollupState",
    "Run",
    "TenantDay",
    "TenantHealth",
    "TenantMonth",
    "UsageRecord",
]


class DataSource(models.Model):
    """A thing that is backed up, of an organisation inside a tenant, with its last states as the rollup found them.

    `strip` has one letter for each of the 28 days that end on `strip_on`; `health.windows` reads it.
    `silent_from` is the moment from which the source counts as not reporting. `last_message` is the error message of
    the last backup, unless it was successful. `failed_restore_*` describe the last restore if it failed; one that ended
    no later than `restores_closed_at` was closed by hand.
    """

    msp = models.ForeignKey(Msp, on_delete=models.PROTECT, related_name="+", db_index=False)
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="data_sources")
    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="data_sources")
    organization = models.CharField(max_length=200)
    name = models.CharField("data source", max_length=200)
    folded_name = models.CharField(max_length=400, editable=False)
    workload = models.CharField(max_length=20)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    policy_name = models.CharField("backup policy", max_length=120, blank=True)
    policy_interval_hours = models.PositiveIntegerField(null=True, blank=True, validators=[MinValueValidator(1)])
    policy_retention_days = models.PositiveIntegerField(null=True, blank=True, validators=[MinValueValidator(1)])
    policy_at = models.DateTimeField(null=True, editable=False)
    policy_by_hand = models.BooleanField(default=False, editable=False)
    version = models.PositiveIntegerField(default=1)

    last_status = models.PositiveSmallIntegerField(null=True, choices=RunStatus, editable=False)
    last_backup_at = models.DateTimeField(null=True, editable=False)
    last_backup_job = models.CharField(max_length=200, blank=True, editable=False)
    last_backup_bytes = models.BigIntegerField(null=True, editable=False)
    last_message = models.CharField(max_length=1000, editable=False, db_default="")
    last_start_at = models.DateTimeField(null=True, editable=False)
    last_success_at = models.DateTimeField(null=True, editable=False)
    last_success_job = models.CharField(max_length=200, blank=True, editable=False)
    last_success_bytes = models.BigIntegerField(null=True, editable=False)
    last_restore_at = models.DateTimeField(null=True, editable=False)
    last_restore_job = models.CharField(max_length=200, blank=True, editable=False)
    failed_restore_at = models.DateTimeField(null=True, editable=False)
    failed_restore_job = models.CharField(max_length=200, editable=False, db_default="")
    failed_restore_message = models.CharField(max_length=1000, editable=False, db_default="")
    restores_closed_at = models.DateTimeField(null=True, editable=False)
    failures_in_row = models.PositiveSmallIntegerField(default=0, editable=False)
    running = models.PositiveSmallIntegerField(default=0, editable=False)
    heard_at = models.DateTimeField(null=True, editable=False)
    silent_from = models.DateTimeField(null=True, editable=False)
    is_silent = models.BooleanField(default=False, editable=False)
    strip = models.CharField(max_length=STRIP_DAYS, blank=True, editable=False)
    strip_on = models.DateField(null=True, editable=False)
    counted_at = models.DateTimeField(null=True, editable=False)

    objects = DataSourceQuerySet.as_manager()
    scope_msp = "msp"
    scope_customer = "customer"

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["msp", "tenant", "organization", "name", "workload"], name="one_source_per_name_and_workload"
            ),
            # What the composite foreign key of runs refers to.
            models.UniqueConstraint(fields=["msp", "tenant", "id"], name="source_of_its_tenant"),
            models.CheckConstraint(condition=Q(workload__in=Workload.values), name="source_workload_is_known"),
        ]
        indexes: ClassVar = [
            models.Index(fields=["msp", "customer", "folded_name", "id"], name="source_of_customer"),
            models.Index(
                fields=["msp", "silent_from"],
                condition=Q(is_silent=False, silent_from__isnull=False),
                name="source_to_fall_silent",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Run(models.Model):
    """One execution of a backup or restore job; the job's id identifies it within the tenant.

    `moment` is when it ended, or when it started as long as it runs: the day it counts on. `changed_at` is the
    run's own time of this state; the newest state wins. `prior_*` tell of the state that the last one replaced.
    A composite foreign key of the database (migration 0002) ties MSP, tenant and source in one check per row.
    """

    msp = models.ForeignKey(Msp, on_delete=models.PROTECT, related_name="+", db_constraint=False, db_index=False)
    tenant = models.ForeignKey(
        Tenant, on_delete=models.PROTECT, related_name="runs", db_constraint=False, db_index=False
    )
    data_source = models.ForeignKey(
        DataSource, on_delete=models.PROTECT, related_name="runs", db_constraint=False, db_index=False
    )
    job_id = models.CharField("job ID", max_length=200)
    kind = models.PositiveSmallIntegerField(choices=RunKind)
    status = models.PositiveSmallIntegerField(choices=RunStatus)
    started_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    moment = models.DateTimeField()
    changed_at = models.DateTimeField()
    size_bytes = models.BigIntegerField(null=True)
    sent_bytes = models.BigIntegerField(null=True)
    errors = models.IntegerField(null=True)
    message = models.CharField(max_length=1000, blank=True)
    # What support staff may know of the message, which belongs to the MSP.
    has_message = models.GeneratedField(
        expression=models.ExpressionWrapper(Q(message__gt=""), output_field=models.BooleanField()),
        output_field=models.BooleanField(),
        db_persist=True,
    )
    reported_at = models.DateTimeField()
    prior_moment = models.DateTimeField(null=True)
    prior_source_id = models.BigIntegerField(null=True)

    objects = RunQuerySet.as_manager()
    scope_msp = "msp"
    scope_customer = "tenant__customer"

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["msp", "tenant", "job_id"], name="one_run_per_job"),
            models.CheckConstraint(
                condition=Q(kind__in=RunKind.values) & Q(status__in=RunStatus.values),
                name="run_kind_and_status_are_known",
            ),
            models.CheckConstraint(
                condition=Q(status=RunStatus.RUNNING, ended_at=None)
                | (Q(status__gt=RunStatus.RUNNING) & Q(ended_at__isnull=False)),
                name="run_has_ended_unless_running",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["msp", "tenant", "moment"], name="run_of_tenant"),
            models.Index(fields=["msp", "data_source", "moment"], name="run_of_source"),
            models.Index(
                fields=["msp", "data_source", "moment"], condition=Q(kind=RunKind.RESTORE), name="restore_of_source"
            ),
            models.Index(
                fields=["msp", "data_source"], condition=Q(status=RunStatus.RUNNING), name="running_of_source"
            ),
            models.Index(fields=["msp", "id"], name="run_by_arrival"),
        ]

    def __str__(self) -> str:
        return f"run {self.pk}"


class UsageRecord(models.Model):
    """What a tenant used of one workload on one day; those that the portal derived from sizes say so."""

    msp = models.ForeignKey(Msp, on_delete=models.PROTECT, related_name="+", db_index=False)
    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="usage_records", db_index=False)
    day = models.DateField()
    workload = models.CharField(max_length=20)
    measure = models.CharField(max_length=80)
    amount = models.DecimalField(max_digits=24, decimal_places=4)
    unit = models.CharField(max_length=8, choices=UsageUnit)
    cu = models.DecimalField("CU", max_digits=18, decimal_places=6)
    measured_at = models.DateTimeField()
    is_derived = models.BooleanField(default=False)
    reported_at = models.DateTimeField()

    objects = UsageQuerySet.as_manager()
    scope_msp = "msp"
    scope_customer = "tenant__customer"

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["msp", "tenant", "day", "workload", "measure"], name="one_usage_record_per_measure"
            ),
            models.CheckConstraint(condition=Q(amount__gte=0, cu__gte=0), name="usage_is_not_negative"),
            models.CheckConstraint(condition=Q(unit__in=UsageUnit.values), name="usage_unit_is_known"),
        ]
        indexes: ClassVar = [models.Index(fields=["msp", "id"], name="usage_by_arrival")]

    def __str__(self) -> str:
        return f"{self.measure} of tenant {self.tenant_id} on {self.day}"


class DirtyDay(models.Model):
    """A mark that a tenant's day must be recounted; written with the fact, deleted before the recount.

    The same day may be marked many times: a mark never waits for another transaction. A mark without a day asks
    for the windows alone, one with a source also for that source.
    """

    msp = models.ForeignKey(Msp, on_delete=models.PROTECT, related_name="+", db_constraint=False, db_index=False)
    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="+", db_constraint=False, db_index=False)
    day = models.DateField(null=True)
    data_source_id = models.BigIntegerField(null=True)
    marked_at = models.DateTimeField(db_default=Now())

    scope_msp = "msp"
    scope_customer = None
    objects = ScopedQuerySet.as_manager()

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["msp", "id"], name="dirty_day_by_age"),
            models.Index(fields=["msp", "tenant"], name="dirty_day_of_tenant"),
        ]

    def __str__(self) -> str:
        return f"tenant {self.tenant_id} on {self.day}"


class TenantHealth(models.Model):
    """The figures of a tenant's windows (30 and 90 days that end on `window_on`), as of `counted_at`."""

    tenant = models.OneToOneField(Tenant, on_delete=models.PROTECT, primary_key=True, related_name="health")
    msp = models.ForeignKey(Msp, on_delete=models.PROTECT, related_name="+", db_index=False)
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="tenant_healths", db_index=False)
    successful_30d = models.PositiveIntegerField(default=0)
    with_errors_30d = models.PositiveIntegerField(default=0)
    failed_30d = models.PositiveIntegerField(default=0)
    cancelled_30d = models.PositiveIntegerField(default=0)
    restores_30d = models.PositiveIntegerField(default=0)
    restores_failed_30d = models.PositiveIntegerField(default=0)
    cu_90d = models.DecimalField("CU (90 days)", max_digits=18, decimal_places=6, null=True)
    quota_cu_used = models.DecimalField(max_digits=18, decimal_places=6, null=True)
    quota_used_percent = models.DecimalField(max_digits=12, decimal_places=2, null=True)
    sources = models.PositiveIntegerField(default=0)
    failing_sources = models.PositiveIntegerField(default=0)
    partial_sources = models.PositiveIntegerField(db_default=0)
    silent_sources = models.PositiveIntegerField(default=0)
    running = models.PositiveIntegerField(default=0)
    last_backup_at = models.DateTimeField(null=True)
    window_on = models.DateField()
    counted_at = models.DateTimeField()

    objects = ScopedQuerySet.as_manager()
    scope_msp = "msp"
    scope_customer = "customer"

    class Meta:
        indexes: ClassVar = [models.Index(fields=["msp", "customer"], name="health_of_customer")]

    def __str__(self) -> str:
        return f"health of tenant {self.tenant_id}"

    @property
    def backups_30d(self) -> int:
        """All backup jobs that ended in the window, cancelled ones included."""
        return self.successful_30d + self.with_errors_30d + self.failed_30d + self.cancelled_30d

    @property
    def good_30d(self) -> int:
        """Backup jobs that left a usable backup, those that completed with errors included."""
        return self.successful_30d + self.with_errors_30d


class RollupState(models.Model):
    """How far the rollups of an MSP have come: the zone and the day of its windows, and which days are closed."""

    msp = models.OneToOneField(Msp, on_delete=models.PROTECT, primary_key=True, related_name="+")
    time_zone = models.CharField(max_length=64)
    window_on = models.DateField()
    closed_before = models.DateField()
    drained_at = models.DateTimeField(null=True)
    evaluated_at = models.DateTimeField(null=True)

    objects = ScopedQuerySet.as_manager()
    scope_msp = "msp"
    scope_customer = None

    def __str__(self) -> str:
        return f"rollups of MSP {self.msp_id}"


class Alert(models.Model):
    """A condition that somebody should know of; at most one is active per type and object.

    `threshold` says how far the condition went (a higher one is worse); crossing the next one sets `raised_at`.
    `object_key` names the object, such as `tenant:12`; `folded_object` is what lists sort it by: the data source, or
    the product. A purged source leaves its name in the summary. `message` is the error message that the backup tool
    reported last; `closed_by` (a name) and `close_reason` are set when a person closed the
    alert.
    """

    msp = models.ForeignKey(Msp, on_delete=models.PROTECT, related_name="+", db_index=False)
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, null=True, related_name="alerts")
    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, null=True, related_name="alerts")
    data_source = models.ForeignKey(DataSource, on_delete=models.SET_NULL, null=True, related_name="alerts")
    product = models.CharField(max_length=8, choices=Product, blank=True)
    type = models.CharField(max_length=24, choices=AlertType)
    object_key = models.CharField(max_length=40)
    folded_object = models.CharField(max_length=400, editable=False, db_default="")
    severity = models.PositiveSmallIntegerField(choices=Severity)
    threshold = models.PositiveSmallIntegerField(default=1)
    summary = models.CharField(max_length=500)
    state = models.CharField(max_length=8, choices=AlertState, default=AlertState.ACTIVE)
    first_seen = models.DateTimeField()
    last_seen = models.DateTimeField()
    raised_at = models.DateTimeField()
    resolved_at = models.DateTimeField(null=True, blank=True)
    count = models.PositiveIntegerField(default=1)
    message = models.CharField(max_length=1000, db_default="")
    closed_by = models.CharField(max_length=320, db_default="")
    close_reason = models.CharField(max_length=500, db_default="")

    objects = AlertQuerySet.as_manager()
    scope_msp = "msp"
    scope_customer = "customer"

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["msp", "type", "object_key"],
                condition=Q(state=AlertState.ACTIVE),
                name="one_active_alert_per_object",
            ),
            models.CheckConstraint(
                condition=Q(state=AlertState.ACTIVE, resolved_at=None)
                | Q(state=AlertState.RESOLVED, resolved_at__isnull=False),
                name="resolved_alert_has_its_moment",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["msp", "severity", "raised_at", "id"], name="alert_by_severity"),
            models.Index(fields=["msp", "customer", "state"], name="alert_of_customer"),
            models.Index(fields=["msp", "type", "object_key"], name="alert_of_object"),
            models.Index(fields=["msp", "raised_at", "id"], name="alert_by_age"),
            # What the alerts list sorts by; the first one is its usual order.
            models.Index(fields=["msp", "state", "-severity", "-raised_at", "id"], name="alert_by_state"),
            *(
                models.Index(fields=["msp", name, "id"], name=f"alert_by_{name}")
                for name in ("type", "product", "folded_object", "first_seen", "last_seen", "count")
            ),
            models.Index("msp", F("resolved_at").asc(nulls_last=True), "id", name="alert_by_resolution_up"),
            models.Index("msp", F("resolved_at").desc(nulls_last=True), "id", name="alert_by_resolution_down"),
        ]

    def __str__(self) -> str:
        return self.summary

    @property
    def is_closable(self) -> bool:
        """Whether a person may close the alert by hand."""
        return self.state == AlertState.ACTIVE and self.type in CLOSABLE and self.data_source_id is not None


class AlertSubscription(models.Model):
    """Which alerts a person gets by e-mail: those of a type or of a severity, at once or once a day."""

    msp = models.ForeignKey(Msp, on_delete=models.PROTECT, related_name="+", db_index=False)
    user = models.OneToOneField(User, on_delete=models.PROTECT, related_name="alert_subscription")
    types = ArrayField(models.CharField(max_length=24, choices=AlertType), default=list, blank=True)
    severities = ArrayField(models.PositiveSmallIntegerField(choices=Severity), default=list, blank=True)
    delivery = models.CharField(max_length=8, choices=Delivery, default=Delivery.AT_ONCE)
    digest_hour = models.PositiveSmallIntegerField(default=7, validators=[MaxValueValidator(23)])
    digested_at = models.DateTimeField(default=timezone.now, editable=False)
    version = models.PositiveIntegerField(default=1)

    objects = ScopedQuerySet.as_manager()
    scope_msp = "msp"
    scope_customer = None

    def __str__(self) -> str:
        return f"subscription of person {self.user_id}"

    def wants(self, alert: Alert) -> bool:
        """Tell whether the person asked for alerts of this type or severity."""
        return alert.type in self.types or alert.severity in self.severities
