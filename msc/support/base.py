"""What every page of support staff is made of: view-only, searched by whitelisted columns, changed by services alone."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

from django import forms
from django.contrib import messages
from django.contrib.admin import ModelAdmin, ShowFacets, display
from django.contrib.admin.utils import unquote
from django.core.paginator import Paginator
from django.db import transaction
from django.db.models import BooleanField, DateField, Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.template.defaultfilters import filesizeformat
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.functional import cached_property
from django.utils.html import format_html
from django.utils.text import capfirst

from msc.access.middleware import origin_of
from msc.access.names import folded_name
from msc.errors import DomainError
from msc.events.models import Event
from msc.support.filters import LARGEST_ID

if TYPE_CHECKING:
    Admin = ModelAdmin[Any]
else:
    Admin = ModelAdmin

MOST_WORDS = 6
MOST_COUNTED = 10_000
LONGEST_SEARCH = 200
LONGEST_ORDER = 60
NEWEST_EVENTS = 100


@dataclass(frozen=True)
class Act:
    """Something that support staff may do: one service behind a page that names the consequences.

    `perform` gets the object (None for an act on the list), the acting person and the form's fields by name, and
    returns the sentence that says it worked.
    """

    name: str
    label: str
    perform: Callable[..., str]
    consequences: Sequence[str] = ()
    offered: Callable[[Any], bool] | None = None
    form: type[forms.Form] = forms.Form
    initial: Callable[[Any], Mapping[str, Any]] | None = None
    on_list: bool = False
    verb: str = ""  # on the button, when it is not the label

    def is_offered(self, thing: Any) -> bool:
        """Tell whether the act makes sense in the object's present state."""
        return self.offered is None or self.offered(thing)

    def filled(self, thing: Any) -> dict[str, Any]:
        """Return what stands in the form at first."""
        return dict(self.initial(thing)) if self.initial else {}


def in_words(field: Any, label: str | None) -> Callable[[Any], Any] | None:
    """Return a column that shows a model's field as the portal does, or None where Django's own way will do."""
    if field is None:
        return None
    if isinstance(field, BooleanField):
        words: Callable[[Any], str] = _yes_or_no
    elif isinstance(field, DateField):
        words = _dated
    elif field.name.endswith("_bytes"):
        words = filesizeformat
    elif label:
        words = str
    else:
        return None

    @display(description=label or capfirst(field.verbose_name), ordering=field.name)
    def shown(thing: Any) -> str | None:
        value = getattr(thing, field.name)
        return None if value is None else words(value)

    return shown


def _dated(value: date) -> str:
    """Return a day, or a moment, in the format of the portal's pages."""
    if isinstance(value, datetime):
        return date_format(timezone.localtime(value), "j M Y, H:i")
    return date_format(value, "j M Y")


def _yes_or_no(value: bool) -> str:  # noqa: FBT001  a value, not a switch
    return "Yes" if value else "No"


class CappedPaginator(Paginator):  # type: ignore[type-arg]  # generic in the stubs only
    """Counts no further than support staff will page; the big tables would make every page wait."""

    @cached_property
    def count(self) -> int:
        """Return the number of rows, up to `MOST_COUNTED`."""
        rows: Any = self.object_list  # a queryset
        return int(rows[:MOST_COUNTED].count())


class SupportAdmin(Admin):
    """A model that support staff look at. What may be asked of it is what its class names, and nothing else."""

    acts: ClassVar[Sequence[Act]] = ()
    #: Lists that an object's page leads to: label, model and the filter that takes the object's id.
    leads_to: ClassVar[Sequence[tuple[str, str, str]]] = ()
    #: Columns that the search box reads; those that begin with `folded_` get the folded term.
    searched: ClassVar[tuple[str, ...]] = ()

    #: Plain labels of fields whose names say too little.
    labels: ClassVar[Mapping[str, str]] = {}

    actions = None
    list_per_page = 50
    paginator = CappedPaginator
    list_max_show_all = 200
    show_full_result_count = False
    show_facets = ShowFacets.NEVER
    view_on_site = False
    change_form_template = "support/object.html"
    change_list_template = "support/list.html"

    @display(description="MSP", ordering="msp__name")
    def partner(self, thing: Any) -> str:
        """Return the MSP that the object belongs to, with the way to it."""
        if thing.msp is None:
            return self.get_empty_value_display()
        return format_html('<a href="{}">{}</a>', reverse("admin:access_msp_change", args=[thing.msp_id]), thing.msp)

    # -- How values read ------------------------------------------------------------------------------------------

    def get_list_display(self, request: HttpRequest) -> list[Any]:
        """Return the columns in words and formats of the portal."""
        return [self._worded[str(name)] for name in self.list_display]

    def get_fields(self, request: HttpRequest, obj: Any = None) -> list[Any]:
        """Return the fields in words and formats of the portal."""
        return [self._worded[str(name)] for name in self.fields or ()]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[Any]:
        """Return all fields: nothing is changed by the model's form."""
        return self.get_fields(request, obj)

    @cached_property
    def _worded(self) -> dict[str, Any]:
        names = {str(name) for name in (*self.list_display, *(self.fields or ()))}
        of_the_model = {field.name: field for field in self.opts.concrete_fields}
        return {name: in_words(of_the_model.get(name), self.labels.get(name)) or name for name in names}

    # -- What may be done: look -----------------------------------------------------------------------------------

    def has_module_permission(self, request: HttpRequest) -> bool:
        """Show the model to whoever the site lets in."""
        return True

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Let whoever the site lets in look."""
        return True

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Add nothing by the model's form."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Change nothing by the model's form."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Delete nothing."""
        return False

    # -- What may be asked ----------------------------------------------------------------------------------------

    def lookup_allowed(self, lookup: str, value: Any, request: HttpRequest) -> bool:
        """Take the filters that the class names and no lookup of a field: it would read out hidden columns."""
        known = {getattr(each, "parameter_name", None) for each in self.list_filter}
        return lookup in known and len(str(value)) <= LONGEST_SEARCH

    def to_field_allowed(self, request: HttpRequest, to_field: str) -> bool:
        """Name objects by their id only."""
        return to_field == self.opts.pk.name

    def get_search_fields(self, request: HttpRequest) -> tuple[str, ...]:
        """Show the search box where there is something to search."""
        return self.searched

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """Keep rows that hold every word in one of the columns; a number also finds the row of that id."""
        for word in search_term[:LONGEST_SEARCH].split()[:MOST_WORDS]:
            queryset = queryset.filter(self._holds(word))
        return queryset, False

    def _holds(self, word: str) -> Q:
        found = Q()
        for column in self.searched:
            folded = column.rpartition("__")[2].startswith("folded_")
            found |= Q(
                **{f"{column}__contains" if folded else f"{column}__icontains": folded_name(word) if folded else word}
            )
        if word.isascii() and word.isdigit() and len(word) < 20 and int(word) <= LARGEST_ID:
            found |= Q(pk=int(word))
        return found

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """Take nothing from the address."""
        return {}

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        """Answer the list, with the acts that need no object."""
        if len(request.GET.get("o", "")) > LONGEST_ORDER:
            return HttpResponseRedirect(f"{request.path}?e=1")
        links = [(act.label, self._act_url(act)) for act in self.acts if act.on_list]
        title = capfirst(self.opts.verbose_name_plural)
        context = {"acts": links, "title": title, "model_name": title}
        return super().changelist_view(request, {**(extra_context or {}), **context})

    # -- What happens ---------------------------------------------------------------------------------------------

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> Any:
        """Answer one object with what may be done to it."""
        thing = self.get_object(request, unquote(object_id))
        links = [(act.label, self._act_url(act, thing)) for act in self._offered(thing)] + self._ways(thing)
        context = {"acts": links, "model_name": capfirst(self.opts.verbose_name_plural)}
        return super().change_view(request, object_id, form_url, {**(extra_context or {}), **context})

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Show the newest events of the object; the record of events is the only history there is."""
        thing = self._thing(request, object_id)
        events = Event.objects.filter(object_type=self.opts.label_lower, object_id=thing.pk)
        context = self._context(request, thing, f"History: {thing}")
        return render(request, "support/history.html", context | {"events": events.newest_first()[:NEWEST_EVENTS]})

    def get_urls(self) -> list[URLPattern]:
        """Return the model's pages and those of its acts."""
        own = [
            path(
                f"act/{act.name}/" if act.on_list else f"<path:object_id>/act/{act.name}/",
                self.admin_site.admin_view(partial(self.act_view, act=act)),
                name=self._url_name(act),
            )
            for act in self.acts
        ]
        return own + super().get_urls()

    def act_view(self, request: HttpRequest, object_id: str | None = None, *, act: Act) -> HttpResponse:
        """Ask, do it by its service, or say why not."""
        thing = self._thing(request, object_id) if object_id is not None else None
        back = self._object_url(thing) if thing is not None else reverse(f"admin:{self._model_url('changelist')}")
        if thing is not None and not act.is_offered(thing):
            messages.error(request, f"{act.label} is not possible now.")
            return HttpResponseRedirect(back)
        form = act.form(request.POST if request.method == "POST" else None, initial=act.filled(thing))
        done = self._perform(request, act, thing, form) if form.is_valid() else ""
        if done:
            messages.success(request, done)
            return HttpResponseRedirect(back)
        title = f"{act.label}: {thing}" if thing is not None else act.label
        context = self._context(request, thing, title) | {"form": form, "act": act, "back": back}
        return render(request, "support/act.html", context, status=422 if form.errors else 200)

    @staticmethod
    def _perform(request: HttpRequest, act: Act, thing: Any, form: forms.Form) -> str:
        person: Any = request.user  # the site lets in support staff only
        person.origin = origin_of(request)
        try:
            with transaction.atomic():
                return act.perform(thing, person, **form.cleaned_data)
        except DomainError as error:
            form.add_error(error.field if error.field in form.fields else None, error.message)
            return ""

    # -- Addresses and context ------------------------------------------------------------------------------------

    def _thing(self, request: HttpRequest, object_id: str) -> Any:
        thing = self.get_object(request, unquote(object_id))
        if thing is None:
            raise Http404
        return thing

    def _offered(self, thing: Any) -> list[Act]:
        return [act for act in self.acts if not act.on_list and thing is not None and act.is_offered(thing)]

    def _ways(self, thing: Any) -> list[tuple[str, str]]:
        if thing is None:
            return []
        return [
            (label, f"{reverse(f'admin:{model}_changelist')}?{name}={thing.pk}") for label, model, name in self.leads_to
        ]

    def _model_url(self, page: str) -> str:
        return f"{self.opts.app_label}_{self.opts.model_name}_{page}"

    def _url_name(self, act: Act) -> str:
        return self._model_url(f"act_{act.name.replace('-', '_')}")

    def _act_url(self, act: Act, thing: Any = None) -> str:
        return reverse(f"admin:{self._url_name(act)}", args=[] if thing is None else [thing.pk])

    def _object_url(self, thing: Any) -> str:
        return reverse(f"admin:{self._model_url('change')}", args=[thing.pk])

    def _context(self, request: HttpRequest, thing: Any, title: str) -> dict[str, Any]:
        return {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "original": thing,
            "title": title,
            "model_name": capfirst(self.opts.verbose_name_plural),
        }
