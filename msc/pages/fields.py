"""Form fields that several apps use."""

from typing import Any

from django import forms

from msc.access.names import clean_text


class NameField(forms.CharField):
    """A name: invisible characters are left out, so that a required one has something to see."""

    def to_python(self, value: Any) -> str:
        """Return the name on one line."""
        return " ".join(clean_text(super().to_python(value) or "").split())
