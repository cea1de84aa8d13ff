"""The head of a customer's pages, the same on every tab: name, health and what can be done."""

from typing import Any

from customers.columns import HEALTH_LOOKS
from customers.models import Customer
from msc.access.models import User
from msc.pages.detail import PageAction, shown_actions, shown_tabs
from msc.pages.kinds import Look
from msc.pages.rendering import Action

ACTIONS = (
    Action("Edit", "customers:edit", needs="customer.edit", icon="pencil"),
    Action("Delete", "tenants:delete_customer", needs="customer.delete", icon="trash"),
)


def head(user: User, customer: Customer, tab: str) -> dict[str, Any]:
    """Return what the head shows above a tab; load the customer with its identity and its summary."""
    return {
        "object": customer,
        "tabs": shown_tabs(user, "customer", tab, customer.pk),
        "actions": actions(user, customer),
        "health": health(customer),
    }


def actions(user: User, customer: Customer) -> list[PageAction]:
    """Return Edit and Delete as far as the person may press them, which the sandbox has not."""
    return [] if customer.is_sandbox else shown_actions(user, ACTIONS, customer.pk)


def health(customer: Customer) -> Look:
    """Return the badge of the customer's health."""
    return HEALTH_LOOKS[customer.summary.health]
