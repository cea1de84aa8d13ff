"""Which customers a tenant administrator is in charge of: the page reached from the Administrators list."""

from collections.abc import Sequence
from functools import cached_property
from typing import Any
from urllib.parse import urlencode

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
    """One list of customers, in which those that are ticked are assigned; a search narrows it."""

    needs = "administrator.manage"

    @cached_property
    def person(self) -> User:
        """The tenant administrator of the address."""
        people = User.objects.for_user(self.user).filter(role=Role.TENANT_ADMIN)
        found: User = get_object_or_404(people, pk=self.kwargs["pk"])
        return found

    @property
    def term(self) -> str:
        """What the list is narrowed by."""
        return self.request.GET.get("q", "")[:LONGEST_TERM].strip()

    def customers(self) -> QuerySet[Any]:
        """Return the customers that can be assigned, each with whether it is."""
        own = Assignment.objects.for_user(self.user).filter(user=self.person, customer=OuterRef("pk"))
        return Customer.objects.for_user(self.user).filter(is_sandbox=False).annotate(assigned=Exists(own))

    def found(self) -> QuerySet[Any]:
        """Return those that the search finds."""
        return self.customers().matching(self.term) if self.term else self.customers()  # type: ignore[attr-defined]

    def get(self, request: Any, pk: int) -> HttpResponse:
        """Show the list."""
        return self.show()

    def post(self, request: Any, pk: int) -> HttpResponse:
        """Assign what is ticked of the customers that were shown, or all that the search finds."""
        everything = request.POST.get("all", "")
        if everything in ("assign", "unassign"):
            ids = set(self.found().values_list("pk", flat=True))
            add, remove = (ids, set()) if everything == "assign" else (set(), ids)
        else:
            add = _ids(request.POST.getlist("assigned"))
            remove = _ids(request.POST.getlist("shown")) - add
        try:
            added, taken = assign_to_person(by=self.user, person=self.person, add=add, remove=remove)
        except DomainError as error:
            return self.show(error, status=422)
        messages.success(request, f"{self.person.full_name}: {added:,} assigned, {taken:,} unassigned.")
        address = reverse("assigned_customers", args=[self.person.pk])
        return redirect(f"{address}?{urlencode({'q': self.term})}" if self.term else address)

    def show(self, error: DomainError | None = None, status: int = 200) -> HttpResponse:
        """Answer the page; what is assigned comes first."""
        rows = self.found().select_related("identity").order_by("-assigned", "identity__folded_name", "pk")
        context = {
            "person": self.person,
            "title": f"Customers of {self.person.full_name}",
            "term": self.term,
            "error": error,
            "rows": list(rows[:MOST_SHOWN]),
            "found": self.found().count(),
            "assigned": self.customers().filter(assigned=True).count(),
            "total": self.customers().count(),
        }
        return render(self.request, "customers/assigned.html", context, status=status)


def _ids(texts: Sequence[str]) -> set[int]:
    """Return the ids of a form; what is none belongs to no customer."""
    ids = {int(text) for text in texts[:MOST_SHOWN] if text.isascii() and text.isdigit()}
    return {pk for pk in ids if pk < 2**63}
