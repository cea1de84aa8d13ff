"""The columns of health's lists, in their default order."""

from health.columns import Bytes, LastGood, LastRestore, LastStatus, Policy, Strip
from msc.pages.kinds import Date, LongText, Named
from msc.pages.tables import ListTable


class SourceTable(ListTable):
    """One row per data source of a customer."""

    default_sort = "name"

    name = LongText("Data Source", fields=("name",), sort=("folded_name",), required=True, always=True, width=190)
    organization = LongText("Organization", fields=("organization",), required=True, width=190)
    workload = Named("Workloads", dictionary="workloads", fields=("workload",), shown=True, required=True, width=125)
    policy = Policy(
        "Backup Policy",
        fields=("policy_name", "policy_interval_hours"),
        sort=("policy_name",),
        required=True,
    )
    status = LastStatus(
        "Last Backup Status (Job ID)",
        fields=("last_status", "last_backup_at", "last_backup_job", "is_silent", "running", "last_message"),
        sort=("is_silent", "last_status", "last_backup_at"),
        shown=True,
        lead=True,
    )
    strip = Strip("Last 28 Days", fields=("strip", "strip_on"), sort=(), shown=True, width=228)
    started = Date("Last Job Run", fields=("last_start_at",))
    succeeded = LastGood(
        "Last Successful Job Run",
        fields=("last_success_at", "last_success_job", "last_status"),
        sort=("last_success_at",),
        shown=True,
        width=200,
        hint="Shown only if the most recent job failed.",
    )
    restored = LastRestore(
        "Last Successful Restore",
        fields=(
            "last_restore_at",
            "last_restore_job",
            "failed_restore_at",
            "failed_restore_job",
            "failed_restore_message",
        ),
        sort=("last_restore_at",),
        shown=True,
        width=200,
    )
    message = LongText("Last Error", fields=("last_message",), sort=())
    size = Bytes("Size", fields=("last_success_bytes",))
    heard = Date("Last Heard", fields=("heard_at",))
