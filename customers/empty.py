"""What lists of customers and of what belongs to them say while there is nothing in them."""

from customers.models import Customer
from msc.access.roles import Role
from msc.pages.list import Empty, ListPage

UNASSIGNED = Empty("No customer is assigned to you", "Ask an MSP administrator to assign customers to you.")


def nothing_for(page: ListPage) -> Empty:
    """Return the list's own words, or what fits a person who cannot do what they advise."""
    user = page.user
    if user.role == Role.TENANT_ADMIN and not Customer.objects.for_user(user).exists():
        return UNASSIGNED
    return Empty(page.empty.title) if user.role == Role.READ_ONLY else page.empty
