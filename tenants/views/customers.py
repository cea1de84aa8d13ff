"""Deleting a customer, which its products may stand in the way of."""

from collections.abc import Sequence
from urllib.parse import urlsplit

from django.db.models import QuerySet
from django.urls import reverse

from customers.models import Customer
from msc.errors import DomainError
from msc.pages.dialogs import ConfirmDialog, Outcome
from tenants import services


class CustomerDelete(ConfirmDialog):
    """Delete a customer that has no product; otherwise say which ones stand in the way."""

    model, needs, danger, verb = Customer, "customer.delete", True, "Yes, Delete"

    def queryset(self) -> QuerySet[Customer]:
        """Return the customers that the person may see."""
        return Customer.objects.for_user(self.user).select_related("identity", "msp")

    def get_title(self) -> str:
        """Name the customer."""
        return f"Delete {self.object.identity.name}"

    def back_url(self) -> str:
        """Return to the customer."""
        return reverse("customers:page", args=[self.object.pk])

    def question(self) -> str:
        """Ask, naming the customer."""
        return f"Delete the customer {self.object.identity.name}?"

    def consequences(self) -> Sequence[str]:
        """Say what goes and what stays."""
        return (
            "Its name, address, phone number and contacts are erased.",
            "Its account name and history stay in the record. This cannot be undone.",
        )

    def refusal(self) -> DomainError | None:
        """Say what stands in the way."""
        return services.deletion_refusal(self.object)

    def perform(self) -> Outcome:
        """Delete it and return to the list; a list that is open stays as it is searched, filtered and sorted."""
        name = self.object.identity.name
        services.delete_customer(by=self.user, customer=self.object)
        address = reverse("customers:list")
        is_on_list = urlsplit(self.request.htmx.current_url_abs_path or "").path == address
        return Outcome(address, f"{name} has been deleted.", go=not is_on_list)
