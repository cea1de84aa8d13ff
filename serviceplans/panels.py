"""The parts of a service plan's page that need nothing but the plan."""

from msc.access.models import User
from msc.pages.detail import Panel
from serviceplans.models import ServicePlan


def terms(_user: User, plan: ServicePlan) -> Panel:
    """Return what the plan includes of each product."""
    return Panel("What the plan includes", "serviceplans/_terms.html", {"parts": plan.products.all()}, wide=True)
