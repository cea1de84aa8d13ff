"""What health puts on the pages of customers and products."""

from customers.models import Customer
from health.charts import chart_of
from health.consumption import use_of
from msc.access.models import User
from msc.pages.detail import Panel


def consumption(user: User, customer: Customer) -> Panel | None:
    """Return what the customer consumed in the last 90 days."""
    if not user.can("consumption.view"):
        return None
    use = use_of(user, customer, customer.msp.today())
    chart = chart_of(use) if use else None
    context = {"chart": chart, "customer": customer}
    return Panel("Consumption Units", "health/_consumption.html", context, wide=chart is not None)
