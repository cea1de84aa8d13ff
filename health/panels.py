"""What health puts on the pages of customers and products."""

from collections.abc import Iterable

from django.db.models import Count, Sum
from django.urls import reverse
from django.utils.safestring import SafeString, mark_safe

from customers.models import Customer
from health.charts import chart_of
from health.columns import first_line
from health.consumption import use_of
from health.days import USAGE_WINDOW, window
from health.models import Alert, DataSource, UsageRecord
from health.statuses import Severity
from health.tables import SourceTable
from health.tables_alerts import SEVERITY_LOOKS
from msc.access.models import User
from msc.pages.detail import Panel
from msc.pages.kinds import Look
from msc.pages.tables import Reading
from serviceplans.catalogue import Workload
from tenants.models import Tenant

MOST_LISTED = 20
WORST_LISTED = 5
_SOURCE_COLUMNS = ("name", "workload", "status", "strip")


def health(user: User, customer: Customer) -> Panel | None:
    """Return the health of the customer's backups and the worst open alerts."""
    if not user.can("alert.view"):
        return None
    active = Alert.objects.for_user(user).active().filter(customer=customer)
    rows = list(active.order_by("-severity", "-raised_at", "pk")[: WORST_LISTED + 1])
    context = {
        "customer": customer,
        "url": reverse("health:customer", args=[customer.pk]),
        "alerts": _lines(rows[:WORST_LISTED]),
        "has_more": len(rows) > WORST_LISTED,
    }
    return Panel("Health and open alerts", "health/_customer_health.html", context, wide=True)


def _lines(alerts: Iterable[Alert]) -> list[tuple[Alert, Look, str]]:
    """Return alerts with their look and the first line of their message."""
    return [(alert, SEVERITY_LOOKS[Severity(alert.severity)], first_line(alert.message)) for alert in alerts]


def consumption(user: User, customer: Customer) -> Panel | None:
    """Return what the customer consumed in the last 90 days."""
    if not user.can("consumption.view"):
        return None
    use = use_of(user, customer, customer.msp.today())
    chart = chart_of(use) if use else None
    return Panel("Consumption Units", "health/_consumption.html", {"chart": chart, "customer": customer}, tall=True)


def alerts(user: User, tenant: Tenant) -> Panel | None:
    """Return what is wrong with the product now, the worst first."""
    if not user.can("alert.view"):
        return None
    active = Alert.objects.for_user(user).active().filter(customer=tenant.customer_id, tenant=tenant)
    rows = list(active.order_by("-severity", "-raised_at", "pk")[: MOST_LISTED + 1])
    context = {"alerts": _lines(rows[:MOST_LISTED]), "has_more": len(rows) > MOST_LISTED, "tenant": tenant}
    return Panel("Open alerts", "health/_product_alerts.html", context)


def sources(user: User, tenant: Tenant) -> Panel | None:
    """Return the product's data sources as the Health tab shows them, the first of them by name."""
    if not user.can("health.view"):
        return None
    reading = Reading([SourceTable.declared()[name] for name in _SOURCE_COLUMNS])
    found = DataSource.objects.for_user(user).filter(customer=tenant.customer_id, tenant=tenant)
    rows = list(found.order_by("folded_name", "pk").values_list(*reading.fields)[: MOST_LISTED + 1])
    names = {"workloads": dict(Workload.choices), "days": {"today": tenant.customer.msp.today().isoformat()}}
    cells = reading.html_cells(names)
    context = {
        "headings": [column.heading for column in reading.columns],
        "rows": [[_safe(cell(row)) for cell in cells] for row in rows[:MOST_LISTED]],
        "has_more": len(rows) > MOST_LISTED,
        "tenant": tenant,
    }
    return Panel("Data sources", "health/_product_sources.html", context, wide=True)


def usage(user: User, tenant: Tenant) -> Panel | None:
    """Return what the product consumed in the last 90 days, by workload and measure."""
    if not user.can("consumption.view"):
        return None
    days = window(tenant.customer.msp.today(), USAGE_WINDOW)
    records = UsageRecord.objects.for_user(user).filter(tenant=tenant, day__range=days).counted()
    sums = records.order_by("workload", "measure").values("workload", "measure")
    rows = [
        {**row, "label": Workload(row["workload"]).label}
        for row in sums.annotate(total=Sum("cu"), number=Count("day", distinct=True))
    ]
    return Panel("Usage (last 90 days)", "health/_product_usage.html", {"rows": rows, "tenant": tenant}, wide=True)


def _safe(cell: str) -> SafeString:
    return mark_safe(cell)  # noqa: S308  every column's html() escapes what it shows
