"""The words of health: what a run is and how it ended, what an alert is about and how bad it is."""

from django.db import models

from serviceplans.catalogue import WORKLOADS

PRODUCT_OF: dict[str, str] = {workload: product for product, workloads in WORKLOADS.items() for workload in workloads}


class RunKind(models.IntegerChoices):
    """What a run did; a small number, since runs are by far the most rows.

    Only backups and restores count: the others change no figure, no strip and no status of their data source.
    """

    BACKUP = 1, "Backup"
    RESTORE = 2, "Restore"
    MAINTENANCE = 3, "Maintenance"
    OTHER = 4, "Other"


class RunStatus(models.IntegerChoices):
    """How a run stands. Of two reports with the same time the higher number wins, whichever came first."""

    RUNNING = 0, "Running"
    CANCELLED = 1, "Cancelled"
    SUCCESSFUL = 2, "Successful"
    WITH_ERRORS = 3, "Completed with errors"
    FAILED = 4, "Failed"


#: What counts as successful, one of them with a mark.
GOOD = (RunStatus.SUCCESSFUL, RunStatus.WITH_ERRORS)
#: What says whether a data source is backed up; a cancelled run says nothing.
TELLING = (*GOOD, RunStatus.FAILED)

#: The words of the API.
KIND_WORDS: dict[str, RunKind] = {kind.name.lower(): kind for kind in RunKind}
STATUS_WORDS: dict[str, RunStatus] = {
    "running": RunStatus.RUNNING,
    "cancelled": RunStatus.CANCELLED,
    "successful": RunStatus.SUCCESSFUL,
    "completed_with_errors": RunStatus.WITH_ERRORS,
    "failed": RunStatus.FAILED,
}
WORD_OF_KIND: dict[int, str] = {kind: word for word, kind in KIND_WORDS.items()}
WORD_OF_STATUS: dict[int, str] = {status: word for word, status in STATUS_WORDS.items()}


class UsageUnit(models.TextChoices):
    """What an amount of usage counts."""

    BYTES = "bytes", "Bytes"
    USERS = "users", "Users"


class Severity(models.IntegerChoices):
    """How soon somebody should look; a higher number is worse."""

    INFORMATION = 1, "Information"
    WARNING = 2, "Warning"
    CRITICAL = 3, "Critical"


class AlertState(models.TextChoices):
    """Whether the condition of an alert holds."""

    ACTIVE = "active", "Open"
    RESOLVED = "resolved", "Resolved"


class AlertType(models.TextChoices):
    """What an alert is about; its severity follows from how far the condition went."""

    COMMERCIAL_EXPIRY = "commercial_expiry", "Commercial license expiry"
    EVALUATION_EXPIRY = "evaluation_expiry", "Evaluation expiry"
    QUOTA = "quota", "Quota utilization"
    BACKUP_FAILED = "backup_failed", "Backup failed"
    RESTORE_FAILED = "restore_failed", "Restore failed"
    SOURCE_SILENT = "source_silent", "Not reporting"
    DELETION_INITIATED = "deletion_initiated", "Product deletion scheduled"
    DELETION_CANCELLED = "deletion_cancelled", "Product deletion canceled"
    TENANT_DELETED = "tenant_deleted", "Product deleted"
    PLAN_WORKLOAD = "plan_workload", "Workload outside the plan"
    PLAN_FREQUENCY = "plan_frequency", "Backup frequency outside the plan"
    PLAN_RETENTION = "plan_retention", "Retention outside the plan"


#: What a person may close by hand, since nothing may ever end it.
CLOSABLE = (AlertType.RESTORE_FAILED,)
#: Facts of one moment: nothing ends them, so they resolve by themselves some days later.
ONE_OFF = (AlertType.DELETION_CANCELLED, AlertType.TENANT_DELETED)


class Delivery(models.TextChoices):
    """When an alert's e-mail goes to a subscriber."""

    AT_ONCE = "at_once", "At once"
    DAILY = "daily", "Daily digest"
