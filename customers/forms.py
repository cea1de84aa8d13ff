"""The forms of customers and contacts: each field is judged by its rule, and refused beside itself."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.conf import settings
from django.db.models import Q, QuerySet

from customers import rules, services
from customers.models import Contact, Customer
from msc.access.models import User
from msc.access.roles import Role
from msc.errors import DomainError
from msc.people.people import with_state

HIDING = "{vendor} then sees the account name only. Earlier emails, exports and backups still contain the real name."


class RuleForm(forms.Form):
    """A form whose `rules` give the stored form of a field or say what is wrong with it."""

    rules: dict[str, Callable[[str], str]] = {}

    def clean(self) -> dict[str, Any]:
        """Put every field through its rule, so that all that is wrong is said at once."""
        for name, rule in self.rules.items():
            if name not in self.cleaned_data:
                continue
            try:
                self.cleaned_data[name] = rule(self.cleaned_data[name])
            except DomainError as error:
                self.add_error(name, error.message)
        return self.cleaned_data


class PersonChoice(forms.ModelMultipleChoiceField):  # type: ignore[type-arg]  # generic in the stubs only
    """Some of the MSP's tenant administrators."""

    def label_from_instance(self, person: User) -> str:
        """Show a person's name and the address they are known by, which an invited person may not hold yet."""
        return f"{person.full_name} ({person.address})"  # type: ignore[attr-defined]  # annotated by with_state


def tenant_admins_for(user: User, customer: Customer | None) -> QuerySet[User]:
    """Return whom the user may put in charge: active tenant administrators, and whoever already is."""
    may = Q(role=Role.TENANT_ADMIN, is_active=True)
    if customer is not None:
        may |= Q(assignments__customer=customer)
    people: QuerySet[User] = User.objects.for_user(user).filter(may)
    return with_state(people).distinct().order_by("folded_name", "pk")


class CustomerForm(RuleForm):
    """Create or edit a customer; hiding and tenant admins are the MSP administrator's and left out for others."""

    name = forms.CharField(
        label="Customer Name",
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        error_messages={"required": "Enter a customer name."},
    )
    hide_name = forms.BooleanField(required=False)
    may_reveal = forms.BooleanField(required=False)
    account_name = forms.CharField(
        label="Account Name",
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        help_text="Shown instead of the hidden name. It cannot be changed later.",
    )
    may_contain_name = forms.BooleanField(
        label="Use this account name although it contains the customer name", required=False
    )
    address = forms.CharField(
        label="Address",
        widget=forms.Textarea(attrs={"rows": 2}),
        error_messages={"required": "Enter an address."},
    )
    phone = forms.CharField(
        label="Phone Number",
        widget=forms.TextInput(attrs={"type": "tel", "autocomplete": "off"}),
        help_text="With the country code, such as +49 89 1234567.",
        error_messages={"required": "Enter a phone number."},
    )
    tenant_admins = PersonChoice(
        label="Tenant Admin",
        queryset=None,
        required=False,
        widget=forms.CheckboxSelectMultiple(attrs={"class": "form-check-input"}),
        help_text="Tenant administrators who look after this customer.",
    )
    version = forms.IntegerField(widget=forms.HiddenInput, required=False)

    rules = {
        "name": lambda text: rules.clean_name(text, field="name", label="Customer name"),
        "address": rules.clean_address,
        "phone": rules.clean_phone,
    }

    def __init__(self, *args: Any, user: User, customer: Customer | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user, self.customer = user, customer
        vendor = settings.MSC_VENDOR_NAME
        self.fields["may_reveal"].label = f"Show the customer name to {vendor}"
        self.fields["hide_name"].label = f"Hide Customer Name from {vendor}"
        self.fields["hide_name"].help_text = HIDING.format(vendor=vendor[0].upper() + vendor[1:])
        self.fields["tenant_admins"].queryset = tenant_admins_for(user, customer)  # type: ignore[attr-defined]
        if customer is None:
            del self.fields["version"], self.fields["may_reveal"]
        elif customer.account_name_fixed:
            self.fields["account_name"].disabled = True
            self.fields["account_name"].help_text = "It cannot be changed."
        if not user.can("customer.edit_identity_rules"):
            for name in ("hide_name", "account_name", "may_contain_name", "may_reveal", "tenant_admins"):
                self.fields.pop(name, None)

    def clean(self) -> dict[str, Any]:
        """Ask for an account name when the name is to be hidden, and for names that are not taken."""
        cleaned = super().clean()
        asks_for_account_name = "account_name" in self.fields and not self.fields["account_name"].disabled
        account_name = cleaned.get("account_name", "") if asks_for_account_name and cleaned.get("hide_name") else ""
        if asks_for_account_name:
            cleaned["account_name"] = account_name  # it is shown only while the box is ticked, or it does not count
            if cleaned.get("hide_name"):
                self._judge_account_name(cleaned, account_name)
        name = cleaned.get("name", "")
        for error in services.name_clashes(by=self.user, customer=self.customer, name=name, account_name=account_name):
            self.add_error(error.field, error.message)
        return cleaned

    def _judge_account_name(self, cleaned: dict[str, Any], account_name: str) -> None:
        try:
            rules.account_name_to_hide(
                cleaned.get("name", ""), account_name, may_contain_name=cleaned["may_contain_name"]
            )
        except DomainError as error:
            self.add_error(error.field, error.message)


class ContactForm(RuleForm):
    """Add or edit a contact."""

    name = forms.CharField(
        label="Name",
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        error_messages={"required": "Enter a name."},
    )
    job_role = forms.CharField(label="Role", required=False)
    email = forms.CharField(label="Email", required=False, widget=forms.TextInput(attrs={"type": "email"}))
    phone = forms.CharField(
        label="Phone Number",
        required=False,
        widget=forms.TextInput(attrs={"type": "tel"}),
        help_text="With the country code, such as +49 89 1234567.",
    )
    is_primary = forms.BooleanField(
        label="Primary contact", required=False, help_text="The one to ask first; a customer has one at most."
    )
    version = forms.IntegerField(widget=forms.HiddenInput, required=False)

    rules = {
        "name": lambda text: rules.clean_name(text, field="name", label="Name"),
        "job_role": rules.clean_job_role,
        "email": rules.clean_email,
        "phone": lambda text: rules.clean_phone(text, required=False),
    }

    def __init__(self, *args: Any, contact: Contact | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if contact is None:
            del self.fields["version"]
