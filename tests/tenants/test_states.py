"""Every state, action, role and path: the table of `docs/guide/product-states.md` is made here and must be true.

MSC_WRITE_DOCS=1 writes the file; without it the test compares.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from django.core.exceptions import PermissionDenied
from django.db import DatabaseError, connection, transaction

from customers.services import create_sandbox_customer
from msc.access import scope
from msc.access.actors import TaskActor
from msc.access.models import User
from msc.access.roles import Role
from msc.errors import DomainError
from tenants import services, transitions
from tenants.ground import current_quota
from tenants.models import Tenant
from tenants.states import ACTIONS, MOVES, MOVES_OF_TASKS, SANDBOX_STATES, Action, TenantState, TenantType
from tests import factories
from tests.cast import signed_in

pytestmark = [pytest.mark.django_db, pytest.mark.pg15]
S = TenantState
PAGE = Path(__file__).parents[2] / "docs/guide/product-states.md"
TARGETS = {"edit": S.UPDATING, "suspend": S.SUSPENDED, "activate": S.READY, "delete": S.DELETING, "cancel": S.READY}
HEAD = """# What can be done to a product, in which state, by whom

This page is made by `tests/tenants/test_states.py` (`MSC_WRITE_DOCS=1`), which also proves each line of it: by the
dialog, by a forged POST without the dialog, by the service itself, and by an `UPDATE` as the portal's database role.
"""


@contextmanager
def taken_back() -> Iterator[None]:
    """Run an attempt and take it back."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def edit(by: User, tenant: Tenant) -> None:
    quota = current_quota(tenant)
    services.edit_tenant(
        by=by,
        tenant=tenant,
        version=tenant.version,
        plan=tenant.service_plan,
        tenant_type=tenant.tenant_type,
        license_expiry=tenant.license_expiry,
        regions=[row.region for row in tenant.regions.all()],
        quota=quota,
    )


SERVICES: dict[str, Callable[[User, Tenant], object]] = {
    "edit": edit,
    "suspend": lambda by, tenant: transitions.suspend_tenant(by=by, tenant=tenant),
    "activate": lambda by, tenant: transitions.activate_tenant(by=by, tenant=tenant),
    "delete": lambda by, tenant: transitions.delete_tenant(by=by, tenant=tenant),
    "cancel": lambda by, tenant: transitions.cancel_deletion(by=by, tenant=tenant),
}


def address(tenant: Tenant, action: Action) -> str:
    last = {"cancel": "cancel-deletion"}.get(action.name, action.name)
    return f"/customers/{tenant.customer_id}/products/{tenant.pk}/{last}/"


def fields(tenant: Tenant) -> dict[str, object]:
    """Return what a forged form sends; each action reads its own."""
    return {
        "service_plan": tenant.service_plan_id,
        "tenant_type": tenant.tenant_type,
        "license_expiry": tenant.license_expiry or "",
        "version": tenant.version,
    }


def answer(response) -> str:
    """Say how a page answered: its status where that says all, else the message it gives."""
    if response.status_code in (403, 404):
        return str(response.status_code)
    if response.status_code == 302:
        return "allowed"
    context = response.context
    error = context.get("error")
    if error is not None:
        return error.message
    form = context.get("form")
    if form is not None and form.errors:
        return " ".join(message for messages in form.errors.values() for message in messages)
    return "allowed"


def by_service(by: User, tenant: Tenant, action: Action) -> str:
    said = "allowed"
    with taken_back():
        try:
            SERVICES[action.name](by, tenant)
        except PermissionDenied:
            said = "403"
        except DomainError as error:
            said = error.message
    return said


def by_update(tenant: Tenant, to: str, *, role: scope.RoleName = "portal") -> str:
    """Try the move past all code, with everything set beside it that the move needs."""
    beside = {
        "delete_on": "delete_on = current_date + 7, state_before_deleting = state",
        S.DELETED: "deleted_at = now()",
    }
    more = {S.DELETING: beside["delete_on"], S.DELETED: beside[S.DELETED]}.get(to, "version = version + 1")
    said = "allowed"
    with taken_back():
        scope.enter(role, msp=tenant.msp_id)
        try:
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute(f"UPDATE tenants_tenant SET state = %s, {more} WHERE id = %s", [to, tenant.pk])
        except DatabaseError as error:
            said = rule_of(error)
    return said


def raw_answer(tenant: Tenant, to: str) -> str:
    said = by_update(tenant, to)
    return "no move" if to == tenant.state and said == "allowed" else said


def rule_of(error: DatabaseError) -> str:
    diagnosis = error.__cause__.diag
    if diagnosis.constraint_name:
        return diagnosis.constraint_name
    return "tenant_moves_by_the_table" if "Invalid transition" in str(error) else "purged_tenant_stays_as_it_is"


@pytest.fixture
def tenants(northwind, scoped, tom) -> dict[tuple[str, str], Tenant]:
    """A commercial product in every state, all in tom's charge, and a sandbox product in each of its states."""
    plan = factories.make_plan(northwind)
    made = {
        (TenantType.COMMERCIAL, state): factories.make_tenant(
            factories.make_customer(northwind, admins=(tom,)), plan, state=state
        )
        for state in S
    }
    sandbox = create_sandbox_customer(
        by=TaskActor("opening", msp_id=northwind.pk), msp=northwind, address="1 Pier", phone="+49301234567"
    )
    tenant = factories.make_tenant(sandbox, plan, tenant_type=TenantType.SANDBOX, state=S.CREATING)
    made |= {(TenantType.SANDBOX, state): tenant for state in SANDBOX_STATES}
    return made


def stand(tenant: Tenant, state: str) -> Tenant:
    """Bring the sandbox's one product into the state, as the tasks and an edit do."""
    path = {S.CREATING: (), S.READY: (S.READY,), S.UPDATING: (S.READY, S.UPDATING)}
    if tenant.tenant_type == TenantType.SANDBOX:
        with scope.entered("worker", msp=tenant.msp_id):
            for step in path[state]:
                Tenant.objects.filter(pk=tenant.pk).update(state=step)
        tenant.refresh_from_db()
    return tenant


@pytest.fixture
def people(ada, tom, rita, eve, scoped) -> dict[str, User]:
    idle = factories.make_person(scoped, Role.TENANT_ADMIN, email="ida@northwind.example", name="Ida Idle")
    return {
        "MSP administrator": ada,
        "Tenant administrator in charge": tom,
        "Tenant administrator of others": idle,
        "Read-only administrator": rita,
        "Administrator of another MSP": eve,
    }


def attempts(tenants, people) -> Iterator[tuple[str, ...]]:
    """Try everything, and return a line of the table for each."""
    for (kind, state), one in tenants.items():
        with taken_back():
            tenant = stand(one, state)
            raw = {action.name: raw_answer(tenant, TARGETS[action.name]) for action in ACTIONS}
            for role, person in people.items():
                client = signed_in(person)
                for action in ACTIONS:
                    with taken_back():
                        form = answer(client.get(address(tenant, action)))
                    with taken_back():
                        post = answer(client.post(address(tenant, action), fields(tenant)))
                    service = by_service(person, Tenant.objects.get(pk=tenant.pk), action)
                    yield kind.label, state.label, action.verb, role, form, post, service, raw[action.name]


def table(lines: list[tuple[str, ...]]) -> str:
    """Write the lines, with those of one outcome together."""
    together: dict[tuple[str, ...], list[str]] = {}
    for kind, state, action, role, form, post, service, raw in lines:
        same = ("as the dialog" if post == form else post, "as the dialog" if service == form else service)
        together.setdefault((kind, state, action, form, *same, raw), []).append(role)
    heads = ("Type", "State", "Action", "Who", "Dialog", "Forged POST", "Service", "UPDATE as `msc_portal`")
    rows = [(*key[:3], ", ".join(roles), *key[3:]) for key, roles in together.items()]
    written = [" | ".join(row) for row in [heads, ("---",) * len(heads), *rows]]
    return HEAD + "\n" + "\n".join(f"| {row} |" for row in written) + "\n"


def test_every_state_action_role_and_path(tenants, people):
    lines = list(attempts(tenants, people))
    for kind, state, action, role, form, post, service, _raw in lines:
        where = (kind, state, action, role)
        # Nobody is in charge of the sandbox customer.
        is_theirs = role == "Tenant administrator in charge" and kind == TenantType.SANDBOX.label
        if is_theirs or role in ("Tenant administrator of others", "Administrator of another MSP"):
            assert (form, post, service) == ("404", "404", "403"), where
        elif role == "Read-only administrator":
            assert (form, post, service) == ("403", "403", "403"), where
        elif state == S.DELETED.label:
            assert (form, post) == ("404", "404"), where
            assert service != "allowed", where
        else:
            assert form == post == service, where
    open_to_admins = {
        (kind, state, action)
        for kind, state, action, role, _form, _post, service, _raw in lines
        if role == "MSP administrator" and service == "allowed"
    }
    assert open_to_admins == {
        ("Commercial", "Ready", "Edit"),
        ("Commercial", "Ready", "Suspend"),
        ("Commercial", "Suspended", "Activate"),
        ("Commercial", "Creating", "Delete"),
        ("Commercial", "Ready", "Delete"),
        ("Commercial", "Suspended", "Delete"),
        ("Commercial", "Deleting", "Cancel deletion"),
        ("Sandbox", "Ready", "Edit"),
    }
    text = table(lines)
    if os.environ.get("MSC_WRITE_DOCS"):
        PAGE.parent.mkdir(parents=True, exist_ok=True)
        PAGE.write_text(text)
    assert PAGE.read_text() == text


@pytest.mark.parametrize("role", ["portal", "worker"])
def test_the_database_holds_to_the_table_of_moves(tenants, role):
    for (kind, state), one in tenants.items():
        with taken_back():
            tenant = stand(one, state)
            for to in S:
                is_move = to in MOVES[state] and not (state == S.DELETING and to in (S.SUSPENDED, S.CREATING))
                is_ours = role == "worker" or (state, to) not in MOVES_OF_TASKS
                is_sandbox_move = kind != TenantType.SANDBOX or to in SANDBOX_STATES
                expected = (state == to and state != S.DELETED) or (is_move and is_ours and is_sandbox_move)
                # The same state again changes nothing; only Deleting needs its own values kept.
                if state == to:
                    continue
                assert (by_update(tenant, to, role=role) == "allowed") == expected, (kind, state, to)
