"""Django admin for support staff: who gets in, what they find, what they may do."""

import pytest
from django.utils import timezone

from customers.models import Customer
from health.models import DataSource, Run
from health.statuses import RunKind, RunStatus
from msc.access import scope
from msc.access.models import User
from msc.events import log
from msc.events.models import Event
from msc.mail import outbox
from msc.mail.models import OutboxMessage
from msc.people.models import ApiCredential
from serviceplans.models import StorageRegion
from tenants.models import Tenant
from tests import factories
from tests.sign_in import client_of
from tests.support.browser import support_client

pytestmark = pytest.mark.django_db

HIDDEN = "Zebra Incorporated"
MODELS = (
    "access/msp",
    "access/user",
    "people/apicredential",
    "customers/customer",
    "tenants/tenant",
    "health/run",
    "serviceplans/serviceplan",
    "mail/outboxmessage",
    "events/event",
)


@pytest.fixture
def hidden(scoped, ada) -> Customer:
    """A customer whose name the vendor must not know, with a product, an event and an e-mail."""
    customer = factories.make_customer(
        scoped, HIDDEN, account_name="ACC-77", address="7 Stripes Road", phone="+493077777777", created_by=ada
    )
    plan = factories.make_plan(scoped, "Gold")
    tenant = factories.make_tenant(customer, plan)
    source = DataSource.objects.create(
        msp=scoped,
        customer=customer,
        tenant=tenant,
        organization=HIDDEN,
        name=HIDDEN,
        folded_name="x",
        workload="vmware",
    )
    now = timezone.now()
    Run.objects.create(
        msp=scoped,
        tenant=tenant,
        data_source=source,
        job_id=HIDDEN,
        message=HIDDEN,
        kind=RunKind.BACKUP,
        status=RunStatus.FAILED,
        ended_at=now,
        moment=now,
        changed_at=now,
        reported_at=now,
    )
    factories.make_contact(customer, "Zoe Zebra")
    log.record(
        by=ada,
        action="customer.created",
        on=customer,
        label="ACC-77",
        customer_id=customer.pk,
        private={"Customer Name": ("", HIDDEN)},
        private_label=HIDDEN,
    )
    ApiCredential.issue(msp=scoped, name="Backup server", scopes=["runs:write"], created_by=ada)
    outbox.queue(
        key="x",
        kind="customer.created",
        to=ada.email,
        template="account_notice",
        context={"person": ada, "sentence": HIDDEN},
        msp_id=scoped.pk,
    )
    return customer


@pytest.fixture
def vendor(sam, hidden):
    return support_client(sam)


def _objects() -> list[tuple[str, int]]:
    with scope.entered("support"):
        return [
            ("customers/customer", Customer.objects.get(account_name="ACC-77").pk),
            ("health/run", Run.objects.values_list("pk", flat=True).get()),
            ("events/event", Event.objects.latest("pk").pk),
            ("mail/outboxmessage", OutboxMessage.objects.latest("pk").pk),
            ("people/apicredential", ApiCredential.objects.values_list("pk", flat=True).latest("pk")),
            ("access/user", User.objects.filter(role="msp_admin").latest("pk").pk),
        ]


@pytest.mark.parametrize("name", ["ada", "tom", "rita"])
def test_people_of_an_msp_stay_outside(request, name):
    browser = client_of(request.getfixturevalue(name))
    for path in ("/support/", "/support/customers/customer/", "/support/login/"):
        assert browser.get(path, follow=True).status_code == 403


def test_strangers_are_led_to_sign_in(client):
    answer = client.get("/support/customers/customer/", follow=True)
    assert answer.redirect_chain[-1][0].startswith("/account/sign-in/?next=")
    assert answer.status_code == 200


@pytest.mark.parametrize(
    ("proofs", "status"),
    [((), 403), (("password",), 403), (("code",), 403), (("password", "code"), 200), (("password", "mfa"), 200)],
)
def test_one_proof_is_not_enough(sam, proofs, status):
    assert support_client(sam, proofs).get("/support/", follow=True).status_code == status


@pytest.mark.parametrize("model", MODELS)
def test_every_list_opens_and_is_searched(vendor, model):
    for query in ({}, {"q": "north"}, {"q": "7"}, {"o": "-1.2"}, {"p": "1"}, {"q": "' OR 1=1 --"}):
        assert vendor.get(f"/support/{model}/", query).status_code == 200


def test_every_page_of_a_hidden_customer_is_silent(vendor):
    pages = [f"/support/{model}/" for model in MODELS]
    for model, pk in _objects():
        pages += [f"/support/{model}/{pk}/change/", f"/support/{model}/{pk}/history/"]
    for path in pages:
        answer = vendor.get(path)
        assert answer.status_code == 200, path
        text = answer.content.decode()
        for secret in (HIDDEN, "Stripes", "77777777", "Zoe Zebra"):
            assert secret not in text, path
    assert "ACC-77" in vendor.get("/support/customers/customer/").content.decode()


def test_an_object_leads_to_what_belongs_to_it(vendor, northwind, eastgate, hidden):
    page = vendor.get(f"/support/access/msp/{northwind.pk}/change/").content.decode()
    for model, name in (("customers/customer", "msp"), ("events/event", "msp_id"), ("tenants/tenant", "msp")):
        assert f"/support/{model}/?{name}={northwind.pk}" in page
        assert vendor.get(f"/support/{model}/?{name}={northwind.pk}").status_code == 200
    assert "ACC-77" in vendor.get(f"/support/customers/customer/?msp={northwind.pk}").content.decode()
    assert "ACC-77" not in vendor.get(f"/support/customers/customer/?msp={eastgate.pk}").content.decode()
    assert f"?customer={hidden.pk}" in vendor.get(f"/support/customers/customer/{hidden.pk}/change/").content.decode()


@pytest.mark.parametrize("model", MODELS)
def test_nothing_is_added_deleted_or_changed_by_forms(vendor, model):
    pk = dict(_objects()).get(model, 1)
    assert vendor.get(f"/support/{model}/add/").status_code == 403
    assert vendor.post(f"/support/{model}/add/", {"name": "x"}).status_code == 403
    assert vendor.post(f"/support/{model}/{pk}/delete/", {"post": "yes"}).status_code in (302, 403)
    assert vendor.post(f"/support/{model}/{pk}/change/", {"account_name": "x"}).status_code in (302, 403)
    data = {"action": "delete_selected", "_selected_action": [str(pk)], "post": "yes"}
    assert vendor.post(f"/support/{model}/", data).status_code in (200, 302, 403)
    with scope.entered("support"):
        assert Customer.objects.filter(account_name="ACC-77").exists()


@pytest.mark.parametrize("path", ["autocomplete/", "password_change/", "r/1/1/"])
def test_what_is_left_out_of_stock_admin_is_not_found(vendor, path):
    assert vendor.get(f"/support/{path}").status_code == 404


def test_a_credential_is_revoked(vendor, sam):
    with scope.entered("support"):
        credential = ApiCredential.objects.defer("digest").get()
    path = f"/support/people/apicredential/{credential.pk}/act/revoke/"
    assert vendor.get(path).status_code == 200
    assert vendor.post(path).status_code == 302
    with scope.entered("support"):
        credential.refresh_from_db()
        event = Event.objects.get(action="credential.revoked")
    assert credential.revoked_at is not None
    assert (event.actor_kind, event.actor_label, event.msp_id) == ("support", sam.email, credential.msp_id)
    assert "not possible" in vendor.get(path, follow=True).content.decode()


def test_a_person_is_unlocked(vendor, ada):
    path = f"/support/access/user/{ada.pk}/act/unlock/"
    assert vendor.post(path).status_code == 302
    with scope.entered("support"):
        assert Event.objects.filter(action="person.unlocked", object_id=ada.pk, msp_id=ada.msp_id).exists()


@pytest.mark.parametrize(
    ("state", "kind", "status"), [("failed", "customer.created", 302), ("failed", "session.code", 302)]
)
def test_an_email_is_sent_again_unless_it_holds_a_secret(vendor, state, kind, status):
    with scope.entered("worker"):
        message = OutboxMessage.objects.latest("pk")
        OutboxMessage.objects.filter(pk=message.pk).update(state=state, kind=kind)
    answer = vendor.post(f"/support/mail/outboxmessage/{message.pk}/act/send-again/")
    assert answer.status_code == status
    with scope.entered("support"):
        message.refresh_from_db()
    assert message.state == ("queued" if kind == "customer.created" else "failed")


def test_a_deletion_is_cancelled(vendor, hidden):
    with scope.entered("worker", msp=hidden.msp_id):
        tenant = hidden.tenants.get()
        Tenant.objects.filter(pk=tenant.pk).update(
            state="deleting", state_before_deleting="ready", delete_on="2030-01-01"
        )
    path = f"/support/tenants/tenant/{tenant.pk}/act/cancel-deletion/"
    assert HIDDEN not in vendor.get(path).content.decode()
    answer = vendor.post(path, follow=True)
    assert answer.status_code == 200
    assert HIDDEN not in answer.content.decode()
    with scope.entered("support"):
        tenant.refresh_from_db()
        event = Event.objects.get(action="tenant.deletion_cancelled")
    assert tenant.state == "ready"
    assert event.actor_kind == "support"


def _msp_form(msp, **more):
    with scope.entered("support"):
        regions = [str(pk) for pk in msp.offered_regions.filter(product="hybrid").values_list("region_id", flat=True)]
    return {
        "name": msp.name,
        "time_zone": msp.time_zone,
        "state": msp.state,
        "products": ["hybrid"],
        "hybrid_regions": regions,
        "version": msp.version,
        **more,
    }


def test_an_msp_is_edited(vendor, northwind, ada):
    path = f"/support/access/msp/{northwind.pk}/act/edit/"
    page = vendor.get(path).content.decode()
    assert "Northwind" in page
    answer = vendor.post(path, _msp_form(northwind, name="Northwind Two", state="closed"))
    assert answer.status_code == 302
    with scope.entered("support"):
        northwind.refresh_from_db()
        event = Event.objects.get(action="msp.closed")
        assert [offered.product for offered in northwind.offered_products.all()] == ["hybrid"]
    assert northwind.name == "Northwind Two"
    assert event.changes["Name"] == ["Northwind", "Northwind Two"]
    assert client_of(ada).get("/profile/").status_code == 302


@pytest.mark.parametrize(
    "change",
    [
        {"name": ""},
        {"products": []},
        {"hybrid_regions": []},
        {"hybrid_regions": ["x"]},
        {"version": 99},
        {"time_zone": "x"},
    ],
)
def test_a_bad_form_of_an_msp_is_told(vendor, northwind, change):
    path = f"/support/access/msp/{northwind.pk}/act/edit/"
    assert vendor.post(path, _msp_form(northwind, **change)).status_code == 422


def test_hybrid_workloads_is_not_offered_without_an_aws_region(vendor, northwind):
    with scope.entered("support"):
        azure = StorageRegion.objects.get(name="westeurope")
    path = f"/support/access/msp/{northwind.pk}/act/edit/"
    answer = vendor.post(path, _msp_form(northwind, hybrid_regions=[azure.pk]))
    assert answer.status_code == 422
    assert answer.context["form"].errors == {
        "hybrid_regions": ["Hybrid Workloads needs an AWS region. Choose one more."]
    }
    with scope.entered("support"):
        assert northwind.offered_regions.filter(product="hybrid").count() == 3


def test_an_msp_is_opened(vendor, northwind):
    with scope.entered("support"):
        regions = {str(row.region_id) for row in northwind.offered_regions.all()}
    data = {
        "name": "Southgate",
        "slug": "southgate",
        "time_zone": "Europe/Rome",
        "address": "1 South Street",
        "phone": "+39 06 12345678",
        "products": ["hybrid", "saas"],
        "hybrid_regions": sorted(regions),
        "saas_regions": sorted(regions),
        "email": "sue@southgate.example",
        "first_name": "Sue",
        "last_name": "South",
    }
    assert "Open an MSP" in vendor.get("/support/access/msp/").content.decode()
    assert vendor.post("/support/access/msp/act/open/", {**data, "phone": "12"}).status_code == 422
    answer = vendor.post("/support/access/msp/act/open/", data, follow=True)
    assert answer.status_code == 200
    assert "Southgate is open" in answer.content.decode()
    with scope.entered("worker"):
        assert OutboxMessage.objects.filter(to="sue@southgate.example", kind="person.invited").count() == 1
    with scope.entered("support"):
        assert Customer.objects.get(msp__slug="southgate").is_sandbox
    assert vendor.post("/support/access/msp/act/open/", data).status_code == 422
