"""The pages of customers: the list, one customer, and the dialogs that change them."""

from functools import cached_property
from typing import Any

from django.db.models import F, QuerySet
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.urls import reverse

from customers import attention, contacts, dictionaries, heads, services
from customers.empty import nothing_for
from customers.filters import CustomerFilters
from customers.forms import ContactForm, CustomerForm
from customers.models import Contact, Customer, CustomerTally
from customers.tables import CustomerTable
from msc.access.models import User
from msc.access.roles import Role
from msc.errors import DomainError
from msc.pages.columns import Names
from msc.pages.detail import DetailPage, PageAction
from msc.pages.dialogs import ConfirmDialog, FormDialog, Outcome
from msc.pages.list import Empty, ListPage
from msc.pages.reading import AnyOf
from msc.pages.rendering import Action, RowAction
from msc.people.views_events import AuditTrail
from serviceplans.catalogue import Product


class CustomerList(ListPage):
    """The page that people land on."""

    model, table, filters = Customer, CustomerTable, CustomerFilters
    name, title, noun, needs = "customers", "Customers", ("customer", "customers"), "customer.view"
    search_label = "Search customers"
    actions = (
        Action("Import", "customers:imports", needs="customer.create", icon="file-import", dialog=False),
        Action("Create Customer", "customers:create", needs="customer.create", primary=True),
    )
    row_actions = (
        RowAction(
            "Edit",
            "customers:edit",
            needs="customer.edit",
            icon="pencil",
            fields=("is_sandbox",),
            when=lambda values: not values[0],
        ),
        RowAction(
            "Add product",
            "tenants:choose",
            needs="tenant.add",
            icon="plus",
            fields=("summary__products",),
            when=lambda values: len(values[0]) < len(Product),
        ),
        RowAction(
            "Delete",
            "tenants:delete_customer",
            needs="customer.delete",
            icon="trash",
            danger=True,
            fields=("is_sandbox",),
            when=lambda values: not values[0],
        ),
    )
    template = "customers/list.html"
    empty = Empty("No customers yet", "Create the first one, or import them all from a file.")
    nothing = property(nothing_for)
    other_file = ("Export one line per product instead", "tenants:list")

    def scoped(self, user: User) -> QuerySet[Customer]:
        """Return the customers."""
        return Customer.objects.for_user(user)

    def unfiltered_total(self, user: User) -> int | None:
        """Return the kept number of the MSP's customers; a tenant administrator's own are counted."""
        return None if user.role == Role.TENANT_ADMIN else CustomerTally.objects.for_user(user).number()

    def keys(self, user: User) -> QuerySet[Any]:
        """Return the keys in order, from the one part of a customer that has the order, unless filters read others.

        Every customer that is not deleted has one row of each part, whose index holds all that is needed.
        """
        part = self.table.part_of(self.asked.sort)
        ids = self.filterset.known_ids() if self.filterset is not None else None
        if not part or (self.filterset is not None and ids is None):
            return super().keys(user)
        of_part: Any = Customer._meta.get_field(part).related_model
        ordered: QuerySet[Any] = of_part.objects.for_user(user).order_by(
            *self.table.order(self.asked.sort, within=f"{part}__")
        )
        return ordered if ids is None else ordered.filter(AnyOf(F("pk"), ids))

    def above(self) -> dict[str, Any]:
        """Return what is wrong today."""
        return {"notices": attention.notices(self.user)}

    def dictionaries(self) -> Names:
        """Return the names of plans, regions and people by id."""
        return dictionaries.names(self.user, self.columns)


class CustomerPage(DetailPage):
    """The Summary tab: panels of this app and of those above."""

    model, needs = Customer, "customer.view"
    template = "customers/page.html"
    tabs_of, tab = "customer", "customers:page"

    def page_actions(self) -> list[PageAction]:
        """Return the buttons that every tab has."""
        return heads.actions(self.user, self.object)

    def queryset(self) -> QuerySet[Customer]:
        """Return the customers with their identity, who is in charge, and what their products are."""
        return Customer.objects.for_user(self.user).select_related("identity", "summary", "msp").with_admin_names()

    def more(self) -> dict[str, Any]:
        """Return the badge of the customer's health."""
        return {"health": heads.health(self.object)}

    def get_title(self) -> str:
        """Return the customer's real name."""
        name: str = self.object.identity.name
        return name


class CustomerHistory(AuditTrail):
    """The History tab: what was done to the customer and to all that belongs to it."""

    name, template, folds_imports = "customer-history", "customers/history.html", False
    tabs_of, tab = "customer", "customers:history"
    empty = Empty("No events", "Changes of this customer are recorded here.")

    @cached_property
    def object(self) -> Customer:
        """The customer of the address."""
        rows = Customer.objects.for_user(self.user).select_related("identity", "summary")
        return get_object_or_404(rows, pk=self.kwargs["pk"])

    def scoped(self, user: User) -> QuerySet[Any]:
        """Return the customer's events."""
        return super().scoped(user).for_customer(self.object.pk)  # type: ignore[attr-defined, no-any-return]

    def above(self) -> dict[str, Any]:
        """Return what the head of the customer's page shows."""
        return heads.head(self.user, self.object, self.tab)


class CustomerDialog(FormDialog):
    """What creating and editing share."""

    model, form_class = Customer, CustomerForm
    template = "customers/_customer_form.html"

    def queryset(self) -> QuerySet[Customer]:
        """Return the customers with their identity."""
        return Customer.objects.for_user(self.user).select_related("identity")

    def form_arguments(self) -> dict[str, Any]:
        """Tell the form whose customer it is, and who asks."""
        return {"user": self.user, "customer": self.object}

    def more(self) -> dict[str, Any]:
        """Tell the template whether the account name is there to stay."""
        return {"account_name_fixed": self.object is not None and self.object.account_name_fixed}


class CustomerCreate(CustomerDialog):
    """Create a customer, once however often the form is sent."""

    needs, creates = "customer.create", True
    title, verb = "Create Customer", "Create customer"

    def back_url(self) -> str:
        """Return to the list."""
        return reverse("customers:list")

    def save(self, form: CustomerForm) -> Outcome:
        """Create the customer and return to the list, where it comes first unless the list was narrowed or sorted."""
        customer = services.create_customer(by=self.user, **form.cleaned_data)
        path = reverse("customers:list")
        url, words = self.list_as_it_was(path), f"{customer.identity.name} has been created."
        if url == path:
            url = f"{path}?sort=-created"
        else:
            words += " The search and filters of this list may leave it out."
        return Outcome(url, f"{words} A confirmation is on its way to {self.user.email}.", go=True)


class CustomerEdit(CustomerDialog):
    """Edit a customer."""

    needs, verb = "customer.edit", "Save"

    @cached_property
    def object(self) -> Customer:
        """The customer of the address."""
        return get_object_or_404(self.queryset(), pk=self.kwargs["pk"])

    def get(self, request: Any, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Show the form, or why the customer cannot be edited."""
        if self.object.is_sandbox:
            return CustomerNotEditable.as_view()(request, *args, **kwargs)
        return super().get(request, *args, **kwargs)

    def get_title(self) -> str:
        """Name the customer."""
        return f"Edit {self.object.identity.name}"

    def back_url(self) -> str:
        """Return to the customer."""
        return reverse("customers:page", args=[self.object.pk])

    def initial(self) -> dict[str, Any]:
        """Return what is known of the customer."""
        customer = self.object
        return {
            "name": customer.identity.name,
            "hide_name": customer.name_hidden,
            "account_name": customer.account_name if customer.account_name_fixed else "",
            "address": customer.identity.address,
            "phone": customer.identity.phone.as_international,
            "tenant_admins": list(customer.assignments.values_list("user_id", flat=True)),
            "version": customer.version,
        }

    def save(self, form: CustomerForm) -> Outcome:
        """Change the customer."""
        changes = form.cleaned_data | {"version": form.cleaned_data["version"] or 0}
        customer = services.update_customer(by=self.user, customer=self.object, **changes)
        return Outcome(self.back_url(), f"{customer.identity.name} has been saved.")


class CustomerNotEditable(ConfirmDialog):
    """Why the sandbox customer cannot be edited; there is nothing to confirm."""

    model, needs = Customer, "customer.edit"

    def get_title(self) -> str:
        """Name the customer."""
        return f"Edit {self.object.identity.name}"

    def question(self) -> str:
        """Ask nothing."""
        return ""

    def refusal(self) -> DomainError:
        """Return the reason."""
        return services.sandbox_stays("edited")

    def back_url(self) -> str:
        """Return to the customer."""
        return reverse("customers:page", args=[self.object.pk])

    def perform(self) -> Outcome:
        """Refuse again."""
        raise self.refusal()


class ContactDialog(FormDialog):
    """What adding and editing a contact share."""

    model, form_class, needs = Customer, ContactForm, "contact.edit"

    @cached_property
    def customer(self) -> Customer:
        """The customer of the address."""
        rows = Customer.objects.for_user(self.user).select_related("identity")
        return get_object_or_404(rows, pk=self.kwargs["pk"])

    @cached_property
    def object(self) -> Any:  # a Contact, or None while one is being added
        """The contact of the address, if it names one."""
        return contact_of(self.customer, self.user, self.kwargs["contact"]) if "contact" in self.kwargs else None

    def form_arguments(self) -> dict[str, Any]:
        """Tell the form whether the contact exists."""
        return {"contact": self.object}

    def back_url(self) -> str:
        """Return to the customer."""
        return reverse("customers:page", args=[self.customer.pk])


def contact_of(customer: Customer, user: User, pk: int) -> Contact:
    """Return a contact of the customer, or 404."""
    return get_object_or_404(Contact.objects.for_user(user).select_related("customer"), pk=pk, customer=customer)


class ContactAdd(ContactDialog):
    """Add a contact."""

    creates, verb = True, "Add contact"

    def get_title(self) -> str:
        """Name the customer."""
        return f"Add a contact of {self.customer.identity.name}"

    def save(self, form: ContactForm) -> Outcome:
        """Add the contact."""
        contact = contacts.add_contact(by=self.user, customer=self.customer, **form.cleaned_data)
        return Outcome(self.back_url(), f"{contact.name} has been added.")


class ContactEdit(ContactDialog):
    """Edit a contact."""

    def get_title(self) -> str:
        """Name the contact and the customer."""
        return f"Edit {self.object.name}, contact of {self.customer.identity.name}"

    def initial(self) -> dict[str, Any]:
        """Return what is known of the contact."""
        contact: Contact = self.object
        return {
            "name": contact.name,
            "job_role": contact.job_role,
            "email": contact.email,
            "phone": contact.phone.as_international if contact.phone else "",
            "is_primary": contact.is_primary,
            "version": contact.version,
        }

    def save(self, form: ContactForm) -> Outcome:
        """Change the contact."""
        changes = form.cleaned_data | {"version": form.cleaned_data["version"] or 0}
        contact = contacts.edit_contact(by=self.user, contact=self.object, **changes)
        return Outcome(self.back_url(), f"{contact.name} has been saved.")


class ContactDelete(ConfirmDialog):
    """Delete a contact."""

    needs, verb, danger = "contact.edit", "Delete contact", True

    @cached_property
    def customer(self) -> Customer:
        """The customer of the address."""
        rows = Customer.objects.for_user(self.user).select_related("identity")
        return get_object_or_404(rows, pk=self.kwargs["pk"])

    @cached_property
    def object(self) -> Contact:
        """The contact of the address."""
        return contact_of(self.customer, self.user, self.kwargs["contact"])

    def get_title(self) -> str:
        """Name the contact."""
        return f"Delete {self.object.name}"

    def question(self) -> str:
        """Ask, naming the customer."""
        return f"Delete {self.object.name} from the contacts of {self.customer.identity.name}?"

    def back_url(self) -> str:
        """Return to the customer."""
        return reverse("customers:page", args=[self.customer.pk])

    def perform(self) -> Outcome:
        """Delete the contact."""
        name = self.object.name
        contacts.delete_contact(by=self.user, contact=self.object)
        return Outcome(self.back_url(), f"{name} has been deleted.")

    def post(self, request: Any, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Look for the contact first, so that a foreign one is 404 and not a question."""
        self.object  # noqa: B018  the lookup is the point
        return super().post(request, *args, **kwargs)
