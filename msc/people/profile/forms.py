"""The form for one's own name, phone number and time zone."""

from typing import Any

from django import forms
from phonenumber_field.formfields import PhoneNumberField

from msc.access.models import User
from msc.access.zones import zone_choices
from msc.pages.fields import NameField


class ProfileForm(forms.Form):
    """What people may change about themselves."""

    first_name = NameField(max_length=100, widget=forms.TextInput(attrs={"autocomplete": "given-name"}))
    last_name = NameField(max_length=100, widget=forms.TextInput(attrs={"autocomplete": "family-name"}))
    phone = PhoneNumberField(
        label="Phone number",
        required=False,
        help_text="With the country's code, such as +49 30 123456.",
        widget=forms.TextInput(attrs={"type": "tel", "autocomplete": "tel"}),
        error_messages={"invalid": "Enter the number with the country's code, such as +49 30 123456."},
    )
    time_zone = forms.ChoiceField(required=False, help_text="In which clock times are shown to you.")
    version = forms.IntegerField(widget=forms.HiddenInput, min_value=0, max_value=2_147_483_647)

    def __init__(self, *args: Any, person: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        usual = f"As {person.msp.name} has it ({person.msp.time_zone})" if person.msp else "UTC"
        zone = self.fields["time_zone"]
        assert isinstance(zone, forms.ChoiceField)  # noqa: S101 - for the type checker
        zone.choices = [("", usual), *zone_choices()]

    def clean_phone(self) -> str:
        """Keep the number as E.164."""
        phone: Any = self.cleaned_data["phone"]  # the library's PhoneNumber, or empty
        return str(phone.as_e164) if phone else ""
