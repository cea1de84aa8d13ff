"""What the API answers and, for its OpenAPI document, what it takes."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from customers.models import Customer
from health.models import Alert, Run, UsageRecord
from health.statuses import KIND_WORDS, STATUS_WORDS, WORD_OF_KIND, WORD_OF_STATUS, Severity, UsageUnit
from serviceplans.catalogue import Workload
from serviceplans.models import PlanProduct, ServicePlan
from tenants.models import Tenant


class PolicyIn(serializers.Serializer[Any]):
    """The backup policy of the data source, if the software knows it."""

    name = serializers.CharField(required=False, allow_blank=True, max_length=120)
    interval_hours = serializers.IntegerField(required=False, min_value=1, help_text="Hours between two backups.")
    retention_days = serializers.IntegerField(required=False, min_value=1)


class RunIn(serializers.Serializer[Any]):
    """One run of a backup or restore job; send it again whenever its state changes."""

    tenant = serializers.IntegerField(help_text="The id shown on the product's card.")
    organization = serializers.CharField(max_length=200, help_text="What the data source belongs to inside the tenant.")
    data_source = serializers.CharField(max_length=200, help_text="The server, VM, database, mailbox or device.")
    workload = serializers.ChoiceField(choices=Workload.choices)
    job_id = serializers.CharField(max_length=200, help_text="Identifies the run within the tenant.")
    kind = serializers.ChoiceField(choices=list(KIND_WORDS))
    status = serializers.ChoiceField(choices=list(STATUS_WORDS))
    started_at = serializers.DateTimeField(required=False, help_text="Needed while the job is running.")
    ended_at = serializers.DateTimeField(required=False, help_text="Needed once the job is not running.")
    updated_at = serializers.DateTimeField(
        required=False, help_text="The run's own time of this state; the newest state wins. Default: end, or start."
    )
    bytes = serializers.IntegerField(required=False, min_value=0, help_text="Size of what was backed up or restored.")
    bytes_transferred = serializers.IntegerField(required=False, min_value=0)
    errors = serializers.IntegerField(required=False, min_value=0)  # type: ignore[assignment]  # a field of the record
    message = serializers.CharField(required=False, max_length=1000)
    policy = PolicyIn(required=False)


class UsageIn(serializers.Serializer[Any]):
    """What a tenant used of one workload on one day."""

    tenant = serializers.IntegerField()
    day = serializers.DateField(help_text="A calendar day of the MSP.")
    workload = serializers.ChoiceField(choices=Workload.choices)
    measure = serializers.CharField(max_length=80, help_text='Such as "Active Users".')
    usage_amount = serializers.DecimalField(max_digits=24, decimal_places=4, min_value=0)
    unit = serializers.ChoiceField(choices=UsageUnit.values)
    cu_consumed = serializers.DecimalField(max_digits=18, decimal_places=6, min_value=0)
    measured_at = serializers.DateTimeField(
        required=False, help_text="The newest one of a day and measure wins. Default: when it is received."
    )


class RefusalOut(serializers.Serializer[Any]):
    """A record that was not kept."""

    line = serializers.IntegerField(help_text="Line of NDJSON or record of the array, from 1.")
    field = serializers.CharField()
    reason = serializers.CharField()


class OutcomeOut(serializers.Serializer[Any]):
    """What became of the records of a call."""

    created = serializers.IntegerField()
    updated = serializers.IntegerField()
    unchanged = serializers.IntegerField()
    rejected = serializers.IntegerField()
    errors = RefusalOut(many=True)  # type: ignore[assignment]  # a field of the answer
    note = serializers.CharField(required=False, help_text="What to know of a run that was kept but does not count.")


class CustomerOut(serializers.ModelSerializer[Customer]):
    """A customer with its figures."""

    name = serializers.CharField(source="identity.name")
    address = serializers.CharField(source="identity.address")
    phone = serializers.CharField(source="identity.phone")
    backups_30d = serializers.IntegerField(source="summary.backups_30d")
    backup_success = serializers.DecimalField(
        source="summary.backup_success", max_digits=5, decimal_places=2, allow_null=True, help_text="Per cent, 30 days."
    )
    last_backup_at = serializers.DateTimeField(source="summary.last_backup_at", allow_null=True)
    open_alerts = serializers.IntegerField(source="summary.open_alerts")
    cu_90d = serializers.DecimalField(source="summary.cu_90d", max_digits=18, decimal_places=4, allow_null=True)
    counted_at = serializers.DateTimeField(source="summary.counted_at", allow_null=True)

    class Meta:
        model = Customer
        fields = (
            "id",
            "name",
            "account_name",
            "name_hidden",
            "is_sandbox",
            "address",
            "phone",
            "created_at",
            "backups_30d",
            "backup_success",
            "last_backup_at",
            "open_alerts",
            "cu_90d",
            "counted_at",
        )


class TenantOut(serializers.ModelSerializer[Tenant]):
    """A product (tenant) of a customer."""

    class Meta:
        model = Tenant
        fields = (
            "id",
            "customer",
            "product",
            "service_plan",
            "tenant_type",
            "state",
            "license_expiry",
            "delete_on",
            "created_at",
        )


class PlanProductOut(serializers.ModelSerializer[PlanProduct]):
    """What a plan includes of one product."""

    class Meta:
        model = PlanProduct
        fields = (
            "product",
            "edition",
            "workloads",
            "features",
            "backup_interval_min_hours",
            "backup_interval_max_hours",
            "retention_min_days",
            "retention_max_days",
        )


class PlanOut(serializers.ModelSerializer[ServicePlan]):
    """A service plan."""

    products = PlanProductOut(many=True)

    class Meta:
        model = ServicePlan
        fields = ("id", "name", "is_default", "created_at", "products")


class RunOut(serializers.ModelSerializer[Run]):
    """A run in its newest state."""

    customer = serializers.IntegerField(source="tenant.customer_id")
    organization = serializers.CharField(source="data_source.organization")
    data_source = serializers.CharField(source="data_source.name")
    workload = serializers.ChoiceField(source="data_source.workload", choices=Workload.choices)
    kind = serializers.SerializerMethodField()
    status = serializers.SerializerMethodField()
    bytes = serializers.IntegerField(source="size_bytes", allow_null=True)
    bytes_transferred = serializers.IntegerField(source="sent_bytes", allow_null=True)

    class Meta:
        model = Run
        fields = (
            "tenant",
            "customer",
            "organization",
            "data_source",
            "workload",
            "job_id",
            "kind",
            "status",
            "started_at",
            "ended_at",
            "bytes",
            "bytes_transferred",
            "errors",
            "message",
            "reported_at",
        )

    @extend_schema_field(serializers.ChoiceField(choices=list(KIND_WORDS)))
    def get_kind(self, run: Run) -> str:
        """Backup or restore."""
        return WORD_OF_KIND[run.kind]

    @extend_schema_field(serializers.ChoiceField(choices=list(STATUS_WORDS)))
    def get_status(self, run: Run) -> str:
        """How the run ended, or that it still runs."""
        return WORD_OF_STATUS[run.status]


class UsageOut(serializers.ModelSerializer[UsageRecord]):
    """A usage record."""

    usage_amount = serializers.DecimalField(source="amount", max_digits=24, decimal_places=4)
    cu_consumed = serializers.DecimalField(source="cu", max_digits=18, decimal_places=6)

    class Meta:
        model = UsageRecord
        fields = (
            "tenant",
            "day",
            "workload",
            "measure",
            "usage_amount",
            "unit",
            "cu_consumed",
            "is_derived",
            "measured_at",
            "reported_at",
        )


class AlertOut(serializers.ModelSerializer[Alert]):
    """An alert."""

    severity = serializers.SerializerMethodField()

    class Meta:
        model = Alert
        fields = (
            "id",
            "type",
            "severity",
            "state",
            "summary",
            "customer",
            "tenant",
            "data_source",
            "product",
            "first_seen",
            "last_seen",
            "resolved_at",
            "count",
        )

    @extend_schema_field(serializers.ChoiceField(choices=[severity.name.lower() for severity in Severity]))
    def get_severity(self, alert: Alert) -> str:
        """Critical, warning or information."""
        return Severity(alert.severity).name.lower()
