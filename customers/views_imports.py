"""Importing customers: choose a file, look at every line of it, start."""

import csv
import io
from collections.abc import Sequence
from functools import cached_property
from typing import Any

from django import forms
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse

from customers import imports
from customers.import_files import COLUMNS, MOST_BYTES
from customers.models import CustomerImport, ImportLine, ImportState
from customers.tables_imports import LineFilters, LineTable
from msc.access.models import User
from msc.pages.dialogs import ConfirmDialog, FormDialog, Outcome
from msc.pages.list import Empty, ListPage
from msc.pages.views import PortalView

NEEDS = "customer.create"
RECENT = 10


class ImportForm(forms.Form):
    """One CSV file."""

    file = forms.FileField(
        label="CSV file",
        max_length=255,
        widget=forms.FileInput(attrs={"accept": ".csv,text/csv"}),
        help_text="In UTF-8, with commas or semicolons; at most 5 MB and 50,000 lines.",
        error_messages={"required": "Choose a file.", "empty": "The file is empty."},
    )

    def clean_file(self) -> Any:  # an uploaded file
        """Refuse a file that is too large before it is read."""
        file = self.cleaned_data["file"]
        if file.size > MOST_BYTES:
            raise forms.ValidationError("The file is larger than 5 MB. Split it and import the parts.")
        return file


class Imports(FormDialog):
    """Choose a file; the imports of the last week stand below."""

    needs, title, verb = NEEDS, "Import customers", "Check the file"
    form_class, creates = ImportForm, True

    def back_url(self) -> str:
        """Return to the customers."""
        return reverse("customers:list")

    def save(self, form: ImportForm) -> Outcome:
        """Take the file in and go to its lines."""
        file = form.cleaned_data["file"]
        started = imports.upload(by=self.user, file_name=file.name, raw=file.read())
        return Outcome(reverse("customers:import", args=[started.pk]), go=True)

    def show(self, context: dict[str, Any], status: int = 200) -> HttpResponse:
        """Answer the page."""
        recent = CustomerImport.objects.for_user(self.user).defer("content").select_related("created_by")
        context |= {
            "title": self.title,
            "verb": self.verb,
            "recent": list(recent.order_by("-created_at", "-pk")[:RECENT]),
            "columns": COLUMNS.values(),
            "back_url": self.back_url(),
        }
        return render(self.request, "customers/imports.html", context, status=status)

    @property
    def wants_fragment(self) -> bool:
        """Never: this is a page."""
        return False


class ImportTemplate(PortalView):
    """An empty file with the columns that an import reads."""

    needs = NEEDS

    def get(self, _request: Any) -> HttpResponse:
        """Answer the file."""
        text = io.StringIO()
        csv.writer(text).writerow(COLUMNS.values())
        response = HttpResponse("\ufeff" + text.getvalue(), content_type="text/csv; charset=utf-8")
        response["Content-Disposition"] = 'attachment; filename="customers-template.csv"'
        return response


class ImportPage(ListPage):
    """One import: where it stands, and every line of its file with its verdict."""

    model, table, filters = ImportLine, LineTable, LineFilters
    name, title, noun, needs = "import-lines", "Import", ("line", "lines"), NEEDS
    template = "customers/import.html"
    empty = Empty("No lines", "Lines stand here from the check of the file until they are imported.")

    @cached_property
    def subject(self) -> CustomerImport:
        """The import of the address."""
        rows = CustomerImport.objects.for_user(self.user).defer("content").select_related("created_by")
        return get_object_or_404(rows, pk=self.kwargs["pk"])

    def scoped(self, user: User) -> QuerySet[Any]:
        """Return the lines of this import."""
        return ImportLine.objects.for_user(user).filter(customer_import=self.subject)

    def above(self) -> dict[str, Any]:
        """Return where the import stands."""
        subject = self.subject
        return {
            "import": subject,
            "looked_at": imports.progress(subject),
            "ready": subject.state == ImportState.CHECKED and not subject.error_lines and subject.new_lines,
        }


class ImportDialog(ConfirmDialog):
    """What starting and discarding share."""

    model, needs = CustomerImport, NEEDS

    def queryset(self) -> QuerySet[CustomerImport]:
        """Return the imports without their files."""
        return CustomerImport.objects.for_user(self.user).defer("content")

    def back_url(self) -> str:
        """Return to the import."""
        return reverse("customers:import", args=[self.object.pk])


class ImportStart(ImportDialog):
    """Write what the check found to be new."""

    def get_title(self) -> str:
        """Say how many customers will come."""
        count = self.object.new_lines
        return f"Import {count:,} customer{'' if count == 1 else 's'}"

    def get_verb(self) -> str:
        """Say it on the button too."""
        return self.get_title()

    def question(self) -> str:
        """Name the file."""
        return f"Create the new customers of {self.object.file_name}?"

    def consequences(self) -> Sequence[str]:
        """Say what happens, and what does not."""
        yet = self.object.unchanged_lines
        kept = [f"{yet:,} lines are of customers that exist already; they are not changed."] if yet else []
        return (
            f"{self.object.new_lines:,} customers are created, all of them or none.",
            *kept,
            "You get an email when it is done, and so does each tenant administrator of the new customers.",
        )

    def perform(self) -> Outcome:
        """Start."""
        imports.confirm(by=self.user, pending=self.object)
        return Outcome(self.back_url(), go=True)


class ImportDiscard(ImportDialog):
    """Throw the file and its lines away."""

    title, verb, danger = "Discard this import", "Discard", True

    def question(self) -> str:
        """Name the file."""
        return f"Discard {self.object.file_name} and what was found in it? Customers are not touched."

    def perform(self) -> Outcome:
        """Discard."""
        name = self.object.file_name
        imports.discard(by=self.user, pending=self.object)
        return Outcome(reverse("customers:imports"), f"{name} has been discarded.", go=True)
