"""The customer page's own panels; the apps above add theirs by name in `msc.navigation`."""

from django.urls import reverse

from customers.models import Contact, Customer
from customers.querysets import ADMIN_NAMES
from msc.access.models import User
from msc.pages.detail import PageAction, Panel


def account(user: User, customer: Customer) -> Panel:
    """Return the account details."""
    edit = PageAction("Edit account details", reverse("customers:edit", args=[customer.pk]), "pencil")
    may_edit = user.can("customer.edit") and not customer.is_sandbox
    return Panel(
        "Account Details",
        "customers/_account.html",
        {"customer": customer, "identity": customer.identity, "admins": getattr(customer, ADMIN_NAMES)},
        actions=[edit] if may_edit else (),
    )


def contacts(user: User, customer: Customer) -> Panel:
    """Return the contacts, the primary one first."""
    add = PageAction("Add contact", reverse("customers:add_contact", args=[customer.pk]), "plus")
    rows = Contact.objects.for_user(user).filter(customer=customer).order_by("-is_primary", "name", "pk")
    may_edit = user.can("contact.edit")
    return Panel(
        "Customer Contact Details",
        "customers/_contacts.html",
        {"customer": customer, "contacts": list(rows), "may_edit": may_edit},
        actions=[add] if may_edit else (),
    )
