"""Customers: created, changed and erased by the services, with exact events and e-mails."""

import pytest
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction

from customers import services
from customers.models import Assignment, Contact, Customer, CustomerIdentity, CustomerSummary
from msc.access import scope
from msc.access.actors import TaskActor
from msc.access.roles import Role
from msc.errors import Conflict, DomainError
from msc.events.models import Event, EventDetail
from msc.mail.models import OutboxBody, OutboxMessage
from tests import factories

FIELDS = {"name": "Harbour Logistics", "address": "1 Harbour Street, Kiel", "phone": "+49 431 123456"}


def create(ada, **fields):
    return services.create_customer(by=ada, **{**FIELDS, **fields})


def update(by, customer, **fields):
    identity = CustomerIdentity.objects.get(pk=customer.pk)
    now = {"name": identity.name, "address": identity.address, "phone": str(identity.phone)}
    version = fields.pop("version", Customer.objects.get(pk=customer.pk).version)
    return services.update_customer(by=by, customer=customer, version=version, **{**now, **fields})


def last_event():
    event = Event.objects.order_by("-pk").first()
    return event, EventDetail.objects.filter(pk=event.pk).first()


def mails():
    with scope.entered("worker"):
        return list(OutboxMessage.objects.order_by("pk").values_list("to", "kind"))


# -- Create -------------------------------------------------------------------------------------------------------


def test_a_new_customer_has_identity_summary_event_and_one_mail(scoped, ada):
    customer = create(ada)
    assert (customer.account_name, customer.name_hidden, customer.account_name_fixed, customer.version) == (
        "Harbour Logistics",
        False,
        False,
        1,
    )
    assert customer.created_by == ada
    assert str(customer.identity.phone) == "+49 431 123456"
    assert CustomerSummary.objects.get(pk=customer.pk).products == []
    event, detail = last_event()
    assert (event.action, event.actor_label, event.customer_id) == ("customer.created", ada.email, customer.pk)
    assert detail.label == "Harbour Logistics"
    assert detail.changes["Address"] == [None, "1 Harbour Street, Kiel"]
    assert mails() == [(ada.email, "customer.created")]


def test_until_it_is_typed_the_account_name_is_as_private_as_the_name(scoped, ada):
    customer = create(ada)
    event, _ = last_event()
    assert "Harbour" not in f"{event.object_label} {event.changes} {event.detail}"
    assert event.object_label == f"Customer {customer.pk}"


def test_tenant_administrators_are_assigned_told_and_summed_up(scoped, ada, tom):
    customer = create(ada, tenant_admins=[tom])
    assert list(Assignment.objects.values_list("customer_id", "user_id")) == [(customer.pk, tom.pk)]
    assert mails() == [(ada.email, "customer.created"), (tom.email, "customer.assigned")]
    summary = CustomerSummary.objects.get(pk=customer.pk)
    assert (summary.admins, summary.admin_low, summary.admin_high) == ([tom.pk], "tom tenant", "tom tenant")


def test_the_confirmation_says_what_was_created(scoped, ada, tom):
    create(ada, name="Müller & Söhne <GmbH>", hide_name=True, account_name="Blue Falcon", tenant_admins=[tom])
    body = OutboxBody.objects.order_by("pk").first()
    assert body.subject == "Customer Müller & Söhne <GmbH> has been created"
    assert "Blue Falcon (all that the vendor sees)" in body.text
    assert "+49 431 123456" in body.text
    assert "Müller &amp; Söhne &lt;GmbH&gt;" in body.html


@pytest.mark.parametrize("role", [Role.TENANT_ADMIN, Role.READ_ONLY])
def test_only_msp_administrators_create(scoped, northwind, role):
    with pytest.raises(PermissionDenied):
        create(factories.make_person(northwind, role))


@pytest.mark.parametrize(
    ("fields", "field", "words"),
    [
        ({"name": " \t "}, "name", "Enter a customer name."),
        ({"name": "x" * 201}, "name", "at most 200"),
        ({"name": "\ufdfa" * 150}, "name", "at most 200"),
        ({"name": "Evil \u202etxt"}, "name", "control characters"),
        ({"address": "\n \n"}, "address", "Enter an address."),
        ({"address": "x" * 501}, "address", "at most 500"),
        ({"phone": ""}, "phone", "Enter a phone number."),
        ({"phone": "0431 123456"}, "phone", "country code"),
        ({"phone": "+49 431 123456 ext. 7"}, "phone", "without an extension"),
        ({"phone": "+49 12"}, "phone", "country code"),
        ({"phone": "+" + "1" * 5000}, "phone", "country code"),
        ({"hide_name": True}, "account_name", "Enter the account name"),
        ({"hide_name": True, "account_name": "HARBOUR  logistics"}, "account_name", "must differ"),
        ({"hide_name": True, "account_name": "Hárbour Lögistics"}, "account_name", "must differ"),
        ({"account_name": "Blue Falcon"}, "account_name", "Hide the name"),
    ],
)
def test_a_wrong_field_is_refused_beside_itself(scoped, ada, fields, field, words):
    with pytest.raises(DomainError, match=words) as refused:
        create(ada, **fields)
    assert refused.value.field == field
    assert not Customer.objects.exists()
    assert mails() == []


@pytest.mark.parametrize(
    "name",
    [
        "O'Brien & Sons",
        "株式会社日立製作所",
        "가나다라" * 50,
        "🚀 Rocket 👩‍👩‍👧 Café",
        "Ñandú S.A. de C.V.",
        "=cmd|' /C calc'!A0",
        "x" * 200,
    ],
)
def test_real_world_names_are_kept_as_they_are(scoped, ada, name):
    assert create(ada, name=name).identity.name == name


def test_space_is_tidied_and_phone_numbers_become_international(scoped, ada):
    customer = create(
        ada, name="  Harbour \t Logistics ", phone="+49 (0)431 / 123-456", address=" 1 Pier \r\n\r\n Kiel "
    )
    assert customer.identity.name == "Harbour Logistics"
    assert customer.identity.phone.as_e164 == "+49431123456"
    assert customer.identity.address == "1 Pier\nKiel"


@pytest.mark.parametrize("again", ["Harbour Logistics", " harbour  LOGISTICS ", "\uff28arbour Logistics"])
def test_a_name_is_taken_without_regard_to_case_and_space(scoped, ada, again):
    create(ada)
    with pytest.raises(DomainError, match="Another customer has") as refused:
        create(ada, name=again)
    assert refused.value.field == "name"
    assert Customer.objects.count() == 1


def test_names_that_differ_by_marks_may_both_exist(scoped, ada):
    assert create(ada, name="Resume").pk != create(ada, name="Résumé").pk


def test_two_hidden_customers_of_one_name_clash_beside_the_name(scoped, ada):
    create(ada, hide_name=True, account_name="Blue Falcon")
    with pytest.raises(DomainError, match="has this name") as refused:
        create(ada, hide_name=True, account_name="Red Fox")
    assert refused.value.field == "name"


def test_a_typed_account_name_clashes_beside_itself(scoped, ada):
    create(ada, hide_name=True, account_name="Blue Falcon")
    with pytest.raises(DomainError, match="account name") as refused:
        create(ada, name="Other", hide_name=True, account_name="blue falcon")
    assert refused.value.field == "account_name"


def test_an_automatic_account_name_clashes_beside_the_customer_name(scoped, ada):
    create(ada, hide_name=True, account_name="Blue Falcon")
    with pytest.raises(DomainError, match="account name") as refused:
        create(ada, name="Blue Falcon")
    assert refused.value.field == "name"


def test_another_msp_may_use_the_name(scoped, ada, eve):
    create(ada)
    with scope.entered("portal", msp=eve.msp_id):
        assert create(eve).msp_id == eve.msp_id


def test_only_own_active_tenant_administrators_can_be_chosen(scoped, ada, rita, northwind, eastgate):
    stranger = factories.make_person(eastgate, Role.TENANT_ADMIN)
    switched_off = factories.make_person(northwind, Role.TENANT_ADMIN)
    switched_off.is_active = False
    for person in (rita, ada, stranger, switched_off):
        with pytest.raises(DomainError) as refused:
            create(ada, tenant_admins=[person])
        assert refused.value.field == "tenant_admins"
    assert not Customer.objects.exists()


# -- Edit ---------------------------------------------------------------------------------------------------------


def test_an_edit_changes_fields_version_and_leaves_one_event(scoped, ada):
    customer = create(ada)
    changed = update(ada, customer, name="Harbour Lines", phone="+49 431 654321")
    assert (changed.account_name, changed.version) == ("Harbour Lines", 2)
    event, detail = last_event()
    assert (event.action, event.changes) == ("customer.edited", {})
    assert detail.changes == {
        "Customer Name": ["Harbour Logistics", "Harbour Lines"],
        "Phone Number": ["+49 431 123456", "+49 431 654321"],
    }


def test_an_edit_that_changes_nothing_leaves_nothing(scoped, ada):
    customer = create(ada)
    before = Event.objects.count()
    assert update(ada, customer, phone="+49-431-123456").version == 1
    assert Event.objects.count() == before


def test_the_second_editor_is_told_what_changed_and_by_whom(scoped, ada, northwind):
    customer = create(ada)
    bob = factories.make_person(northwind, Role.MSP_ADMIN, name="Bob Busy")
    update(bob, customer, name="Harbour Lines", version=1)
    with pytest.raises(Conflict) as refused:
        update(ada, customer, name="Harbour Group", address="2 Pier, Kiel", version=1)
    assert refused.value.by == "Bob Busy"
    assert refused.value.at is not None
    assert update(ada, customer, name="Harbour Group", version=2).version == 3


def test_a_rename_into_a_taken_name_is_refused(scoped, ada):
    create(ada, name="Sibling Studios")
    customer = create(ada)
    with pytest.raises(DomainError) as refused:
        update(ada, customer, name="sibling studios")
    assert refused.value.field == "name"


def test_tenant_administrators_are_swapped_and_only_the_new_one_is_told(scoped, ada, tom, northwind):
    una = factories.make_person(northwind, Role.TENANT_ADMIN, email="una@northwind.example", name="Una Unger")
    customer = create(ada, tenant_admins=[tom])
    changed = update(ada, customer, tenant_admins=[una, tom])
    assert mails()[-1] == (una.email, "customer.assigned")
    assert CustomerSummary.objects.get(pk=customer.pk).admins == [tom.pk, una.pk]
    update(ada, changed, tenant_admins=[una])
    assert list(Assignment.objects.values_list("user_id", flat=True)) == [una.pk]
    assert last_event()[0].changes == {"Tenant Admin": [["Tom Tenant", "Una Unger"], ["Una Unger"]]}
    assert len(mails()) == 3


def test_a_tenant_administrator_edits_the_assigned_customer_but_not_what_is_reserved(scoped, tom, harbour, sibling):
    assert update(tom, harbour, address="3 Quay").version == 2
    with pytest.raises(DomainError, match="has been deleted"):
        update(tom, sibling, address="3 Quay")
    for reserved in ({"hide_name": True, "account_name": "X"}, {"account_name": "X"}, {"tenant_admins": []}):
        with pytest.raises(PermissionDenied):
            update(tom, harbour, **reserved)


def test_read_only_administrators_edit_nothing(scoped, rita, harbour):
    with pytest.raises(PermissionDenied):
        update(rita, harbour, address="3 Quay")


# -- Hidden names -------------------------------------------------------------------------------------------------


def test_hiding_asks_for_an_account_name_and_fixes_it(scoped, ada):
    customer = create(ada)
    with pytest.raises(DomainError, match="Enter the account name"):
        update(ada, customer, hide_name=True)
    hidden = update(ada, customer, hide_name=True, account_name="Blue Falcon")
    assert (hidden.account_name, hidden.name_hidden, hidden.account_name_fixed) == ("Blue Falcon", True, True)
    event, detail = last_event()
    assert (event.action, event.object_label) == ("customer.hidden", "Blue Falcon")
    assert event.changes == {"Hide Customer Name": [False, True], "Account Name": [None, "Blue Falcon"]}
    assert detail.label == "Harbour Logistics"


def test_unhiding_keeps_the_account_name_and_so_does_hiding_again(scoped, ada):
    customer = create(ada, hide_name=True, account_name="Blue Falcon")
    with pytest.raises(DomainError, match="cannot be undone") as refused:
        update(ada, customer, hide_name=False)
    assert refused.value.field == "may_reveal"
    shown = update(ada, customer, hide_name=False, may_reveal=True)
    assert (shown.account_name, shown.name_hidden) == ("Blue Falcon", False)
    assert last_event()[0].action == "customer.revealed"
    assert update(ada, customer, name="Renamed").account_name == "Blue Falcon"
    with pytest.raises(DomainError, match="never changes") as refused:
        update(ada, customer, hide_name=True, account_name="Red Fox")
    assert refused.value.field == "account_name"
    assert update(ada, customer, hide_name=True, account_name="Blue Falcon").name_hidden
    assert Customer.objects.get().account_name == "Blue Falcon"


def test_a_hidden_customer_cannot_be_renamed_to_its_account_name(scoped, ada):
    customer = create(ada, hide_name=True, account_name="Blue Falcon")
    with pytest.raises(DomainError) as refused:
        update(ada, customer, name="BLUE falcon")
    assert refused.value.field == "name"


def test_an_account_name_that_contains_the_name_is_confirmed(scoped, ada):
    hiding = {"hide_name": True, "account_name": "Customer hárbour logistics Kiel"}
    with pytest.raises(DomainError, match="contains the customer name") as refused:
        create(ada, **hiding)
    assert refused.value.field == "may_contain_name"
    customer = create(ada, **hiding, may_contain_name=True)
    assert update(ada, customer, address="2 Pier").version == 2  # confirmed already
    with pytest.raises(DomainError, match="contains the customer name"):
        update(ada, customer, name="Logistics")


def test_whoever_hides_second_learns_of_the_first(scoped, ada):
    customer = create(ada)
    update(ada, customer, hide_name=True, account_name="Blue Falcon", version=1)
    with pytest.raises(Conflict):
        update(ada, customer, hide_name=True, account_name="Red Fox", version=1)


def test_a_fixed_account_name_stays_beneath_the_service(scoped, ada):
    customer = create(ada, hide_name=True, account_name="Blue Falcon")
    for change in ({"account_name": "Red Fox"}, {"account_name_fixed": False, "name_hidden": False}):
        with pytest.raises(IntegrityError, match="account_name_never_changes"), transaction.atomic():
            Customer.objects.filter(pk=customer.pk).update(**change)


def test_a_hidden_name_is_in_nothing_that_support_may_read(scoped, ada):
    customer = create(ada, hide_name=True, account_name="Blue Falcon")
    update(ada, customer, name="Harbour Lines", address="2 Harbour Pier")
    update(ada, customer, hide_name=False, may_reveal=True)
    update(ada, customer, hide_name=True)
    services.erase_customer(by=ada, customer=customer)
    with scope.entered("support"):
        rows = [*Customer.objects.values(), *Event.objects.values(), *OutboxMessage.objects.values()]
    assert "arbour" not in repr(rows)


# -- Erase --------------------------------------------------------------------------------------------------------


def test_an_erased_customer_leaves_a_tombstone_and_frees_its_names(scoped, ada, tom):
    customer = create(ada, tenant_admins=[tom])
    factories.make_contact(customer)
    services.erase_customer(by=ada, customer=customer)
    tombstone = Customer.objects.get()
    assert tombstone.deleted_at is not None
    assert tombstone.account_name == "Harbour Logistics"
    for left in (CustomerIdentity, Contact, Assignment, CustomerSummary):
        assert not left.objects.exists()
    assert not Customer.objects.for_user(ada).exists()
    event, detail = last_event()
    assert event.action == "customer.deleted"
    assert detail.changes["Customer Name"] == ["Harbour Logistics", None]
    assert create(ada).pk != customer.pk


def test_an_erased_customer_cannot_be_changed_or_erased_again(scoped, ada):
    customer = create(ada)
    services.erase_customer(by=ada, customer=customer)
    with pytest.raises(DomainError, match="has been deleted"):
        services.erase_customer(by=ada, customer=customer)
    with pytest.raises(IntegrityError, match="deleted_customer_stays_deleted"), transaction.atomic():
        Customer.objects.update(deleted_at=None)


def test_only_msp_administrators_erase(scoped, tom, rita, harbour):
    for person in (tom, rita):
        with pytest.raises(PermissionDenied):
            services.erase_customer(by=person, customer=harbour)


# -- Sandbox ------------------------------------------------------------------------------------------------------


@pytest.fixture
def sandbox(scoped):
    return services.create_sandbox_customer(
        by=TaskActor("open_msp", scoped.pk), msp=scoped, address="Kiel", phone="+49431123456"
    )


def test_an_msp_has_one_sandbox(sandbox, scoped):
    assert (sandbox.account_name, sandbox.is_sandbox, sandbox.identity.name) == ("Sandbox", True, "Sandbox")
    with pytest.raises(DomainError, match="already has its sandbox"):
        services.create_sandbox_customer(by=TaskActor("x"), msp=scoped, address="Kiel", phone="+49431123456")


def test_the_sandbox_is_neither_edited_nor_erased(sandbox, ada, tom):
    for change in (
        {"name": "Box"},
        {"address": "Rome"},
        {"hide_name": True, "account_name": "B"},
        {"tenant_admins": [tom]},
    ):
        with pytest.raises(DomainError, match="sandbox customer cannot be edited"):
            update(ada, sandbox, **change)
    with pytest.raises(DomainError, match="sandbox customer cannot be deleted"):
        services.erase_customer(by=ada, customer=sandbox)


def test_the_sandbox_is_held_beneath_the_service(sandbox, tom):
    attempts = [
        lambda: Customer.objects.filter(pk=sandbox.pk).update(account_name="Box"),
        lambda: Customer.objects.filter(pk=sandbox.pk).update(is_sandbox=False),
        lambda: CustomerIdentity.objects.filter(pk=sandbox.pk).update(address="Rome"),
        lambda: CustomerIdentity.objects.filter(pk=sandbox.pk).delete(),
        lambda: Assignment.objects.create(msp_id=sandbox.msp_id, customer=sandbox, user=tom),
        lambda: Customer.objects.filter(pk=sandbox.pk).delete(),
    ]
    for attempt in attempts:
        with pytest.raises(IntegrityError), transaction.atomic():
            attempt()


# -- What follows from people's names -----------------------------------------------------------------------------


def test_the_summary_follows_a_rename_of_its_tenant_administrator(scoped, harbour, tom):
    tom.last_name = "Äpfel"
    tom.save(update_fields=["last_name"])
    assert CustomerSummary.objects.get(pk=harbour.pk).admin_low == "tom apfel"
    with scope.entered("worker", msp=scoped.pk):
        tom.last_name = "Zander"
        tom.save()
    assert CustomerSummary.objects.get(pk=harbour.pk).admin_high == "tom zander"
