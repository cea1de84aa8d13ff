"""Plain texts in place of Django's own for what is wrong with a field; each says what to do."""

from collections.abc import Mapping

from django import forms
from django.core import validators

_CHOOSE = "“%(value)s” cannot be chosen. Choose from the list."
_FIELDS: Mapping[type[forms.Field], Mapping[str, str]] = {
    forms.Field: {"required": "Fill in this field."},
    forms.BooleanField: {"required": "Select this box to continue."},
    forms.ChoiceField: {"required": "Choose an option.", "invalid_choice": _CHOOSE},
    forms.MultipleChoiceField: {"required": "Choose at least one option.", "invalid_choice": _CHOOSE},
    forms.ModelChoiceField: {
        "required": "Choose an option.",
        "invalid_choice": "This option cannot be chosen any more. Choose from the list.",
    },
    forms.ModelMultipleChoiceField: {
        "required": "Choose at least one option.",
        "invalid_choice": "One of the options cannot be chosen any more. Choose from the list.",
        "invalid_pk_value": "One of the options cannot be chosen. Choose from the list.",
    },
    forms.DateField: {"required": "Enter a date.", "invalid": "Enter a date in the form YYYY-MM-DD."},
    forms.IntegerField: {"required": "Enter a whole number."},
    forms.DecimalField: {"required": "Enter a number."},
    forms.FileField: {"required": "Choose a file.", "empty": "The file is empty. Choose another one."},
}
_VALIDATORS: Mapping[type[validators.BaseValidator], str] = {
    validators.MinValueValidator: "Enter %(limit_value)s or more.",
    validators.MaxValueValidator: "Enter %(limit_value)s or less.",
    validators.MinLengthValidator: "Use at least %(limit_value)d characters. There are %(show_value)d now.",
    validators.MaxLengthValidator: "Use at most %(limit_value)d characters. There are %(show_value)d now.",
}
_DECIMALS: Mapping[str, str] = {
    "max_digits": "Use at most %(max)s digits.",
    "max_decimal_places": "Use at most %(max)s decimal places.",
    "max_whole_digits": "Use at most %(max)s digits before the decimal point.",
}


def use() -> None:
    """Make every form of the portal use the texts, unless a field has its own."""
    for field, texts in _FIELDS.items():
        own = vars(field).get("default_error_messages", {})
        field.default_error_messages = {**own, **texts}
    for validator, text in _VALIDATORS.items():
        validator.message = text
    validators.DecimalValidator.messages = {**validators.DecimalValidator.messages, **_DECIMALS}
