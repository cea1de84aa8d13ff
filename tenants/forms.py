"""The form of a product, for adding and editing: what may be chosen, what is filled in, and every rule beside its field."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from django import forms
from django.db.models import QuerySet

from customers.models import Customer
from msc.access.models import User
from msc.errors import DomainError
from msc.pages.when import absolute
from serviceplans.catalogue import USER_WORKLOADS, Product, Workload
from serviceplans.models import ServicePlan, StorageRegion
from tenants import ground, quota_changes, quotas, rules
from tenants.models import QuotaPeriod, Tenant
from tenants.rules import Choice, Quota, Users
from tenants.states import TenantType

TYPES = [(TenantType.EVALUATION.value, "Evaluation"), (TenantType.COMMERCIAL.value, "Commercial")]
QUOTA_FIELDS = ("quota", "quota_effective_on", "quota_end_on")


def day_field(label: str, help_text: str = "") -> forms.DateField:
    """Return a field for a calendar day of the MSP."""
    widget = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    return forms.DateField(label=label, required=False, widget=widget, help_text=help_text)


def count_field(label: str) -> forms.IntegerField:
    """Return a field for a number of users."""
    return forms.IntegerField(label=label, required=False, min_value=0, max_value=rules.MOST_USERS)


def plan_label(plan: ServicePlan) -> str:
    """Return the plan's name with the edition that it gives the product."""
    return f"{plan.name} ({plan.products.all()[0].get_edition_display()})"


class TenantForm(forms.Form):
    """A product as somebody wants it; without a tenant it is a new one."""

    service_plan: "forms.ModelChoiceField[ServicePlan]" = forms.ModelChoiceField(
        None, label="Service Plan", empty_label="Choose a plan"
    )
    tenant_type = forms.ChoiceField(label="Tenant Type", choices=TYPES, widget=forms.RadioSelect)
    confirm_commercial = forms.BooleanField(label="Make it commercial. This cannot be undone.", required=False)
    license_expiry = day_field("License Expiry Date")
    regions = forms.MultipleChoiceField(label="Storage Regions", required=False, widget=forms.CheckboxSelectMultiple)
    quota = forms.DecimalField(label="Quota (CU)", required=False, min_value=0, max_digits=16, decimal_places=4)
    quota_effective_on = day_field("Quota Effective Date")
    quota_end_on = day_field("Quota End Date")
    version = forms.IntegerField(required=False, widget=forms.HiddenInput)

    def __init__(
        self, *args: Any, user: User, customer: Customer, product: str, tenant: Tenant | None = None, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.customer, self.product, self.tenant = customer, product, tenant
        self.today = customer.msp.today()
        self.standing = ground.standing_of(tenant) if tenant else None
        self.periods = list(tenant.quota_periods.filter(replaced_at=None)) if tenant else []
        self.questions: list[quota_changes.Question] = []
        self.offered = ground.offered_regions(customer.msp_id, product)
        plans: Any = self.fields["service_plan"]
        plans.queryset = plans_covering(user, product)
        plans.label_from_instance = plan_label
        self._shape_type_and_expiry()
        self._shape_regions()
        if product == Product.SAAS:
            self.fields |= _user_fields()

    def _shape_type_and_expiry(self) -> None:
        if self.customer.is_sandbox:
            for name in ("tenant_type", "license_expiry", "confirm_commercial"):
                del self.fields[name]
            return
        if self.tenant is None or self.tenant.tenant_type == TenantType.COMMERCIAL:
            del self.fields["confirm_commercial"]
        if self.tenant and self.tenant.tenant_type == TenantType.COMMERCIAL:
            kinds: Any = self.fields["tenant_type"]
            kinds.choices = TYPES[1:]
            kinds.error_messages["invalid_choice"] = "A commercial product cannot become an evaluation again."
        self.fields["license_expiry"].help_text = self._expiry_help()

    def _expiry_help(self) -> str:
        kinds = [TenantType.EVALUATION, TenantType.COMMERCIAL]
        if self.standing and self.standing.tenant_type == TenantType.COMMERCIAL:
            kinds = [TenantType.COMMERCIAL]
        limits = [f"{kind.label}: at most {absolute(self._latest(kind))}" for kind in kinds]
        return "; ".join(limits) + "." + ("" if self.tenant else " If left empty, the latest possible date is used.")

    def _latest(self, kind: str) -> date:
        return rules.latest_expiry(Choice(self.product, None, kind, None, ()), self.standing, self.today)

    def _shape_regions(self) -> None:
        kept = self.standing.region_ids if self.standing else frozenset()
        places = StorageRegion.objects.filter(pk__in=self.offered | kept)
        self.places = {place.pk: place for place in places}
        self.kept = [self.places[pk] for pk in sorted(kept)]
        field: Any = self.fields["regions"]
        field.choices = [(pk, f"{place} ({place.place})") for pk, place in self.places.items() if pk not in kept]
        field.required = self.tenant is None
        field.error_messages["required"] = "Choose at least one storage region."
        if self.tenant:
            field.label = "Add storage regions"
            names = ", ".join(str(place) for place in self.kept)
            field.help_text = f"Stored in {names}. Regions can be added, never removed."

    def clean(self) -> dict[str, Any]:
        """Put every broken rule beside its field; a field that is in error already says enough."""
        data: dict[str, Any] = super().clean() or {}
        wanted_quota = self._quota(data)
        self._ask_about_periods(data, wanted_quota)
        silent = set(self.errors) | ({"license_expiry"} if "tenant_type" in self.errors else set())
        self.choice = self._choice(data, wanted_quota)
        for problem in rules.problems(
            self.choice, self.standing, offered=self.offered, is_sandbox=self.customer.is_sandbox, today=self.today
        ):
            if problem.field not in silent:
                self.add_error(problem.field if problem.field in self.fields else None, problem.message)
        if self.is_conversion and not data.get("confirm_commercial") and not self.errors:
            self.add_error("confirm_commercial", "Confirm the conversion. It cannot be undone.")
        return data

    @property
    def is_conversion(self) -> bool:
        """Whether an evaluation is to become commercial."""
        before = self.standing.tenant_type if self.standing else self.choice.tenant_type
        return before == TenantType.EVALUATION and self.choice.tenant_type == TenantType.COMMERCIAL

    def _quota(self, data: Mapping[str, Any]) -> Quota | None:
        if set(QUOTA_FIELDS) & set(self.errors):
            return None
        try:
            return rules.quota_of(data.get("quota"), data.get("quota_effective_on"), data.get("quota_end_on"))
        except DomainError as error:
            self.add_error(error.field, error.message)
            return None

    def _ask_about_periods(self, data: dict[str, Any], wanted: Quota | None) -> None:
        """Add a field for each earlier quota that the change touches; an outdated form is refused by the service."""
        if self.tenant is None or set(QUOTA_FIELDS) & set(self.errors) or data.get("version") != self.tenant.version:
            return
        if wanted and wanted.end_on <= wanted.effective_on:
            return
        self.questions = quota_changes.questions(wanted, self.periods, self.today)
        for question in self.questions:
            field = forms.ChoiceField(
                label=f"What happens to {question.label}?",
                choices=list(question.answers.items()),
                widget=forms.RadioSelect,
            )
            self.fields[question.field] = field
            answer = self.data.get(question.field, "")
            if answer in question.answers:
                data[question.field] = answer
            else:
                self.add_error(question.field, "Choose what happens to this quota.")

    def period_fields(self) -> list[forms.BoundField]:
        """Return the questions about earlier quotas."""
        return [self[question.field] for question in self.questions]

    def _choice(self, data: Mapping[str, Any], quota: Quota | None) -> Choice:
        plan: ServicePlan | None = data.get("service_plan")
        kind = TenantType.SANDBOX.value if self.customer.is_sandbox else data.get("tenant_type", TenantType.EVALUATION)
        chosen = [self.places[int(pk)] for pk in data.get("regions", ())]
        return Choice(
            product=self.product,
            plan=ground.plan_terms(plan, self.product) if plan else None,
            tenant_type=kind,
            license_expiry=self._expiry(kind, data.get("license_expiry")),
            regions=[*self.kept, *chosen],
            quota=quota,
            users=self._users(data),
        )

    def _expiry(self, kind: str, typed: date | None) -> date | None:
        """Return the day that was typed; the default when none was, or when a conversion left the old one standing."""
        if kind == TenantType.SANDBOX:
            return None
        standing = self.standing
        is_left = standing is not None and kind != standing.tenant_type and typed == standing.license_expiry
        if typed is None and standing is not None and kind == standing.tenant_type:
            return None
        return rules.default_expiry(kind, self.product, self.today) if typed is None or is_left else typed

    def _users(self, data: Mapping[str, Any]) -> dict[str, Users]:
        if self.product != Product.SAAS:
            return {}
        return {
            workload.value: Users(data.get(f"{workload}_users") or 0, data.get(f"{workload}_preserved_users") or 0)
            for workload in USER_WORKLOADS
        }

    def user_fields(self) -> list[tuple[forms.BoundField, forms.BoundField]]:
        """Return the two user counts of each workload, side by side."""
        return [(self[f"{each.value}_users"], self[f"{each.value}_preserved_users"]) for each in USER_WORKLOADS]

    def terms(self) -> dict[str, Any]:
        """Return what the service is asked for."""
        return {
            "plan": self.cleaned_data["service_plan"],
            "tenant_type": self.choice.tenant_type,
            "license_expiry": self.choice.license_expiry,
            "regions": self.choice.regions,
            "quota": self.choice.quota,
            "users": self.choice.users,
        }

    def answers(self) -> dict[int, str]:
        """Return what becomes of each earlier quota, by id."""
        return {each.period.pk: self.cleaned_data[each.field] for each in self.questions}

    def current(self) -> QuotaPeriod | None:
        """Return the quota that the form shows at first."""
        return quotas.current(self.periods, self.today)

    def coming(self) -> list[QuotaPeriod]:
        """Return the quotas that begin later than the current one."""
        return [period for period in quotas.others(self.periods, self.today) if period.effective_on > self.today]

    def renewal(self) -> Quota | None:
        """Return the quota that would follow the last one."""
        return quota_changes.renewal_of(self.periods, self.today)


def plans_covering(user: User, product: str) -> QuerySet[ServicePlan]:
    """Return the plans of the person's MSP that cover the product, each with what it says of it."""
    return ServicePlan.objects.for_user(user).covering(product).with_terms_of(product).order_by("folded_name", "pk")


def _user_fields() -> dict[str, forms.Field]:
    fields: dict[str, forms.Field] = {}
    for workload in USER_WORKLOADS:
        label = Workload(workload).label
        fields[f"{workload.value}_users"] = count_field(f"{label}: User Count")
        fields[f"{workload.value}_preserved_users"] = count_field(f"{label}: Preserved User Count")
    return fields


def initial_of(tenant: Tenant, *, renews: bool = False) -> dict[str, Any]:
    """Return the initial values of the form of a product: its current quota, or the one that would follow it."""
    quota = ground.current_quota(tenant)
    if renews:
        quota = quota_changes.renewal_of(tenant.quota_periods.all(), tenant.customer.msp.today())
    counts = {
        f"{workload}_{name}": count
        for workload, users in ground.users_of(tenant).items()
        for name, count in (("users", users.active), ("preserved_users", users.preserved))
    }
    return {
        "service_plan": tenant.service_plan_id,
        "tenant_type": tenant.tenant_type,
        "license_expiry": tenant.license_expiry,
        "quota": quota_changes.plain(quota.amount) if quota else None,
        "quota_effective_on": quota.effective_on if quota else None,
        "quota_end_on": quota.end_on if quota else None,
        "version": tenant.version,
        **counts,
    }


class DeleteForm(forms.Form):
    """When to delete a product, and its name where backups have run."""

    delete_on = day_field("Delete date")
    typed_name = forms.CharField(label="", required=False, max_length=100)

    def __init__(self, *args: Any, tenant: Tenant, asks_for_name: bool, has_data: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        help_text = f"Until then the deletion can be cancelled. At most {rules.GRACE_MOST_DAYS} days from today."
        if not has_data:
            today = absolute(tenant.customer.msp.today())
            help_text += f" This product has no data: choose today, {today}, to delete it within minutes."
        self.fields["delete_on"].help_text = help_text
        if not asks_for_name:
            del self.fields["typed_name"]
            return
        self.fields["typed_name"].label = f"Type {tenant.get_product_display()} to confirm"
        self.fields["typed_name"].help_text = "Backups of this product exist."
