"""Which customers a tenant administrator is in charge of: the page reached from the Administrators list."""

from collections.abc import Collection
from functools import cached_property
from typing import Any

from django.contrib import messages
from django.db.models import Exists, OuterRef, QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse

from customers.assignments import assign_to_person
from customers.models import Assignment, Customer
from msc.access.models import User
from msc.access.roles import Role
from msc.errors import DomainError
from msc.pages.views import PortalView

MOST_SHOWN = 100
LONGEST_TERM = 200


class AssignedCustomers(PortalView):
    """Tick what to take away and what to add; a search narrows both sides."""

    needs = "administrator.manage"

    @cached_property
    def person(self) -> User:
        """The tenant administrator of the address."""
        people = User.objects.for_user(self.user).filter(role=Role.TENANT_ADMIN)
        found: User = get_object_or_404(people, pk=self.kwargs["pk"])
        return found

    @property
    def term(self) -> str:
        """What both sides are narrowed by."""
        return self.request.GET.get("q", "")[:LONGEST_TERM].strip()

    def customers(self, *, assigned: bool) -> QuerySet[Any]:
        """Return the customers on one side."""
        own = Assignment.objects.for_user(self.user).filter(user=self.person, customer=OuterRef("pk"))
        rows = Customer.objects.for_user(self.user).filter(Exists(own) if assigned else ~Exists(own), is_sandbox=False)
        if self.term:
            rows = rows.matching(self.term)
        return rows.select_related("identity").order_by("identity__folded_name", "pk")

    def get(self, request: Any, pk: int) -> HttpResponse:
        """Show both sides."""
        return self.show()

    def post(self, request: Any, pk: int) -> HttpResponse:
        """Add and take away what is ticked."""
        added, taken = self.chosen("add", assigned=False), self.chosen("remove", assigned=True)
        try:
            assign_to_person(by=self.user, person=self.person, add=added, remove=taken)
        except DomainError as error:
            return self.show(error, status=422)
        messages.success(request, f"{self.person.full_name}: {len(added)} customers added, {len(taken)} taken away.")
        return redirect(reverse("assigned_customers", args=[self.person.pk]))

    def chosen(self, name: str, *, assigned: bool) -> Collection[Customer]:
        """Return the ticked customers that the person may see; others do not exist."""
        ids = {int(text) for text in self.request.POST.getlist(name)[:MOST_SHOWN] if text.isascii() and text.isdigit()}
        return list(self.customers(assigned=assigned).filter(pk__in=[pk for pk in ids if pk < 2**63]))

    def show(self, error: DomainError | None = None, status: int = 200) -> HttpResponse:
        """Answer the page."""
        sides = {
            name: list(self.customers(assigned=assigned)[: MOST_SHOWN + 1])
            for name, assigned in (("remove", True), ("add", False))
        }
        context = {
            "person": self.person,
            "title": f"Customers of {self.person.full_name}",
            "term": self.term,
            "error": error,
            "most": MOST_SHOWN,
            "remove": sides["remove"][:MOST_SHOWN],
            "add": sides["add"][:MOST_SHOWN],
            "more": any(len(rows) > MOST_SHOWN for rows in sides.values()),
        }
        return render(self.request, "customers/assigned.html", context, status=status)
