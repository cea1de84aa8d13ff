"""The page of one object: a header with actions, tabs that are addresses, and panels that are templates."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, ClassVar

from django.db.models import Model, QuerySet
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.module_loading import import_string

from msc import navigation
from msc.access.models import User
from msc.pages.columns import Names
from msc.pages.rendering import Action
from msc.pages.views import PortalView


@dataclass(frozen=True)
class Panel:
    """One part of a page: its heading, its template and what the template shows."""

    title: str
    template: str
    context: dict[str, Any] = field(default_factory=dict)
    actions: Sequence["PageAction"] = ()
    wide: bool = False
    tall: bool = False  # two others stand beside it, one below the other

    @property
    def slug(self) -> str:
        """The panel's id on the page."""
        return self.title.lower().replace(" ", "-").replace("(", "").replace(")", "")


@dataclass(frozen=True)
class PageAction:
    """A button on a page of one object, with its finished address."""

    label: str
    url: str
    icon: str = "pencil"
    dialog: bool = True
    danger: bool = False
    primary: bool = False


@dataclass(frozen=True)
class ShownTab:
    """A tab with its address, and whether it is the page that is open."""

    label: str
    url: str
    current: bool


def shown_tabs(user: User, of: str, current: str, pk: int) -> list[ShownTab]:
    """Return the tabs of a kind of object that the person may open."""
    return [
        ShownTab(tab.label, reverse(tab.url_name, args=[pk]), tab.url_name == current)
        for tab in navigation.TABS.get(of, ())
        if user.can(tab.needs)
    ]


def shown_actions(user: User, actions: Iterable[Action], pk: int) -> list[PageAction]:
    """Return the buttons of an object's page that the person may press."""
    return [
        PageAction(action.label, reverse(action.url_name, args=[pk]), action.icon, action.dialog)
        for action in actions
        if user.can(action.needs)
    ]


class DetailPage(PortalView):
    """The page of one object that the person may see; a foreign one is 404."""

    model: ClassVar[type[Model]]
    template: ClassVar[str] = "pages/detail.html"
    tabs_of: ClassVar[str] = ""
    tab: ClassVar[str] = ""
    actions: ClassVar[Sequence[Action]] = ()

    def queryset(self) -> QuerySet[Any]:
        """Return the objects the person may see, with what the header shows."""
        return self.model.objects.for_user(self.user)  # type: ignore[attr-defined, no-any-return]  # all are scoped

    @cached_property
    def object(self) -> Any:  # the declared model; a subclass narrows it where it matters
        """The object of the address."""
        return get_object_or_404(self.queryset(), pk=self.kwargs["pk"])

    def get_title(self) -> str:
        """Return the heading of the page."""
        return str(self.object)

    def panels(self) -> Iterable[Panel]:
        """Return the parts of the page, top to bottom: by default what `navigation.PANELS` names for its tabs."""
        made = (import_string(name)(self.user, self.object) for name in navigation.PANELS.get(self.tabs_of, ()))
        return [panel for panel in made if panel is not None]

    def page_actions(self) -> list[PageAction]:
        """Return the header's buttons that the person may press."""
        return shown_actions(self.user, self.actions, self.object.pk)

    def tabs(self) -> list[ShownTab]:
        """Return the tabs of this kind of object that the person may open."""
        return shown_tabs(self.user, self.tabs_of, self.tab, self.object.pk)

    def dictionaries(self) -> Names:
        """Return names by id for the panels."""
        return {}

    def more(self) -> dict[str, Any]:
        """Return what the page's own template shows besides the panels."""
        return {}

    def get(self, request: Any, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Answer the page."""
        context = {
            "page": self,
            "object": self.object,
            "title": self.get_title(),
            "tabs": self.tabs(),
            "panels": list(self.panels()),
            "actions": self.page_actions(),
            **self.more(),
        }
        return render(request, self.template, context)
