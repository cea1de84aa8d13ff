"""What each form sends when everything in it is right, for the thing of an owner."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from health.statuses import Delivery
from tests.factories import PASSWORD
from tests.grid.world import Owned, World

Form = Callable[[World, Owned], dict[str, Any]]

CUSTOMER = {"name": "Brandnew", "address": "1 New Street", "phone": "+49431123456"}
PERSON = {"first_name": "Nora", "last_name": "New", "role": "read_only"}
PLAN = {
    "name": "A new plan",
    "hybrid_included": "on",
    "hybrid_edition": "enterprise",
    "hybrid_workloads": ["vmware", "file_server"],
    "saas_included": "on",
    "saas_edition": "enterprise",
    "saas_workloads": ["m365"],
}
MSP = {"name": "New MSP", "time_zone": "Europe/Berlin", "products": ["hybrid"]}


def _customer(world: World, owned: Owned) -> dict[str, Any]:
    # The customers' names are hidden: the form that shows them asks for a confirmation.
    return CUSTOMER | {"version": owned.customer.version, "may_reveal": "on"}


def _new_product(world: World, owned: Owned) -> dict[str, Any]:
    return {"service_plan": owned.plan.pk, "tenant_type": "evaluation", "regions": [world.region.pk]}


def _product(world: World, owned: Owned) -> dict[str, Any]:
    return {
        "service_plan": owned.unused.pk,
        "tenant_type": "commercial",
        "license_expiry": owned.ready.license_expiry,
        "regions": [world.second_region.pk],
        "version": owned.ready.version,
    }


def _settings(world: World, owned: Owned) -> dict[str, Any]:
    return {
        "time_zone": "Europe/Paris",
        "address": "somewhere",
        "quota_warning_percent": 70,
        "quota_critical_percent": 95,
        "version": 1,
    }


def _provider(world: World, owned: Owned) -> dict[str, Any]:
    return {
        "label": "Provider",
        "protocol": "oidc",
        "issuer": "https://issuer.example",
        "client_id": "portal",
        "secret": "not-a-secret",
        "version": 1,
    }


def _runs(world: World, owned: Owned) -> dict[str, Any]:
    record = {
        "tenant": owned.ready.pk,
        "organization": "Kiel",
        "data_source": "srv-1",
        "workload": "file_server",
        "job_id": "a-new-job",
        "kind": "backup",
        "status": "successful",
        "started_at": timezone.now().isoformat(),
        "ended_at": timezone.now().isoformat(),
    }
    return {"records": [record]}


def _usage(world: World, owned: Owned) -> dict[str, Any]:
    record = {
        "tenant": owned.ready.pk,
        "day": str(timezone.localdate() - timedelta(days=1)),  # over in every zone
        "workload": "file_server",
        "measure": "Stored data",
        "usage_amount": "1",
        "unit": "bytes",
        "cu_consumed": "1",
    }
    return {"records": [record]}


FORMS: dict[str, Form] = {
    "customers:create": lambda world, owned: CUSTOMER | {"tenant_admins": [owned.person.pk]},
    "customers:edit": lambda world, owned: _customer(world, owned) | {"tenant_admins": [owned.person.pk]},
    "customers:add_contact": lambda world, owned: {"name": "Nina New", "email": "nina@mail.example"},
    "customers:edit_contact": lambda world, owned: {"name": "Nina New", "version": owned.contact.version},
    "customers:imports": lambda world, owned: {
        "file": SimpleUploadedFile("new.csv", b"Customer Name,Address,Phone Number\nNew,Street,+49431123456\n")
    },
    "tenants:add": _new_product,
    "tenants:edit": _product,
    "tenants:delete": lambda world, owned: {
        "delete_on": timezone.localdate() + timedelta(days=7),
        "typed_name": "Hybrid Workloads",
    },
    "tenants:edit_plan": lambda world, owned: PLAN | {"version": owned.plan.version, "confirm_impact": "on"},
    "serviceplans:create": lambda world, owned: PLAN,
    "serviceplans:copy": lambda world, owned: PLAN,
    "people:invite": lambda world, owned: PERSON | {"email": "nora@new.example"},
    "people:edit": lambda world, owned: PERSON | {"role": "tenant_admin", "version": 1},
    "people:settings": _settings,
    "people:create_credential": lambda world, owned: {"name": "A program", "scopes": ["runs:write"]},
    "people:invitation": lambda world, owned: {
        "token": owned.token,
        "new_password1": PASSWORD,
        "new_password2": PASSWORD,
    },
    "assigned_customers": lambda world, owned: {"add": [owned.second.pk], "remove": [owned.customer.pk]},
    "single_sign_on_settings": _provider,
    "health:subscription": lambda world, owned: {
        "severities": ["3"],
        "delivery": Delivery.AT_ONCE.value,
        "digest_hour": 7,
        "version": 0,
    },
    "health:close-alert": lambda world, owned: {"reason": "The restore is no longer needed."},
    "health:policy": lambda world, owned: {"name": "Weekly", "interval_hours": "168", "version": owned.source.version},
    "health:api-runs": _runs,
    "health:api-usage": _usage,
    "profile_edit": lambda world, owned: {"first_name": "New", "last_name": "Name", "time_zone": "", "version": 1},
    "account_login": lambda world, owned: {"login": "ada@northwind.example", "password": PASSWORD},
    "account_reset_password": lambda world, owned: {"email": "ada@northwind.example"},
    "account_reauthenticate": lambda world, owned: {"password": PASSWORD},
    "account_change_password": lambda world, owned: {
        "oldpassword": PASSWORD,
        "password1": "a-new-" + PASSWORD,
        "password2": "a-new-" + PASSWORD,
    },
    "admin:access_msp_act_open": lambda world, owned: (
        MSP
        | {
            "slug": "new-msp",
            "hybrid_regions": [world.region.pk],
            "address": "1 Street",
            "phone": "+49431123456",
            "email": "first@new.example",
            "first_name": "First",
            "last_name": "Person",
        }
    ),
    "admin:access_msp_act_edit": lambda world, owned: (
        MSP | {"state": "active", "hybrid_regions": [world.region.pk], "version": owned.msp.version}
    ),
}


def form(name: str, world: World, owned: Owned) -> dict[str, Any]:
    """Return what the form of a name sends."""
    return FORMS[name](world, owned) if name in FORMS else {}
