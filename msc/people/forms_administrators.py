"""The forms in which administrators are invited and edited."""

from typing import Any

from django import forms
from phonenumber_field.formfields import PhoneNumberField

from msc.access.roles import MSP_ROLES
from msc.pages.fields import NameField

ROLE_HELP = (
    "An MSP administrator can do everything. A tenant administrator works for the customers assigned to them."
    " A read-only administrator sees everything and changes nothing."
)


class PersonForm(forms.Form):
    """What an MSP keeps of each of its administrators."""

    first_name = NameField(max_length=100, error_messages={"required": "Enter a first name."})
    last_name = NameField(max_length=100, error_messages={"required": "Enter a last name."})
    role = forms.ChoiceField(
        choices=[(role.value, role.label) for role in MSP_ROLES],
        widget=forms.RadioSelect,
        help_text=ROLE_HELP,
        error_messages={"required": "Choose a role."},
    )
    phone = PhoneNumberField(
        label="Phone number",
        required=False,
        help_text="With the country code, such as +49 30 123456.",
        error_messages={"invalid": "Enter the number with its country code, such as +49 30 123456."},
    )

    def clean_phone(self) -> str:
        """Return the number as it is stored, or nothing."""
        phone: Any = self.cleaned_data["phone"]  # the library's PhoneNumber, or empty
        return str(phone.as_e164) if phone else ""


class InviteForm(PersonForm):
    """A new administrator; the address is where the invitation goes."""

    email = forms.EmailField(
        label="Email address",
        max_length=254,
        error_messages={
            "required": "Enter an email address.",
            "invalid": "Enter an email address such as name@example.com.",
        },
    )
    field_order = ("first_name", "last_name", "email", "role", "phone")


class EditForm(PersonForm):
    """An administrator as they are, with the version the form was made from."""

    version = forms.IntegerField(min_value=1, max_value=2**31 - 1, widget=forms.HiddenInput)
