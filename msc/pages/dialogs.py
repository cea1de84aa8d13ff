"""Forms and confirmations: dialogs with JavaScript, pages of their own without it."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, ClassVar
from urllib.parse import urlsplit

from django import forms
from django.contrib import messages
from django.db import transaction
from django.db.models import Model, QuerySet
from django.forms.boundfield import BoundField
from django.http import HttpResponse, QueryDict
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render

from msc.errors import Conflict, DomainError, Link
from msc.pages import merging, submission
from msc.pages.views import PortalView


@dataclass(frozen=True)
class Outcome:
    """What a dialog leads to: the place of the result, and whether the browser goes there or stays and refreshes."""

    url: str
    message: str = ""
    go: bool = False


@dataclass(frozen=True)
class Told:
    """What the second of two people is told: who was first, and how both edits were merged."""

    conflict: Conflict
    merge: merging.Merge


class Dialog(PortalView):
    """What forms and confirmations share: the object, the answer as fragment or page, and the way back."""

    model: ClassVar[type[Model] | None] = None
    title: ClassVar[str]
    verb: ClassVar[str] = "Save"
    template: ClassVar[str]

    def queryset(self) -> QuerySet[Any]:
        """Return the objects that the person may open here."""
        if self.model is None:
            raise TypeError(f"{type(self).__name__} has no model.")
        return self.model.objects.for_user(self.user)  # type: ignore[attr-defined, no-any-return]  # all are scoped

    @cached_property
    def object(self) -> Any:  # the declared model; a subclass narrows it where it matters
        """The object of the address, or 404 when the person may not see it."""
        return get_object_or_404(self.queryset(), pk=self.kwargs["pk"]) if "pk" in self.kwargs else None

    def get_title(self) -> str:
        """Return the title; every dialog that changes something names what it changes."""
        return self.title

    def get_verb(self) -> str:
        """Return the words on the button."""
        return self.verb

    def back_url(self) -> str:
        """Return where Cancel leads without JavaScript."""
        return "/"

    def list_as_it_was(self, path: str) -> str:
        """Return the list at `path` with the search, filters and sort over which the dialog was opened."""
        under = urlsplit(self.request.headers.get("HX-Current-URL", ""))
        return f"{path}?{under.query}" if under.path == path and under.query else path

    def more(self) -> dict[str, Any]:
        """Return what the dialog's own template shows besides the form."""
        return {}

    def show(self, context: dict[str, Any], status: int = 200) -> HttpResponse:
        """Answer the fragment for a dialog, or a page around it."""
        context |= {
            "dialog": self,
            "title": self.get_title(),
            "verb": self.get_verb(),
            "object": self.object,
            "back_url": self.back_url(),
            "fragment_template": self.template,
            **self.more(),
        }
        template = self.template if self.wants_fragment else "pages/dialog_page.html"
        return render(self.request, template, context, status=status)

    def succeed(self, outcome: Outcome) -> HttpResponse:
        """Say that it worked; a dialog closes and what lies under it is refreshed, or the browser goes on."""
        if outcome.message:
            messages.success(self.request, outcome.message)
        if not self.wants_fragment:
            return redirect(outcome.url)
        if outcome.go:
            return HttpResponse(status=204, headers={"HX-Redirect": outcome.url})
        return HttpResponse(status=204, headers={"HX-Trigger": "dialog:done"})


class FormDialog(Dialog, ABC):
    """A form with its own address: `save` calls one service and returns the outcome.

    `creates` gives the form a submit key, so that it makes one thing however often it is sent.
    """

    form_class: ClassVar[type[forms.Form]]
    template: ClassVar[str] = "pages/_form.html"
    creates: ClassVar[bool] = False
    wide: ClassVar[bool] = False

    def form_arguments(self) -> dict[str, Any]:
        """Return what the form needs besides what was typed."""
        return {}

    def initial(self) -> dict[str, Any]:
        """Return what stands in the form at first."""
        return {}

    @abstractmethod
    def save(self, form: Any) -> Outcome:  # the form of form_class
        """Change one thing by one service."""

    def get(self, request: Any, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Show the form."""
        return self.show_form(self.form_class(initial=self.initial(), **self.form_arguments()))

    def post(self, request: Any, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Save the form, or show it again with what was typed and what is wrong."""
        return self.submit(request.POST)

    def submit(self, data: QueryDict, told: Told | None = None) -> HttpResponse:
        """Save what was sent; `told` is what another person changed meanwhile, once it is merged into `data`."""
        form = self.form_class(data, self.request.FILES, initial=self.initial(), **self.form_arguments())
        if not form.is_valid():
            # What a form creates may take the name that the same form asks for when it is sent twice.
            if self.creates and (made := submission.result_of(data.get(submission.FIELD, ""), self.user)):
                return self.succeed(Outcome(made, go=True))
            return self.show_form(form, status=422, told=told)
        try:
            outcome = self.saved(form)
        except Conflict as conflict:
            return self.merge(data, conflict, is_again=told is not None)
        except DomainError as error:
            beside = error.field if error.field in form.fields else None
            form.add_error(beside, error.message)
            return self.show_form(form, status=422, links=error.links, told=told)
        if told is not None and told.merge.taken:
            kept = f"{told.conflict.by} changed {', '.join(told.merge.taken)} meanwhile; that is kept."
            outcome = replace(outcome, message=f"{outcome.message} {kept}".strip())
        return self.succeed(outcome)

    def saved(self, form: forms.Form) -> Outcome:
        """Save in a transaction of its own, so that a refusal leaves nothing behind; a create form only once."""
        with transaction.atomic():
            if not self.creates:
                return self.save(form)
            key = submission.read_key(self.request.POST.get(submission.FIELD, ""), self.user)
            if key is None:
                raise DomainError("This form is too old to be saved. Check what it says and save it again.")
            first_result = submission.claim(key, self.user)
            if first_result:
                return Outcome(first_result, go=True)
            outcome = self.save(form)
            submission.finish(key, outcome.url)
            return outcome

    def show_form(
        self, form: forms.Form, status: int = 200, links: Sequence[Link] = (), told: Told | None = None
    ) -> HttpResponse:
        """Answer the form; it keeps its submit key and what it was opened with while errors are corrected."""
        context: dict[str, Any] = {"form": form, "links": links, "told": told}
        if merging.VERSION in form.fields:
            context["opened_with"] = form.data.get(merging.FIELD) if form.is_bound else merging.opened_with(form)
        if self.creates:
            sent = self.request.POST.get(submission.FIELD, "")
            known = submission.read_key(sent, self.user) is not None
            context["submit_key"] = sent if known else submission.new_key(self.user)
        return self.show(context, status)

    def merge(self, sent: QueryDict, conflict: Conflict, *, is_again: bool) -> HttpResponse:
        """Save what only one of two people changed, and ask about what both did; saving again overwrites it."""
        self.__dict__.pop("object", None)  # it was read before the other person saved
        fresh = self.form_class(initial=self.initial(), **self.form_arguments())
        told = Told(conflict, merging.merge(sent, fresh, self.label_of))
        if not told.merge.contested and not is_again:
            return self.submit(told.merge.data, told)
        form = self.form_class(told.merge.data, initial=self.initial(), **self.form_arguments())
        form.is_valid()
        return self.show_form(form, status=409, told=told)

    def label_of(self, bound: BoundField) -> str:
        """Return what a field is called where it does not stand in its section of the form."""
        return str(bound.label)


class ConfirmDialog(Dialog, ABC):
    """A question before a change that one service makes; it names the object and lists the consequences."""

    template: ClassVar[str] = "pages/_confirm.html"
    danger: ClassVar[bool] = False

    @abstractmethod
    def question(self) -> str:
        """Return what is asked."""

    def consequences(self) -> Sequence[str]:
        """Return what will happen, one sentence each."""
        return ()

    def refusal(self) -> DomainError | None:
        """Return why it cannot be done at all, so that the dialog says so before anybody presses a button."""
        return None

    @abstractmethod
    def perform(self) -> Outcome:
        """Make the change by one service."""

    def get(self, request: Any, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Ask."""
        return self.ask(self.refusal())

    def post(self, request: Any, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Do it, or say why not."""
        try:
            with transaction.atomic():
                outcome = self.perform()
        except DomainError as error:
            return self.ask(error, status=409 if isinstance(error, Conflict) else 422)
        return self.succeed(outcome)

    def ask(self, error: DomainError | None, status: int = 200) -> HttpResponse:
        """Answer the question, or the reason why there is none."""
        asked: dict[str, Any] = {"error": error}
        if error is None:
            asked |= {"question": self.question(), "consequences": self.consequences()}
        return self.show(asked, status)


@dataclass(frozen=True)
class Section:
    """A part of a settings page: what it is about, beside its fields."""

    title: str
    about: str
    fields: tuple[str, ...]


class SettingsPage(FormDialog):
    """A form that is a page: it stays where it is after saving and says that it saved."""

    sections: ClassVar[Sequence[Section]] = ()

    template: ClassVar[str] = "pages/_form.html"
    page_template: ClassVar[str] = "pages/settings.html"
    saved_message: ClassVar[str] = "Saved."

    def show(self, context: dict[str, Any], status: int = 200) -> HttpResponse:
        """Answer the page; fields that no section names come first."""
        form = context["form"]
        named = {name for section in self.sections for name in section.fields}
        context |= {
            "dialog": self,
            "title": self.get_title(),
            "verb": self.get_verb(),
            "object": self.object,
            "sections": [(section, [form[name] for name in section.fields]) for section in self.sections],
            "rest": [bound for bound in form if bound.name not in named],
        }
        return render(self.request, self.page_template, context | self.more(), status=status)

    @property
    def wants_fragment(self) -> bool:
        """Never: a settings page is always whole."""
        return False
