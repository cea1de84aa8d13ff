"""The services refuse by themselves, whoever calls them: a right that is not held, and what another MSP owns.

The pages ask before them, so nothing here can be seen through a page.
"""

from datetime import date

import pytest
from django.core.exceptions import PermissionDenied

from customers import assignments, imports
from customers import services as customers
from health.models import DataSource
from health.services import set_policy
from health.subscriptions import subscribe
from msc.access import scope
from msc.access.roles import Role
from msc.errors import DomainError
from msc.people import services as people
from msc.people.credentials import create_credential, revoke_credential
from msc.people.models import ApiCredential, SingleSignOn
from msc.people.msp_settings import change_settings
from msc.people.sso.services import change_single_sign_on
from serviceplans import services as plans
from serviceplans.models import StorageRegion
from tenants import removal
from tenants import services as tenants
from tests import factories

FILE = b"Name,Address,Phone Number\nAlder Bakery,1 Lane,+49 431 123456\n"
NEW_PERSON = {"email": "new@person.example", "first_name": "Nora", "last_name": "New", "role": Role.READ_ONLY}
PROVIDER = {
    "is_on": False,
    "label": "Our people",
    "protocol": "oidc",
    "issuer": "https://sso.example",
    "client_id": "portal",
    "sign_in_url": "",
    "certificate": "",
    "domains": [],
}


@pytest.fixture
def source(scoped, harbour):
    tenant = factories.make_tenant(harbour, factories.make_plan(scoped), "hybrid")
    return DataSource.objects.create(
        msp=scoped, customer=harbour, tenant=tenant, organization="Kiel", name="db", folded_name="db", workload="vmware"
    )


def policy(by, source):
    set_policy(by=by, source=source, version=1, name="Daily", interval_hours=24, retention_days=30)


# -- Rights -------------------------------------------------------------------------------------------------------


def create_customer(by, harbour):
    customers.create_customer(by=by, name="New", address="1 Lane", phone="+49431123456", hide_name=False)


def upload(by, harbour):
    imports.upload(by=by, file_name="customers.csv", raw=FILE)


def assign(by, harbour):
    assignments.assign_to_person(by=by, person=factories.make_person(by.msp, Role.TENANT_ADMIN), add=[], remove=[])


def add_tenant(by, harbour):
    tenants.add_tenant(
        by=by,
        customer=harbour,
        product="hybrid",
        plan=factories.make_plan(by.msp),
        tenant_type="commercial",
        license_expiry=date(2030, 1, 1),
        regions=[StorageRegion.objects.get(name="us-east-1")],
    )


def delete_customer(by, harbour):
    factories.make_tenant(harbour, factories.make_plan(by.msp), "saas")
    removal.delete_customer(by=by, customer=harbour)


def copy_plan(by, harbour):
    plans.copy_plan(by=by, plan=factories.make_plan(by.msp, "Gold"), name="Silver")


def invite(by, harbour):
    people.invite_administrator(by=by, msp=by.msp, **NEW_PERSON)


def deactivate(by, harbour):
    people.deactivate_administrator(by=by, person=factories.make_person(by.msp, Role.READ_ONLY))


def new_credential(by, harbour):
    create_credential(by=by, name="Backup server", scopes=["runs:write"])


def revoke(by, harbour):
    credential, _ = ApiCredential.issue(msp=by.msp, name="Old", scopes=["runs:write"], created_by=by)
    revoke_credential(by=by, credential=credential)


def settings(by, harbour):
    change_settings(by=by, version=1, values={})


def single_sign_on(by, harbour):
    change_single_sign_on(by=by, version=0, values=PROVIDER, secret="")


def subscription(by, harbour):
    subscribe(by=by, severities=[], types=[], delivery="at_once", digest_hour=8)


@pytest.mark.parametrize(
    "act",
    [
        create_customer,
        upload,
        assign,
        add_tenant,
        delete_customer,
        copy_plan,
        invite,
        deactivate,
        new_credential,
        revoke,
        settings,
        single_sign_on,
        subscription,
    ],
)
def test_a_reader_may_change_nothing(scoped, rita, harbour, act):
    with pytest.raises(PermissionDenied):
        act(rita, harbour)


def test_a_reader_sets_no_policy(rita, source):
    with pytest.raises(PermissionDenied):
        policy(rita, source)


def test_an_import_is_started_and_discarded_by_those_who_may_create(scoped, ada, rita):
    pending = imports.upload(by=ada, file_name="customers.csv", raw=FILE)
    for act in (imports.confirm, imports.discard):
        with pytest.raises(PermissionDenied):
            act(by=rita, pending=pending)


# -- Other MSPs ---------------------------------------------------------------------------------------------------


def test_another_msps_policy_is_not_set(eve, source):
    with pytest.raises(DomainError, match="gone"):
        policy(eve, source)


def test_another_msp_invites_nobody_here_and_shuts_nothing_out(scoped, ada, eve):
    with pytest.raises(PermissionDenied):
        people.invite_administrator(by=eve, msp=scoped, **NEW_PERSON)
    credential, _ = create_credential(by=ada, name="Backup server", scopes=["runs:write"])
    with pytest.raises(PermissionDenied):
        revoke_credential(by=eve, credential=credential)


def test_each_msp_has_its_own_provider(ada, eve):
    for person in (ada, eve):
        with scope.entered("portal", msp=person.msp_id):
            change_single_sign_on(
                by=person, version=0, values=PROVIDER | {"label": f"Of {person.first_name}"}, secret="s3cret"
            )
    for person in (ada, eve):
        with scope.entered("portal", msp=person.msp_id):
            found = SingleSignOn.objects.for_user(person).get()
            assert (found.label, found.version) == (f"Of {person.first_name}", 1)
