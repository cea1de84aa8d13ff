"""Contacts of a customer, and the rule of the primary one."""

import pytest
from django.core.exceptions import PermissionDenied

from customers import contacts
from customers.models import Contact
from msc.access import scope
from msc.errors import Conflict, DomainError
from msc.events.models import Event, EventDetail


def add(by, customer, name="Carla Contact", **fields):
    return contacts.add_contact(by=by, customer=customer, name=name, **fields)


def primary(customer):
    return list(Contact.objects.filter(customer=customer, is_primary=True).values_list("name", flat=True))


def test_the_first_contact_is_the_primary_one_until_another_is_made_it(harbour, ada):
    first = add(ada, harbour, email="carla@harbour.example", phone="+49 431 1234567", job_role="IT lead")
    assert first.is_primary
    assert first.phone.as_e164 == "+494311234567"
    add(ada, harbour, "Dora")
    assert primary(harbour) == ["Carla Contact"]
    add(ada, harbour, "Emil", is_primary=True)
    assert primary(harbour) == ["Emil"]


def test_the_primary_contact_is_replaced_not_taken_away(harbour, ada):
    first = add(ada, harbour)
    with pytest.raises(DomainError) as refused:
        contacts.edit_contact(by=ada, contact=first, version=1, name="Carla", is_primary=False)
    assert refused.value.field == "is_primary"


def test_when_the_primary_contact_goes_the_oldest_of_the_others_takes_over(harbour, ada):
    first = add(ada, harbour)
    add(ada, harbour, "Dora")
    add(ada, harbour, "Emil")
    contacts.delete_contact(by=ada, contact=first)
    assert primary(harbour) == ["Dora"]


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"name": ""}, "name"),
        ({"email": "nonsense"}, "email"),
        ({"phone": "123"}, "phone"),
        ({"job_role": "x" * 121}, "job_role"),
    ],
)
def test_a_wrong_field_is_refused_beside_itself(harbour, ada, fields, field):
    with pytest.raises(DomainError) as refused:
        add(ada, harbour, **fields)
    assert refused.value.field == field
    assert not Contact.objects.exists()


def test_a_stale_edit_is_a_conflict(harbour, ada, tom):
    contact = add(ada, harbour)
    contacts.edit_contact(by=tom, contact=contact, version=1, name="Carla Conrad", is_primary=True)
    with pytest.raises(Conflict) as refused:
        contacts.edit_contact(by=ada, contact=contact, version=1, name="Carla Curie", is_primary=True)
    assert refused.value.by == "Tom Tenant"


def test_a_contact_that_is_gone_says_so(harbour, ada):
    contact = add(ada, harbour)
    contacts.delete_contact(by=ada, contact=contact)
    for attempt in (
        lambda: contacts.delete_contact(by=ada, contact=contact),
        lambda: contacts.edit_contact(by=ada, contact=contact, version=1, name="Carla"),
    ):
        with pytest.raises(DomainError, match="has been deleted"):
            attempt()


def test_events_keep_contacts_inside_the_msp(harbour, ada):
    contact = add(ada, harbour, email="carla@harbour.example")
    contacts.edit_contact(by=ada, contact=contact, version=1, name="Carla Curie", is_primary=True)
    contacts.delete_contact(by=ada, contact=contact)
    actions = list(Event.objects.order_by("pk").values_list("action", flat=True))
    assert actions == ["contact.added", "contact.edited", "contact.deleted"]
    assert EventDetail.objects.order_by("-pk").first().changes["Name"] == ["Carla Curie", None]
    with scope.entered("support"):
        assert "arla" not in repr(list(Event.objects.values()))


def test_tenant_administrators_see_to_assigned_customers_only(harbour, sibling, tom, rita):
    add(tom, harbour)
    with pytest.raises(DomainError, match="no longer assigned"):
        add(tom, sibling)
    with pytest.raises(PermissionDenied):
        add(rita, harbour)
