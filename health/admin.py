"""Support staff's view of runs: that they came, how they ended and whether they have a message, not its text."""

from typing import Any

from django.contrib.admin import display
from django.db.models import QuerySet
from django.http import HttpRequest

from health.models import Run
from health.statuses import RunKind, RunStatus
from msc.support.base import SupportAdmin
from msc.support.filters import belongs_to, one_of, within

#: What the database role of support staff has no right to read.
UNREADABLE = ("job_id", "message", "prior_moment", "prior_source_id")


class RunAdmin(SupportAdmin):
    """One run of a tenant, which is named by its customer's account name."""

    list_display = ("id", "customer_account", "kind", "status", "moment", "reported_at", "partner")
    list_filter = (
        one_of("status", "status", RunStatus.choices),
        one_of("kind", "kind", RunKind.choices),
        within("moment", "when"),
        belongs_to("tenant", "product (tenant)"),
        belongs_to("msp", "MSP"),
    )
    list_select_related = ("msp", "tenant__customer")
    labels = {"moment": "When", "size_bytes": "Size", "sent_bytes": "Sent"}
    ordering = ("-id",)
    fields = (
        "customer_account",
        "partner",
        "kind",
        "status",
        "started_at",
        "ended_at",
        "changed_at",
        "reported_at",
        "size_bytes",
        "sent_bytes",
        "errors",
        "has_error_message",
    )
    readonly_fields = ("partner", "customer_account", "has_error_message")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Return the runs with the columns that support staff's role may read."""
        runs: QuerySet[Any] = super().get_queryset(request)
        return runs.select_related("msp", "tenant__customer").defer(*UNREADABLE)

    @display(description="Message")
    def has_error_message(self, run: Run) -> str:
        """Return whether there is a message; its text belongs to the MSP."""
        return "Yes, shown to the MSP only" if run.has_message else "None"

    @display(description="Account name")
    def customer_account(self, run: Run) -> str:
        """Return the account name of the customer."""
        return run.tenant.customer.account_name
