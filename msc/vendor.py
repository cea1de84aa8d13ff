"""What the vendor's support staff work with: the pages of every app in one Django admin, and the MSPs themselves."""

from typing import Any

from django import forms
from django.contrib.admin import display
from django.db.models import QuerySet
from django.http import HttpRequest
from phonenumber_field.formfields import PhoneNumberField

from customers.admin import CustomerAdmin
from customers.models import Customer
from health.admin import RunAdmin
from health.models import Run
from msc.access.models import Msp, MspState, User
from msc.access.zones import zone_choices
from msc.events.models import Event
from msc.mail.models import OutboxMessage
from msc.onboarding import open_msp
from msc.people.admin import CredentialAdmin, PersonAdmin
from msc.people.models import ApiCredential
from msc.support.base import Act, SupportAdmin
from msc.support.filters import one_of, within
from msc.support.records import EventAdmin, OutboxAdmin
from msc.support.site import SupportSite
from serviceplans import offers
from serviceplans.admin import ServicePlanAdmin
from serviceplans.catalogue import Product
from serviceplans.models import ServicePlan, StorageRegion
from tenants.admin import TenantAdmin
from tenants.models import Tenant


class MspForm(forms.Form):
    """What the vendor decides of an MSP."""

    name = forms.CharField(max_length=200)
    time_zone = forms.ChoiceField(choices=zone_choices, initial="UTC")
    products = forms.MultipleChoiceField(choices=Product.choices, widget=forms.CheckboxSelectMultiple)
    hybrid_regions = forms.ModelMultipleChoiceField(
        StorageRegion.objects.filter(products__contains=[Product.HYBRID]),
        label="Regions for Hybrid Workloads",
        required=False,
    )
    saas_regions = forms.ModelMultipleChoiceField(
        StorageRegion.objects.filter(products__contains=[Product.SAAS]),
        label="Regions for SaaS Apps and Endpoints",
        required=False,
    )

    def clean(self) -> dict[str, Any]:
        """Gather the regions by product; each product needs one."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        regions = {
            Product.HYBRID.value: list(cleaned.pop("hybrid_regions", ())),
            Product.SAAS.value: list(cleaned.pop("saas_regions", ())),
        }
        for product, field in ((Product.HYBRID, "hybrid_regions"), (Product.SAAS, "saas_regions")):
            if product in cleaned.get("products", ()) and not regions[product] and field not in self.errors:
                self.add_error(field, "Choose at least one region for this product.")
        return {**cleaned, "regions": regions}


class EditMspForm(MspForm):
    """An MSP as it is, with the version the form was made from."""

    state = forms.ChoiceField(
        choices=MspState.choices, help_text="A closed MSP's people cannot sign in and its programs are refused."
    )
    version = forms.IntegerField(min_value=1, max_value=2**31 - 1, widget=forms.HiddenInput)


class OpenMspForm(MspForm):
    """A new MSP and its first administrator."""

    slug = forms.SlugField(
        label="Name in the sign-in address", max_length=63, help_text="Part of the address of its sign-in page."
    )
    address = forms.CharField(max_length=500)
    phone = PhoneNumberField(label="Phone number")
    email = forms.EmailField(label="E-mail of the first administrator", max_length=254)
    first_name = forms.CharField(max_length=100)
    last_name = forms.CharField(max_length=100)
    field_order = ("name", "slug", "time_zone", "address", "phone", "products")

    def clean_phone(self) -> str:
        """Return the number as it is stored."""
        return str(self.cleaned_data["phone"].as_e164)


def edit_msp(msp: Msp, by: User, **typed: Any) -> str:
    """Save what the vendor decides."""
    return f"{offers.edit_msp(by=by, msp=msp, **typed)} is saved."


def open_an_msp(nothing: None, by: User, **typed: Any) -> str:  # noqa: ARG001  an act on the list has no object
    """Open an MSP with its sandbox; its first administrator is invited."""
    regions = typed.pop("regions")
    chosen = {region.pk: region for places in regions.values() for region in places}
    msp = open_msp(by=by, regions=list(chosen.values()), **typed)
    return f"{msp} is open. An invitation goes to {typed['email']}."


def as_it_is(msp: Msp) -> dict[str, Any]:
    """Return the MSP as its form shows it."""
    regions = offers.regions_of(msp)
    return {
        "name": msp.name,
        "time_zone": msp.time_zone,
        "state": msp.state,
        "products": list(msp.offered_products.values_list("product", flat=True)),
        "hybrid_regions": regions[Product.HYBRID],
        "saas_regions": regions[Product.SAAS],
        "version": msp.version,
    }


class MspAdmin(SupportAdmin):
    """The partners that use this installation."""

    list_display = ("name", "slug", "state", "time_zone", "products", "created_at")
    list_filter = (one_of("state", "state", MspState.choices), within("created_at", "opened"))
    searched = ("name", "slug")
    labels = {"slug": "Name in the sign-in address", "created_at": "Opened"}
    ordering = ("name", "id")
    fields = ("name", "slug", "state", "time_zone", "products", "regions", "created_at")
    readonly_fields = ("products", "regions", "created_at")
    leads_to = (
        ("People", "access_user", "msp"),
        ("Customers", "customers_customer", "msp"),
        ("Products", "tenants_tenant", "msp"),
        ("Credentials", "people_apicredential", "msp"),
        ("E-mails", "mail_outboxmessage", "msp"),
        ("Events", "events_event", "msp_id"),
    )
    acts = (
        Act(
            "open",
            "Open an MSP",
            open_an_msp,
            consequences=(
                "The first administrator gets an e-mail with a link to choose a password.",
                "The MSP begins with a Default Service Plan and a sandbox customer.",
            ),
            form=OpenMspForm,
            on_list=True,
        ),
        Act(
            "edit",
            "Edit",
            edit_msp,
            consequences=(
                "Tenants that exist keep their product and their regions.",
                "A change of the time zone counts all days anew that are not closed yet.",
            ),
            form=EditMspForm,
            initial=as_it_is,
            verb="Save",
        ),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Return the MSPs with their offers."""
        return super().get_queryset(request).prefetch_related("offered_products", "offered_regions__region")

    @display(description="Products")
    def products(self, msp: Msp) -> str:
        """Return the products offered, in words."""
        return ", ".join(str(offered) for offered in msp.offered_products.all())

    @display(description="Regions")
    def regions(self, msp: Msp) -> str:
        """Return the regions offered, in words."""
        return ", ".join(str(offered) for offered in msp.offered_regions.all())


site = SupportSite()
for model, pages in (
    (Msp, MspAdmin),
    (User, PersonAdmin),
    (ApiCredential, CredentialAdmin),
    (Customer, CustomerAdmin),
    (Tenant, TenantAdmin),
    (ServicePlan, ServicePlanAdmin),
    (Run, RunAdmin),
    (OutboxMessage, OutboxAdmin),
    (Event, EventAdmin),
):
    site.register(model, pages)
