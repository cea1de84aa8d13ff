"""The MSP's own settings."""

from typing import Any

from django import forms
from django.urls import reverse
from phonenumber_field.formfields import PhoneNumberField

from msc.access.models import Msp
from msc.access.zones import zone_choices
from msc.pages.dialogs import Outcome, Section, SettingsPage
from msc.people.msp_settings import LABELS, change_settings


class MspSettingsForm(forms.Form):
    """What an MSP may change of itself."""

    time_zone = forms.ChoiceField(
        label="Time zone",
        choices=zone_choices,
        help_text=(
            "Sets where a reporting day starts. Changing it recalculates open days, so figures of the last 90 days may"
            " shift by a day."
        ),
    )
    address = forms.CharField(max_length=500, required=False)
    phone = PhoneNumberField(
        label="Phone number", required=False, help_text="In international format, such as +49 30 123456."
    )
    quota_warning_percent = forms.IntegerField(
        label="Quota warning at (%)",
        min_value=1,
        max_value=100,
        help_text="Raise a warning when a quota reaches this percentage.",
    )
    quota_critical_percent = forms.IntegerField(
        label="Quota critical at (%)",
        min_value=1,
        max_value=200,
        help_text="Raise a critical alert at this percentage. Must be higher than the warning threshold.",
    )
    version = forms.IntegerField(min_value=1, max_value=2**31 - 1, widget=forms.HiddenInput)

    def clean_phone(self) -> str:
        """Return the number as it is stored, or nothing."""
        phone: Any = self.cleaned_data["phone"]  # the library's PhoneNumber, or empty
        return str(phone.as_e164) if phone else ""


class MspSettings(SettingsPage):
    """Zone, address, phone and alert thresholds of the MSP."""

    form_class, needs = MspSettingsForm, "settings.edit"
    page_template = "people/settings.html"
    sections = (
        Section(
            "Reporting days", "Backups and usage are counted by calendar day of your organization.", ("time_zone",)
        ),
        Section("Contact", "Where your customers and the vendor reach your organization.", ("address", "phone")),
        Section(
            "Quota alerts",
            "A quota is a soft limit: it raises alerts and never stops a backup.",
            ("quota_warning_percent", "quota_critical_percent"),
        ),
    )

    def get_title(self) -> str:
        """Name the MSP."""
        return f"Settings of {self.msp.name}"

    @property
    def msp(self) -> Msp:
        """The MSP of the person."""
        return Msp.objects.for_user(self.user).get()

    def initial(self) -> dict[str, Any]:
        """Return the MSP as it is."""
        msp = self.msp
        return {name: getattr(msp, name) for name in (*LABELS, "version")}

    def save(self, form: forms.Form) -> Outcome:
        """Save the changes."""
        values = dict(form.cleaned_data)
        change_settings(by=self.user, version=values.pop("version"), values=values)
        return Outcome(reverse("people:settings"), "The settings are saved.")
