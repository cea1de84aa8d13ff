"""A list, a form and a question over customers, as an app declares them; the tests' own addresses."""

from datetime import UTC, datetime

from django import forms
from django.urls import include, path, reverse

from customers.models import Customer
from msc.access.models import User
from msc.errors import Conflict, DomainError, Link
from msc.pages.detail import DetailPage, Panel
from msc.pages.dialogs import ConfirmDialog, FormDialog, Outcome, SettingsPage
from msc.pages.filters import Choice, DayFilter, ListFilters, MultiChoice, ScopedModelMultiChoice, Search, Within
from msc.pages.kinds import Badge, Date, LongText, Look, Multi, Named, Number, Percent, Phone, Text, YesNo
from msc.pages.kinds import Link as LinkColumn
from msc.pages.list import Empty, ListPage
from msc.pages.rendering import Action, RowAction
from msc.pages.tables import ListTable
from msc.urls import urlpatterns as portal


class CustomerTable(ListTable):
    default_sort = "name"

    name = LinkColumn(
        "Name",
        to="shop:page",
        mark="Sandbox",
        fields=("identity__name", "pk", "is_sandbox"),
        sort=("identity__folded_name",),
        required=True,
        always=True,
    )
    account = Text("Account name", fields=("account_name",), sort=("folded_account_name",), required=True, shown=True)
    products = Multi(
        "Product",
        inner=Badge("", looks={"hybrid": Look("Hybrid Workloads", "server"), "saas": Look("SaaS", "cloud", "good")}),
        fields=("summary__products",),
        parts=lambda values: [(entry["product"],) for entry in values[0]],
        sort_low=("summary__product_low",),
        sort_high=("summary__product_high",),
        shown=True,
    )
    hidden = YesNo("Hidden", fields=("name_hidden",), shown=True)
    alerts = Number("Open alerts", fields=("summary__open_alerts",), shown=True)
    used = Percent(
        "Quota used",
        fields=("summary__quota_used_high",),
        sort_low=("summary__quota_used_low",),
        sort_high=("summary__quota_used_high",),
        levels="quota_levels",
        shown=True,
    )
    created = Date("Created on", fields=("created_at",), shown=True)
    creator = Named("Created by", dictionary="people", fields=("created_by",), sort=())
    phone = Phone("Phone number", fields=("identity__phone",))
    address = LongText("Address", fields=("identity__address",), sort=("identity__folded_address",))


class CustomerFilters(ListFilters):
    q = Search("Search customers")
    hidden = Choice("Hidden", [("yes", "Yes"), ("no", "No")], method="by_hidden")
    product = MultiChoice(
        "Product", [("hybrid", "Hybrid Workloads"), ("saas", "SaaS")], field_name="summary__product_low"
    )
    person = ScopedModelMultiChoice("Created by", model=User, label_field="folded_name", field_name="created_by")
    since = DayFilter("Created from", field_name="created_at", lookup_expr="gte", moments=True)
    expires = Within("License expires", days=(7, 30), ahead=True, field_name="summary__expiry_low")

    def search(self, queryset, name, term):
        return queryset.matching(term)

    def by_hidden(self, queryset, name, value):
        return queryset.filter(name_hidden=value == "yes")


class CustomerList(ListPage):
    model = Customer
    table = CustomerTable
    filters = CustomerFilters
    needs = "customer.view"
    name = "customers"
    title = "Customers"
    noun = ("customer", "customers")
    search_label = "Search customers"
    empty = Empty("No customers yet", "Create the first one.")
    actions = (Action("Create Customer", "shop:create", needs="customer.create", primary=True),)
    row_actions = (
        RowAction("Edit", "shop:edit", needs="customer.edit", icon="pencil"),
        RowAction(
            "Delete",
            "shop:delete",
            needs="customer.delete",
            icon="trash",
            danger=True,
            fields=("name_hidden",),
            when=lambda values: not values[0],
        ),
    )

    def dictionaries(self):
        people = {person.pk: person.full_name for person in User.objects.for_user(self.user)}
        return {"people": people, "quota_levels": {"warn": "80"}}


class NameForm(forms.Form):
    account_name = forms.CharField(max_length=40, help_text="What the vendor sees.")
    note = forms.CharField(required=False, widget=forms.Textarea)
    version = forms.IntegerField(widget=forms.HiddenInput, required=False)


class Create(FormDialog):
    form_class = NameForm
    title = "Create customer"
    verb = "Create"
    needs = "customer.create"
    creates = True

    def back_url(self):
        return reverse("shop:list")

    def save(self, form):
        name = form.cleaned_data["account_name"]
        if name == "taken":
            raise DomainError("There is a customer of that name.", field="account_name")
        if name == "refused":
            raise DomainError("No more customers.", links=(Link("See the list", reverse("shop:list")),))
        customer = Customer.objects.create(msp=self.user.msp, account_name=name)
        return Outcome(reverse("shop:page", args=[customer.pk]), f"{name} is created.")


class Edit(Create):
    model = Customer
    title = "Edit customer"
    needs = "customer.edit"
    creates = False

    def initial(self):
        return {"account_name": self.object.account_name, "version": self.object.version}

    def save(self, form):
        if form.cleaned_data["version"] != self.object.version:
            raise Conflict(by="Grace Hopper", at=datetime(2026, 11, 24, 7, tzinfo=UTC))
        Customer.objects.filter(pk=self.object.pk).update(account_name=form.cleaned_data["account_name"])
        return Outcome(reverse("shop:list"), "Saved.")


class Delete(ConfirmDialog):
    model = Customer
    title = "Delete customer"
    verb = "Yes, delete"
    danger = True
    needs = "customer.delete"

    def question(self):
        return f"Delete {self.object}?"

    def consequences(self):
        return ("Its contacts are erased.",)

    def refusal(self):
        if self.object.account_name == "Keeper":
            return DomainError("A product stands in the way.", links=(Link("Hybrid Workloads", "/"),))
        return None

    def perform(self):
        if refused := self.refusal():
            raise refused
        Customer.objects.filter(pk=self.object.pk).update(deleted_at="2026-11-24T00:00Z")
        return Outcome(reverse("shop:list"), "Deleted.")


class Settings(SettingsPage):
    form_class = NameForm
    title = "Settings"
    needs = "settings.edit"

    def save(self, form):
        return Outcome(reverse("shop:settings"), "Saved.")


class Page(DetailPage):
    model = Customer
    needs = "customer.view"

    def panels(self):
        return [Panel("Account details", "pages/_facts.html", {"facts": [("Name", str(self.object))]})]


shop = (
    [
        path("", CustomerList.as_view(), name="list"),
        path("create/", Create.as_view(), name="create"),
        path("settings/", Settings.as_view(), name="settings"),
        path("<int:pk>/", Page.as_view(), name="page"),
        path("<int:pk>/edit/", Edit.as_view(), name="edit"),
        path("<int:pk>/delete/", Delete.as_view(), name="delete"),
    ],
    "shop",
)
urlpatterns = [path("shop/", include(shop)), *portal]
