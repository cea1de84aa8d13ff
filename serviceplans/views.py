"""The pages of service plans that need nothing but plans; changing one that is in use is the tenants app's."""

from collections.abc import Sequence
from typing import Any

from django.db.models import QuerySet
from django.urls import reverse

from msc.access.models import User
from msc.pages.detail import DetailPage, PageAction
from msc.pages.dialogs import FormDialog, Outcome
from msc.pages.list import Empty, ListPage
from msc.pages.rendering import Action, RowAction
from serviceplans import services
from serviceplans.filters import PlanFilters
from serviceplans.forms import PlanForm, initial_of
from serviceplans.models import OfferedProduct, ServicePlan
from serviceplans.tables import PlanTable


class PlanList(ListPage):
    """The service plans of the MSP."""

    model, table, filters = ServicePlan, PlanTable, PlanFilters
    name, title, noun, needs = "service-plans", "Service Plans", ("service plan", "service plans"), "plan.view"
    search_label = "Search service plans"
    actions = (Action("Create Service Plan", "serviceplans:create", needs="plan.edit", primary=True),)
    row_actions = (
        RowAction("Edit", "tenants:edit_plan", needs="plan.edit", icon="pencil"),
        RowAction("Copy", "serviceplans:copy", needs="plan.edit", icon="copy"),
        RowAction(
            "Delete",
            "tenants:delete_plan",
            needs="plan.edit",
            icon="trash",
            danger=True,
            fields=("is_default",),
            when=lambda values: not values[0],
        ),
    )
    empty = Empty("No service plans yet", "A product is always given under a plan. Create the first one.")

    def scoped(self, user: User) -> QuerySet[ServicePlan]:
        """Return the plans with the number of products that use them and that the person may see."""
        return ServicePlan.objects.for_user(user).in_use_for(user)


class PlanPage(DetailPage):
    """One service plan: what it includes, and the parts that the apps above add."""

    model, needs = ServicePlan, "plan.view"
    template, tabs_of = "serviceplans/page.html", "plan"

    def queryset(self) -> QuerySet[ServicePlan]:
        """Return the plans with their terms."""
        return ServicePlan.objects.for_user(self.user).with_terms()

    def page_actions(self) -> list[PageAction]:
        """Return what an administrator may do to the plan."""
        if not self.user.can("plan.edit"):
            return []
        plan: ServicePlan = self.object
        actions = [
            PageAction("Edit", reverse("tenants:edit_plan", args=[plan.pk]), "pencil"),
            PageAction("Copy", reverse("serviceplans:copy", args=[plan.pk]), "copy"),
        ]
        if not plan.is_default:
            actions.append(PageAction("Delete", reverse("tenants:delete_plan", args=[plan.pk]), "trash", danger=True))
        return actions


def products_of(user: User, plan: ServicePlan | None = None) -> Sequence[str]:
    """Return the products that a plan can be about: those offered to the MSP, and those the plan already covers."""
    offered = set(OfferedProduct.objects.for_user(user).values_list("product", flat=True))
    covered = set(plan.products.values_list("product", flat=True)) if plan else set()
    return sorted(offered | covered)


class PlanCreate(FormDialog):
    """Create a service plan, once however often the form is sent."""

    model, form_class, needs = ServicePlan, PlanForm, "plan.edit"
    template = "serviceplans/_form.html"
    creates, wide = True, True
    title, verb = "Create Service Plan", "Create service plan"

    def form_arguments(self) -> dict[str, Any]:
        """Tell the form which products there are."""
        return {"products": products_of(self.user)}

    def initial(self) -> dict[str, Any]:
        """Fill in the usual plan."""
        return initial_of(None, (), products_of(self.user))

    def back_url(self) -> str:
        """Return to the list."""
        return reverse("serviceplans:list")

    def save(self, form: PlanForm) -> Outcome:
        """Create the plan and show it."""
        msp = self.user.msp
        if msp is None:
            raise TypeError("Only people of an MSP hold plan.edit.")
        plan = services.create_plan(by=self.user, msp=msp, name=form.cleaned_data["name"], terms=form.terms)
        return Outcome(reverse("serviceplans:page", args=[plan.pk]), f"{plan.name} has been created.", go=True)


class PlanCopy(PlanCreate):
    """Create a service plan that begins as another one is."""

    def get_title(self) -> str:
        """Name the plan that is copied."""
        return f"Copy {self.object.name}"

    def initial(self) -> dict[str, Any]:
        """Fill in what the other plan says."""
        plan: ServicePlan = self.object
        products = products_of(self.user)
        return initial_of(plan, services.terms_of(plan), products) | {"name": f"Copy of {plan.name}"[:120]}

    def back_url(self) -> str:
        """Return to the plan that is copied."""
        return reverse("serviceplans:page", args=[self.object.pk])
