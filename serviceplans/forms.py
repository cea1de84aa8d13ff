"""The form of a service plan: per product whether it is included, and with what."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from django import forms

from msc.pages.fields import NameField
from serviceplans import rules
from serviceplans.catalogue import WORKLOADS, Edition, Feature, Product, features_of
from serviceplans.models import ServicePlan
from serviceplans.rules import ProductTerms

LIMITS = (
    ("backup_interval_min_hours", "Hours between backups, at least", rules.MOST_HOURS),
    ("backup_interval_max_hours", "Hours between backups, at most", rules.MOST_HOURS),
    ("retention_min_days", "Days of retention, at least", rules.MOST_DAYS),
    ("retention_max_days", "Days of retention, at most", rules.MOST_DAYS),
)
RATES = (("cu_per_tb_month", "CU per TB and month"), ("cu_per_user_month", "CU per user and month"))


class PlanForm(forms.Form):
    """A name, and a section for each product that the MSP may sell."""

    name = NameField(label="Name", max_length=120)
    version = forms.IntegerField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, products: Sequence[str], in_use: int = 0, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.products = products
        for product in products:
            self.fields |= _fields_of(product)
        if in_use:
            words = "the product that uses" if in_use == 1 else f"all {in_use:,} products that use"
            self.fields["confirm_impact"] = forms.BooleanField(label=f"Change {words} this plan.", required=False)

    def clean(self) -> dict[str, Any]:
        """Put every broken rule beside its field."""
        data: dict[str, Any] = super().clean() or {}
        if self.errors:
            return data
        self.terms = [self._terms_of(product, data) for product in self.products if data[f"{product}_included"]]
        for problem in rules.problems(self.terms):
            self.add_error(problem.field if problem.field in self.fields else None, problem.message)
        return data

    @staticmethod
    def _terms_of(product: str, data: Mapping[str, Any]) -> ProductTerms:
        names = ("edition", *(name for name, *_ in (*LIMITS, *RATES)))
        values = {name: data[f"{product}_{name}"] for name in names}
        workloads, features = tuple(data[f"{product}_workloads"]), tuple(data[f"{product}_features"])
        return ProductTerms(product=product, workloads=workloads, features=features, **values)

    def sections(self) -> list[dict[str, Any]]:
        """Return the fields of each product, as the template shows them."""
        return [
            {
                "product": product,
                "label": Product(product).label,
                "included": self[f"{product}_included"],
                "fields": [self[f"{product}_{name}"] for name in ("edition", "workloads", "features")],
                "limits": [self[f"{product}_{name}"] for name, *_ in LIMITS],
                "limits_open": any(self[f"{product}_{name}"].errors for name, *_ in (*LIMITS, *RATES)),
                "rates": [self[f"{product}_{name}"] for name, *_ in RATES],
            }
            for product in self.products
        ]


def _fields_of(product: str) -> dict[str, forms.Field]:
    several = forms.CheckboxSelectMultiple
    fields: dict[str, forms.Field] = {
        "included": forms.BooleanField(label=f"Include {Product(product).label}", required=False),
        "edition": forms.ChoiceField(label="Edition", choices=Edition.choices),
        "workloads": forms.MultipleChoiceField(
            label="Workloads",
            required=False,
            widget=several,
            choices=[(each.value, each.label) for each in WORKLOADS[product]],
            help_text="Endpoints is not part of the Business edition." if product == Product.SAAS else "",
        ),
        "features": forms.MultipleChoiceField(
            label="Features",
            required=False,
            widget=several,
            choices=[(each.value, f"{each.label} ({_from(product, each)})") for each in features_of(product)],
        ),
    }
    fields |= {
        name: forms.IntegerField(label=label, required=False, min_value=1, max_value=most)
        for name, label, most in LIMITS
    }
    fields |= {
        name: forms.DecimalField(label=label, required=False, min_value=0, max_digits=12, decimal_places=4)
        for name, label in RATES
    }
    return {f"{product}_{name}": field for name, field in fields.items()}


def _from(product: str, feature: Feature) -> str:
    editions = [e.label for e in Edition if feature in features_of(product, e)]
    return " and ".join(editions)


def initial_of(plan: ServicePlan | None, terms: Collection[ProductTerms], products: Sequence[str]) -> dict[str, Any]:
    """Return what stands in the form: the plan's terms, or Enterprise with every workload where it says nothing."""
    values: dict[str, Any] = {"name": plan.name, "version": plan.version} if plan else {}
    for product in products:
        usual = rules.full_terms(product, Edition.ENTERPRISE)
        values |= {f"{product}_included": plan is None, f"{product}_edition": Edition.ENTERPRISE}
        values |= {f"{product}_workloads": list(usual.workloads)}
    for each in terms:
        values |= {f"{each.product}_included": True, f"{each.product}_edition": each.edition}
        values |= {f"{each.product}_workloads": list(each.workloads), f"{each.product}_features": list(each.features)}
        values |= {f"{each.product}_{name}": getattr(each, name) for name, *_ in (*LIMITS, *RATES)}
    return values
