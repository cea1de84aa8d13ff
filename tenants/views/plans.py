"""Changing and deleting a service plan, which the products under it have a say in."""

from collections.abc import Sequence
from typing import Any

from django.db.models import QuerySet
from django.forms.boundfield import BoundField
from django.urls import reverse

from msc.errors import DomainError
from msc.pages.dialogs import ConfirmDialog, FormDialog, Outcome
from serviceplans.catalogue import Product
from serviceplans.forms import PlanForm, initial_of
from serviceplans.models import ServicePlan
from serviceplans.services import terms_of
from serviceplans.views import products_of
from tenants import plans
from tenants.models import Tenant


class PlanEdit(FormDialog):
    """Edit a service plan; the dialog says first how many products it touches."""

    model, form_class, needs = ServicePlan, PlanForm, "plan.edit"
    template, wide = "serviceplans/_form.html", True

    def queryset(self) -> QuerySet[ServicePlan]:
        """Return the plans with the number of products that use them."""
        return ServicePlan.objects.for_user(self.user).in_use_for(self.user)

    def get_title(self) -> str:
        """Name the plan."""
        return f"Edit {self.object.name}"

    def back_url(self) -> str:
        """Return to the plan."""
        return reverse("serviceplans:page", args=[self.object.pk])

    def form_arguments(self) -> dict[str, Any]:
        """Tell the form which products there are, and how many use the plan."""
        return {"products": products_of(self.user, self.object), "in_use": self.object.in_use}

    def initial(self) -> dict[str, Any]:
        """Return what stands."""
        plan: ServicePlan = self.object
        return initial_of(plan, terms_of(plan), products_of(self.user, plan))

    def label_of(self, bound: BoundField) -> str:
        """Name the product that the field is about."""
        product = bound.name.partition("_")[0]
        return f"{Product(product).label}: {bound.label}" if product in Product.values else str(bound.label)

    def more(self) -> dict[str, Any]:
        """Say what the change touches."""
        used: int = self.object.in_use
        if not used:
            return {"impact": "No product uses this plan yet."}
        customers = Tenant.objects.for_user(self.user).live().filter(service_plan=self.object)
        owners = customers.values("customer").distinct().count()
        products = "1 product" if used == 1 else f"{used:,} products"
        whose = "1 customer" if owners == 1 else f"{owners:,} customers"
        return {"impact": f"{products} of {whose} use this plan. A change applies to all of them immediately."}

    def save(self, form: PlanForm) -> Outcome:
        """Change the plan and what stands under it."""
        changes_terms = form.terms != terms_of(self.object)
        if self.object.in_use and changes_terms and not form.cleaned_data.get("confirm_impact"):
            broken = plans.broken_by(plans.under(self.object), form.terms)
            if not broken:
                raise DomainError("Tick this to change the products as well.", field="confirm_impact")
        version = form.cleaned_data["version"] or 0
        plan = plans.update_plan(
            by=self.user, plan=self.object, version=version, name=form.cleaned_data["name"], terms=form.terms
        )
        return Outcome(self.back_url(), f"{plan.name} has been saved.")


class PlanDelete(ConfirmDialog):
    """Delete a service plan that nothing uses."""

    model, needs, danger, verb = ServicePlan, "plan.edit", True, "Delete service plan"

    def get_title(self) -> str:
        """Name the plan."""
        return f"Delete {self.object.name}"

    def back_url(self) -> str:
        """Return to the plan."""
        return reverse("serviceplans:page", args=[self.object.pk])

    def question(self) -> str:
        """Ask, naming the plan."""
        return f"Delete the service plan {self.object.name}?"

    def consequences(self) -> Sequence[str]:
        """Say what goes."""
        return ("No product can be given under it any more. No product is changed.", "This cannot be undone.")

    def refusal(self) -> DomainError | None:
        """Say what stands in the way."""
        return plans.deletion_refusal(self.object)

    def perform(self) -> Outcome:
        """Delete it and go to the list."""
        name = self.object.name
        plans.delete_plan(by=self.user, plan=self.object)
        return Outcome(reverse("serviceplans:list"), f"{name} has been deleted.", go=True)
