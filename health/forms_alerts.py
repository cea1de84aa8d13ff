"""The form of a person's subscription to alerts."""

from typing import Any

from django import forms

from health.statuses import AlertType, Delivery, Severity

HOURS = [(hour, f"{hour:02}:00") for hour in range(24)]


class CloseForm(forms.Form):
    """Why an alert is closed by hand."""

    reason = forms.CharField(
        label="Reason",
        max_length=500,
        widget=forms.Textarea,
        help_text="Shown with the alert and in the customer's history.",
        error_messages={"required": "Enter a reason."},
    )


class SubscriptionForm(forms.Form):
    """Alerts of any chosen severity or type; with none chosen no email is sent."""

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
        once = "One email when an alert becomes active or crosses its next level, none for repeats."
        self.fields["severities"].help_text = f"To {email}. {once}"
        self.fields["digest_hour"].help_text = f"In your time zone, {zone}. It comes only when something is new."
