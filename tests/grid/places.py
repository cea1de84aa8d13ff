"""What stands in the path of each address: of an owner's things, or of nothing at all."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver, reverse

from tests.grid.world import Owned

MISSING_ID = 999_999_999
OWNERS = ("own", "sibling", "foreign")

_gone = SimpleNamespace(pk=MISSING_ID)
MISSING = SimpleNamespace(
    **dict.fromkeys(Owned.__dataclass_fields__, _gone) | {"msp": SimpleNamespace(pk=MISSING_ID, slug="no-such-msp")}
)


@dataclass(frozen=True)
class Named:
    """A pattern of the URL configuration with its full name."""

    name: str
    parameters: tuple[str, ...]
    view: Any


def patterns(resolver: URLResolver | None = None, spaces: str = "") -> Iterator[Named]:
    """Return every pattern of the portal; one without a name is called by its view."""
    for pattern in (resolver or get_resolver()).url_patterns:
        if isinstance(pattern, URLResolver):
            yield from patterns(pattern, f"{spaces}{pattern.namespace}:" if pattern.namespace else spaces)
        elif isinstance(pattern, URLPattern):
            callback: Any = pattern.callback
            view = getattr(callback, "view_class", getattr(callback, "cls", callback))
            name = pattern.name or f"({getattr(view, '__name__', '')} {pattern.pattern})"
            yield Named(spaces + name, tuple(pattern.pattern.converters) or _groups(pattern), view)


def _groups(pattern: URLPattern) -> tuple[str, ...]:
    regex: Any = pattern.pattern.regex
    return tuple(regex.groupindex)


Path = Callable[[Any], dict[str, Any]]


def _pk(attribute: str) -> Path:
    return lambda owned: {"pk": getattr(owned, attribute).pk}


def _product(attribute: str, customer: str = "customer") -> Path:
    return lambda owned: {"customer": getattr(owned, customer).pk, "pk": getattr(owned, attribute).pk}


def _contact(owned: Any) -> dict[str, Any]:
    return {"pk": owned.customer.pk, "contact": owned.contact.pk}


def _object(attribute: str) -> Path:
    return lambda owned: {"object_id": str(getattr(owned, attribute).pk)}


#: Which thing of an owner an address names; an address that is not here names none.
PATHS: dict[str, Path] = {
    "customers:page": _pk("customer"),
    "customers:history": _pk("customer"),
    "health:customer": _pk("customer"),
    "customers:edit": _pk("customer"),
    "customers:add_contact": _pk("customer"),
    "customers:edit_contact": _contact,
    "customers:delete_contact": _contact,
    "customers:import": _pk("pending"),
    "customers:start_import": _pk("pending"),
    "customers:discard_import": _pk("pending"),
    "tenants:delete_customer": _pk("bare"),
    "tenants:choose": lambda owned: {"customer": owned.bare.pk},
    "tenants:add": lambda owned: {"customer": owned.bare.pk, "product": "hybrid"},
    "tenants:expiry": lambda owned: {"customer": owned.bare.pk, "product": "hybrid"},
    "tenants:detail": _product("ready"),
    "health:usage": _product("ready"),
    "tenants:edit": _product("ready"),
    "tenants:suspend": _product("ready"),
    "tenants:activate": _product("suspended", "second"),
    "tenants:delete": _product("ready"),
    "tenants:cancel_deletion": _product("deleting"),
    "tenants:product": _pk("ready"),
    "health:alert": _pk("alert"),
    "health:close-alert": _pk("alert"),
    "health:policy": _pk("source"),
    "tenants:edit_plan": _pk("plan"),
    "tenants:delete_plan": _pk("unused"),
    "tenants:plan_terms": lambda owned: {"product": "hybrid"},
    "serviceplans:page": _pk("plan"),
    "serviceplans:copy": _pk("plan"),
    "people:administrator": _pk("person"),
    "people:edit": _pk("person"),
    "people:deactivate": _pk("person"),
    "people:reactivate": _pk("off"),
    "people:reset": _pk("person"),
    "people:reinvite": _pk("invited"),
    "people:revoke_credential": _pk("credential"),
    "people:event": _pk("event"),
    "assigned_customers": _pk("person"),
    "mfa_edit_webauthn": lambda owned: {"pk": MISSING_ID},
    "mfa_remove_webauthn": lambda owned: {"pk": MISSING_ID},
    "account_reset_password_from_key": lambda owned: {"uidb36": "zz", "key": "set-password"},
    "single_sign_on": lambda owned: {"slug": owned.msp.slug},
    "openid_connect_callback": lambda owned: {"provider_id": owned.msp.slug},
    "saml_acs": lambda owned: {"organization_slug": owned.msp.slug},
    "saml_finish_acs": lambda owned: {"organization_slug": owned.msp.slug},
    "saml_metadata": lambda owned: {"organization_slug": owned.msp.slug},
    "saml_sls": lambda owned: {"organization_slug": owned.msp.slug},
    "admin:app_list": lambda owned: {"app_label": "customers"},
}
#: The things that support staff look at.
SUPPORTED = {
    "access_msp": "msp",
    "access_user": "person",
    "people_apicredential": "credential",
    "customers_customer": "customer",
    "tenants_tenant": "deleting",
    "serviceplans_serviceplan": "plan",
    "mail_outboxmessage": "mail",
    "events_event": "event",
    "health_run": "run",
}
PATHS |= {
    f"admin:{model}_{page}": _object(attribute)
    for model, attribute in SUPPORTED.items()
    for page in (
        "change",
        "history",
        "delete",
        "act_edit",
        "act_unlock",
        "act_revoke",
        "act_send_again",
        "act_cancel_deletion",
    )
}


#: What an address asks for in its query before it answers.
_TOOL = "?tenant={owned.ready.pk}&organization=Kiel&source=srv-1&job=a-new-job&exit=0"
QUERIES = {
    "tenants:expiry": "?tenant_type=commercial",
    "tenants:plan_terms": "?service_plan={owned.plan.pk}",
    "people:invitation": "?token={owned.token}",
    "health:api-runs-restic": _TOOL,
    "health:api-runs-borg": _TOOL,
}


def url(name: str, owned: Any) -> str:
    """Return the address of a name for what the owner has."""
    path = PATHS.get(name)
    return (reverse(name, kwargs=path(owned)) if path else reverse(name)) + QUERIES.get(name, "").format(owned=owned)


def names_an_object(name: str) -> bool:
    """Whether the address holds an id or a slug of somebody."""
    path = PATHS.get(name)
    return path is not None and str(MISSING_ID) in str(path(MISSING)) and not name.startswith("mfa_")
