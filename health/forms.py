"""The form of a data source's backup policy."""

from django import forms

MOST = 100_000


class PolicyForm(forms.Form):
    """What the backup software does not tell; empty fields leave it to the software."""

    name = forms.CharField(label="Name", max_length=120, required=False)
    interval_hours = forms.IntegerField(
        label="Hours between backups",
        min_value=1,
        max_value=MOST,
        required=False,
        help_text="The source is not reporting once no backup was reported for this long and a tenth of it.",
    )
    retention_days = forms.IntegerField(label="Days of retention", min_value=1, max_value=MOST, required=False)
    version = forms.IntegerField(widget=forms.HiddenInput, required=False)
