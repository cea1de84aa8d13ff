"""The only place that changes a customer's contacts."""

from django.core.exceptions import PermissionDenied
from django.db import transaction

from customers import rules
from customers.models import Contact, Customer
from customers.services import lock_customer, public_label
from msc.access.models import User
from msc.errors import DomainError
from msc.events import log
from msc.events.conflicts import refuse_stale

GONE = "This contact has been deleted."


@transaction.atomic
def add_contact(
    *,
    by: User,
    customer: Customer,
    name: str,
    job_role: str = "",
    email: str = "",
    phone: str = "",
    is_primary: bool = False,
) -> Contact:
    """Add a contact; the first one of a customer is its primary contact."""
    locked = _lock(by=by, customer=customer)
    contact = Contact(msp_id=locked.msp_id, customer=locked)
    _fill(contact, name=name, job_role=job_role, email=email, phone=phone)
    contact.is_primary = is_primary or not Contact.objects.filter(customer=locked).exists()
    _make_way(contact)
    contact.save(force_insert=True)
    _record(by, "contact.added", contact, of=locked, before={}, after=_details(contact))
    return contact


@transaction.atomic
def edit_contact(
    *,
    by: User,
    contact: Contact,
    version: int,
    name: str,
    job_role: str = "",
    email: str = "",
    phone: str = "",
    is_primary: bool = False,
) -> Contact:
    """Change a contact that the actor read at `version`."""
    customer = _lock(by=by, customer=contact.customer)
    current = Contact.objects.filter(pk=contact.pk, customer=customer).first()
    if current is None:
        raise DomainError(GONE)
    refuse_stale(current, version)
    before = _details(current)
    was_primary = current.is_primary
    _fill(current, name=name, job_role=job_role, email=email, phone=phone)
    current.is_primary = is_primary
    after = _details(current)
    if before == after:
        return current
    if was_primary and not is_primary:
        raise DomainError(
            "A customer with contacts has a primary one. Make another contact the primary one instead.",
            field="is_primary",
        )
    _make_way(current)
    current.version += 1
    current.save()
    _record(by, "contact.edited", current, of=customer, before=before, after=after)
    return current


@transaction.atomic
def delete_contact(*, by: User, contact: Contact) -> None:
    """Delete a contact; when it was the primary one, the oldest of the others becomes it."""
    customer = _lock(by=by, customer=contact.customer)
    current = Contact.objects.filter(pk=contact.pk, customer=customer).first()
    if current is None:
        raise DomainError(GONE)
    gone = Contact(pk=current.pk, msp_id=current.msp_id, customer=customer)
    details = _details(current)
    current.delete()
    heir = Contact.objects.filter(customer=customer).order_by("pk").first() if current.is_primary else None
    if heir is not None:
        heir.is_primary = True
        heir.version += 1
        heir.save(update_fields=["is_primary", "version"])
    _record(by, "contact.deleted", gone, of=customer, before=details, after={})


def _lock(*, by: User, customer: Customer) -> Customer:
    if not by.can("contact.edit"):
        raise PermissionDenied
    return lock_customer(by=by, customer=customer)


def _fill(contact: Contact, *, name: str, job_role: str, email: str, phone: str) -> None:
    contact.name = rules.clean_name(name, field="name", label="Name")
    contact.job_role = rules.clean_job_role(job_role)
    contact.email = rules.clean_email(email)
    contact.phone = rules.clean_phone(phone, required=False)


def _make_way(contact: Contact) -> None:
    """Let the contact be the only primary one of its customer."""
    if contact.is_primary:
        Contact.objects.filter(customer=contact.customer, is_primary=True).exclude(pk=contact.pk).update(
            is_primary=False
        )


def _details(contact: Contact) -> dict[str, object]:
    return {
        "Name": contact.name,
        "Role": contact.job_role,
        "E-mail": contact.email,
        "Phone Number": str(contact.phone),
        "Primary": contact.is_primary,
    }


def _record(
    by: User, action: str, contact: Contact, *, of: Customer, before: dict[str, object], after: dict[str, object]
) -> None:
    """Write the change down; all of a contact is the MSP's own, the vendor sees whose it is at most."""
    log.record(
        by=by,
        action=action,
        on=contact,
        label=public_label(of),
        private_label=of.identity.name,
        customer_id=of.pk,
        private=log.changed(before, after),
    )
