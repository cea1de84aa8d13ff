"""The form of a person's subscription to alerts."""

from typing import Any

from django import forms

from health.statuses import AlertType, Delivery, Severity

HOURS = [(hour, f"{hour:02}:00") for hour in range(24)]


class SubscriptionForm(forms.Form):
    """Alerts of any chosen severity or type; none chosen is no e-mail."""

    severities = forms.TypedMultipleChoiceField(
        label="Every alert of the severity",
        choices=list(reversed(Severity.choices)),
        coerce=int,
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    types = forms.MultipleChoiceField(
        label="And every alert of the type, however severe",
        choices=AlertType.choices,
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    delivery = forms.ChoiceField(label="When", choices=Delivery.choices, widget=forms.RadioSelect)
    digest_hour = forms.TypedChoiceField(label="Hour of the daily digest", choices=HOURS, coerce=int)

    def __init__(self, *args: Any, email: str, zone: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        once = "One e-mail when an alert becomes active or gets worse, none for repeats."
        self.fields["severities"].help_text = f"To {email}. {once}"
        self.fields["digest_hour"].help_text = f"In your time zone, {zone}. It comes only when something is new."
