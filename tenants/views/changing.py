"""Changing a product: edit, suspend, activate, delete and cancel the deletion."""

from collections.abc import Sequence
from typing import Any, ClassVar

from django.db.models import QuerySet
from django.http.response import HttpResponseBase
from django.urls import reverse

from msc.errors import DomainError
from msc.pages.dialogs import ConfirmDialog, Dialog, FormDialog, Outcome
from msc.pages.when import absolute
from tenants import services, transitions
from tenants.forms import DeleteForm, TenantForm, initial_of
from tenants.models import Tenant
from tenants.states import ACTIVATE, CANCEL_DELETION, DELETE, EDIT, SUSPEND, Action


class TenantDialog(Dialog):
    """What the dialogs of one product share."""

    model = Tenant
    action: ClassVar[Action]

    def queryset(self) -> QuerySet[Tenant]:
        """Return the customer's products that the person may see."""
        rows = Tenant.objects.for_user(self.user).live().filter(customer=self.kwargs["customer"])
        return rows.select_related("customer__identity", "customer__msp", "service_plan")

    @property
    def name(self) -> str:
        """The product and the customer, as every dialog names them."""
        return f"{self.object.get_product_display()} of {self.object.customer.identity.name}"

    def get_title(self) -> str:
        """Name the product and the customer."""
        return f"{self.action.verb} {self.name}"

    def get_verb(self) -> str:
        """Name the product."""
        return f"{self.action.verb} {self.object.get_product_display()}"

    def back_url(self) -> str:
        """Return to the product."""
        return reverse("tenants:detail", args=[self.object.customer_id, self.object.pk])

    def refusal(self) -> DomainError | None:
        """Say that the product's state does not allow it."""
        return transitions.refusal(self.object, self.action)


class TenantEdit(TenantDialog, FormDialog):
    """Edit a product."""

    form_class, template = TenantForm, "tenants/_form.html"
    needs, wide, action = "tenant.edit", True, EDIT

    def get_title(self) -> str:
        """Name the product and the customer."""
        return f"Edit {self.name}"

    def get_verb(self) -> str:
        """Say what the button does."""
        return "Save"

    def get(self, request: Any, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Show the form, or why the product cannot be edited now."""
        if self.refusal():
            return TenantNotEditable.as_view()(request, *args, **kwargs)
        return super().get(request, *args, **kwargs)

    def form_arguments(self) -> dict[str, Any]:
        """Tell the form what stands."""
        tenant = self.object
        return {"user": self.user, "customer": tenant.customer, "product": tenant.product, "tenant": tenant}

    def initial(self) -> dict[str, Any]:
        """Return the product as it is; a renewal proposes the quota that follows."""
        return initial_of(self.object, renews=self.request.GET.get("renew") == "1")

    def more(self) -> dict[str, Any]:
        """Tell the template where plans are shown."""
        return {"product": self.object.product, "customer": self.object.customer, "has_plans": True}

    def save(self, form: TenantForm) -> Outcome:
        """Change the product."""
        version = form.cleaned_data["version"] or 0
        services.edit_tenant(by=self.user, tenant=self.object, version=version, periods=form.answers(), **form.terms())
        return Outcome(self.back_url(), f"{self.name} has been saved.")


class TenantConfirm(TenantDialog, ConfirmDialog):
    """What the confirmations of one product share."""

    def question(self) -> str:
        """Ask, naming the product and the customer."""
        return f"{self.action.verb} {self.name}?"


class TenantNotEditable(TenantConfirm):
    """Why a product cannot be edited now; there is nothing to confirm."""

    needs, action = EDIT.needs, EDIT

    def perform(self) -> Outcome:
        """Say again why not."""
        raise self.refusal() or DomainError("Open the form again: the product can be edited now.")


class TenantSuspend(TenantConfirm):
    """Suspend a product."""

    needs, action, danger = SUSPEND.needs, SUSPEND, True

    def consequences(self) -> Sequence[str]:
        """Say what stops and what goes on."""
        return (
            "Console access stops.",
            "New backups and restores are no longer accepted.",
            "The data that is stored stays, and its storage is still billed.",
            "The customer's tenant administrators are notified by email. Activating the product reverses all of it.",
        )

    def perform(self) -> Outcome:
        """Suspend it."""
        transitions.suspend_tenant(by=self.user, tenant=self.object)
        return Outcome(self.back_url(), f"{self.name} is suspended.")


class TenantActivate(TenantConfirm):
    """Activate a suspended product."""

    needs, action = ACTIVATE.needs, ACTIVATE

    def consequences(self) -> Sequence[str]:
        """Say what begins again."""
        return (
            "Console access works again.",
            "New backups and restores are accepted again.",
            "The customer's tenant administrators are notified by email.",
        )

    def perform(self) -> Outcome:
        """Activate it."""
        transitions.activate_tenant(by=self.user, tenant=self.object)
        return Outcome(self.back_url(), f"{self.name} is active again.")


class TenantCancelDeletion(TenantConfirm):
    """Cancel the deletion of a product."""

    needs, action = CANCEL_DELETION.needs, CANCEL_DELETION

    def get_title(self) -> str:
        """Name the product and the customer."""
        return f"Cancel the deletion of {self.name}"

    def get_verb(self) -> str:
        """Say what the button does."""
        return "Cancel the deletion"

    def question(self) -> str:
        """Ask, naming the product and the customer."""
        return f"Cancel the deletion of {self.name}?"

    def consequences(self) -> Sequence[str]:
        """Say what stays."""
        return (
            "Nothing is removed; the product is again what it was before.",
            "The customer's tenant administrators are notified by email.",
        )

    def perform(self) -> Outcome:
        """Cancel it."""
        transitions.cancel_deletion(by=self.user, tenant=self.object)
        return Outcome(self.back_url(), f"The deletion of {self.name} is cancelled.")


class TenantDelete(TenantDialog, FormDialog):
    """Begin to delete a product: when, and its name typed where backups have run."""

    form_class, template = DeleteForm, "tenants/_delete.html"
    needs, action, danger = DELETE.needs, DELETE, True

    def get_title(self) -> str:
        """Name the product and the customer."""
        return f"Delete {self.name}"

    def get(self, request: Any, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Ask, or say why the product cannot be deleted now."""
        if error := self.refusal():
            return self.show({"error": error})
        return super().get(request, *args, **kwargs)

    def form_arguments(self) -> dict[str, Any]:
        """Tell the form whether the name is asked for."""
        tenant = self.object
        return {
            "tenant": tenant,
            "asks_for_name": transitions.asks_for_name(tenant),
            "has_data": transitions.has_data(tenant),
        }

    def initial(self) -> dict[str, Any]:
        """Fill in the usual delete date."""
        return {"delete_on": transitions.usual_delete_date(self.object)}

    def more(self) -> dict[str, Any]:
        """Return what the dialog says."""
        return {
            "question": f"Delete {self.name}?",
            "consequences": (
                "Backups and restores stop immediately.",
                "On the delete date all backups of the product are removed for good.",
                "Until then the deletion can be cancelled. The history and the daily totals stay.",
                "The customer's tenant administrators are notified by email.",
            ),
        }

    def save(self, form: DeleteForm) -> Outcome:
        """Begin to delete it."""
        tenant = transitions.delete_tenant(
            by=self.user,
            tenant=self.object,
            typed_name=form.cleaned_data.get("typed_name", ""),
            delete_on=form.cleaned_data["delete_on"],
        )
        day = absolute(tenant.delete_on) if tenant.delete_on else ""
        return Outcome(self.back_url(), f"{self.name} will be deleted on {day}.")
