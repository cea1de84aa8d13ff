"""Columns and filters of the Administrators list."""

from collections.abc import Sequence
from typing import Any

from django.db.models import Q, QuerySet

from msc.access.models import User
from msc.access.names import folded_name
from msc.access.roles import MSP_ROLES, Role
from msc.pages.columns import Column
from msc.pages.filters import ListFilters, MultiChoice, Search
from msc.pages.kinds import Badge, Date, Link, Look, Number, Phone, Text
from msc.pages.tables import ListTable
from msc.people.people import with_customers, with_factor
from msc.people.states import PersonState, SecondFactor

ROLES = {
    Role.MSP_ADMIN: Look(Role.MSP_ADMIN.label, "shield"),
    Role.TENANT_ADMIN: Look(Role.TENANT_ADMIN.label, "user"),
    Role.READ_ONLY: Look(Role.READ_ONLY.label, "eye"),
}
STATES = {
    PersonState.ACTIVE: Look(PersonState.ACTIVE.label, "check", "good"),
    PersonState.INVITED: Look(PersonState.INVITED.label, "mail", "info"),
    PersonState.OFF: Look(PersonState.OFF.label, "circle-x"),
}
FACTORS = {
    SecondFactor.PASSKEY: Look(SecondFactor.PASSKEY.label, "fingerprint"),
    SecondFactor.APP: Look(SecondFactor.APP.label, "device-laptop"),
    SecondFactor.EMAIL: Look(SecondFactor.EMAIL.label, "mail"),
}


class AdministratorTable(ListTable):
    """The people of an MSP."""

    default_sort = "name"

    name = Link(
        "Name",
        to="people:administrator",
        fields=("whole_name", "pk"),
        sort=("folded_name",),
        required=True,
        always=True,
        width=160,
    )
    address = Text("E-mail", shown=True, width=225)
    role = Badge("Role", looks=ROLES, shown=True, width=225)
    customers = Number(
        "Customers",
        fields=("customers_assigned",),
        shown=True,
        width=110,
        hint="How many a tenant administrator is in charge of",
    )
    last_sign_in = Date("Last sign-in", fields=("last_login",), shown=True)
    state = Badge("State", looks=STATES, shown=True, width=120, lead=True)
    second_factor = Badge("Second factor", looks=FACTORS, shown=True, width=165)
    phone = Phone("Phone number")
    joined_at = Date("Added on")

    @classmethod
    def prepare(cls, queryset: QuerySet[Any], columns: Sequence[Column]) -> QuerySet[Any]:
        """Add the customers and the second factor when they are shown."""
        names = {column.name for column in columns}
        if "customers" in names:
            queryset = with_customers(queryset)
        return with_factor(queryset) if "second_factor" in names else queryset


class AdministratorFilters(ListFilters):
    """Search by name and address; filter by role and state."""

    q = Search("Search name or e-mail")
    role = MultiChoice("Role", [(role.value, role.label) for role in MSP_ROLES])
    state = MultiChoice("State", PersonState.choices)

    def search(self, queryset: QuerySet[User], name: str, term: str) -> QuerySet[User]:
        """Keep people whose name or address holds the term."""
        return queryset.filter(Q(folded_name__contains=folded_name(term)) | Q(address__icontains=term.strip()))
