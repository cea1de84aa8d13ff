"""Adding a product to a customer."""

from functools import cached_property
from typing import Any

from django.http import Http404, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.urls import reverse

from customers.models import Customer
from msc.pages.dialogs import Dialog, FormDialog, Outcome
from msc.pages.views import PortalView
from serviceplans.catalogue import Product
from serviceplans.models import OfferedProduct
from tenants import rules, services
from tenants.forms import TenantForm, plans_covering
from tenants.models import Tenant
from tenants.states import TenantType

MOST_TYPED = 40


class CustomerDialog(Dialog):
    """What the dialogs share that begin with a customer."""

    @cached_property
    def customer(self) -> Customer:
        """The customer of the address, or 404."""
        rows = Customer.objects.for_user(self.user).select_related("identity", "msp")
        return get_object_or_404(rows, pk=self.kwargs["customer"])

    def back_url(self) -> str:
        """Return to the customer."""
        return reverse("customers:page", args=[self.customer.pk])


class ProductChoice(CustomerDialog):
    """Which product to add, when more than one is possible."""

    needs, template = "tenant.add", "tenants/_choose.html"

    def get(self, request: Any, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Ask, or go on at once when there is nothing to choose."""
        missing = self.missing()
        if len(missing) == 1:
            return TenantAdd.as_view()(request, customer=self.customer.pk, product=missing[0])
        return self.show({"choices": [(each, Product(each).label) for each in missing]})

    def missing(self) -> list[str]:
        """Return the offered products that the customer does not have."""
        present = Tenant.objects.for_user(self.user).live().filter(customer=self.customer).values("product")
        offered = OfferedProduct.objects.for_user(self.user).exclude(product__in=present)
        return list(offered.order_by("product").values_list("product", flat=True))

    def get_title(self) -> str:
        """Name the customer."""
        return f"Add a product to {self.customer.identity.name}"


class TenantAdd(CustomerDialog, FormDialog):
    """Add a product to a customer, once however often the form is sent."""

    form_class, template = TenantForm, "tenants/_form.html"
    needs, creates, wide = "tenant.add", True, True

    @cached_property
    def product(self) -> str:
        """The product of the address, or 404 when there is none of this name."""
        if self.kwargs["product"] not in Product.values:
            raise Http404
        return str(self.kwargs["product"])

    def get_title(self) -> str:
        """Name the product and the customer."""
        return f"Add {Product(self.product).label} to {self.customer.identity.name}"

    def get_verb(self) -> str:
        """Name the product."""
        return f"Add {Product(self.product).label}"

    def form_arguments(self) -> dict[str, Any]:
        """Tell the form whose product it is, and which."""
        return {"user": self.user, "customer": self.customer, "product": self.product}

    def initial(self) -> dict[str, Any]:
        """Fill in an evaluation; in a page without script the date is left to the type that is chosen."""
        kind = TenantType.EVALUATION
        expiry = rules.default_expiry(kind, self.product, self.customer.msp.today())
        plans = list(plans_covering(self.user, self.product)[:2])
        return {
            "tenant_type": kind,
            "license_expiry": expiry if self.wants_fragment else None,
            "service_plan": plans[0] if len(plans) == 1 else None,
        }

    def more(self) -> dict[str, Any]:
        """Tell the template where plans are shown and dates come from."""
        return {"product": self.product, "customer": self.customer, "has_plans": self._has_plans()}

    def _has_plans(self) -> bool:
        return plans_covering(self.user, self.product).exists()

    def save(self, form: TenantForm) -> Outcome:
        """Add the product and show its page."""
        tenant = services.add_tenant(by=self.user, customer=self.customer, product=self.product, **form.terms())
        name = f"{tenant.get_product_display()} of {self.customer.identity.name}"
        return Outcome(self.back_url(), f"{name} has been added. It is ready within moments.", go=True)


class ExpiryField(CustomerDialog):
    """The license expiry field after a type was chosen: what was typed, else the type's default; a part of the form."""

    needs, template = "tenant.add", "tenants/_expiry.html"

    def get(self, request: Any, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Answer the field alone."""
        kind = request.GET.get("tenant_type", "")
        product = self.kwargs["product"]
        if kind not in (TenantType.EVALUATION, TenantType.COMMERCIAL) or product not in Product.values:
            raise Http404
        today = self.customer.msp.today()
        proposed = {
            rules.default_expiry(each, product, today) for each in (TenantType.EVALUATION, TenantType.COMMERCIAL)
        }
        typed = request.GET.get("license_expiry", "")[:MOST_TYPED]
        is_typed = typed and typed not in {day.isoformat() for day in proposed if day}
        expiry = typed if is_typed else rules.default_expiry(kind, product, today)
        form = TenantForm(user=self.user, customer=self.customer, product=product, initial={"license_expiry": expiry})
        return render(request, self.template, {"form": form})


class PlanTerms(PortalView):
    """What the chosen plan says of a product, in place in the form."""

    needs = "plan.view"

    def get(self, request: Any, *args: Any, **kwargs: Any) -> HttpResponse:
        """Answer the terms, or nothing when no plan is chosen."""
        chosen, product = request.GET.get("service_plan", ""), kwargs["product"]
        if product not in Product.values:
            raise Http404
        plans = plans_covering(self.user, product)
        is_id = chosen.isascii() and chosen.isdigit() and len(chosen) < 19
        plan = plans.filter(pk=int(chosen)).first() if is_id else None
        return render(request, "tenants/_plan_terms.html", {"plan": plan, "part": plan and plan.products.all()[0]})
