"""The only place that changes customers: every change is one transaction with its event as the last line."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from typing import NamedTuple

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone

from customers import emails, rules
from customers.models import Assignment, Contact, Customer, CustomerIdentity, CustomerSummary
from msc.access.actors import Actor
from msc.access.models import Msp, User
from msc.access.names import name_key
from msc.access.roles import Role
from msc.errors import DomainError
from msc.events import log
from msc.events.conflicts import refuse_stale

SANDBOX_NAME = "Sandbox"
GONE = "This customer has been deleted, or is no longer assigned to you."
REVEALS = "{} will see the customer name as soon as you save. This cannot be undone."


class Details(NamedTuple):
    """What people know of a customer, label by label, as events show it."""

    public: dict[str, object]
    private: dict[str, object]


# -- Create -------------------------------------------------------------------------------------------------------


@transaction.atomic
def create_customer(
    *,
    by: User,
    name: str,
    address: str,
    phone: str,
    hide_name: bool = False,
    account_name: str = "",
    may_contain_name: bool = False,
    tenant_admins: Collection[User] = (),
) -> Customer:
    """Create a customer of the actor's MSP, confirm it to the actor and tell its tenant administrators."""
    if not by.can("customer.create"):
        raise PermissionDenied
    customer, identity = built(
        by=by,
        name=name,
        address=address,
        phone=phone,
        hide_name=hide_name,
        account_name=account_name,
        may_contain_name=may_contain_name,
    )
    _insert(by, customer, identity)
    assignments = _assign(customer=customer, people=tenant_admins)
    admins = [assignment.user for assignment in assignments]
    emails.customer_created(customer, identity, admins, to=by)
    for assignment in assignments:
        emails.customer_assigned(assignment, identity.name, by=by.full_name)
    record_creation(by=by, customer=customer, identity=identity, admins=admins)
    return customer


@transaction.atomic
def create_sandbox_customer(*, by: Actor, msp: Msp, address: str, phone: str) -> Customer:
    """Create the one sandbox customer of an MSP that is being opened."""
    if Customer.objects.for_msp(msp.pk).filter(is_sandbox=True).exists():
        raise DomainError("This MSP already has its sandbox customer.")
    customer = Customer(msp=msp, account_name=SANDBOX_NAME, is_sandbox=True)
    identity = CustomerIdentity(
        msp=msp, name=SANDBOX_NAME, address=rules.clean_address(address), phone=rules.clean_phone(phone)
    )
    _insert(by, customer, identity)
    record_creation(by=by, customer=customer, identity=identity, admins=())
    return customer


def built(
    *,
    by: User,
    name: str,
    address: str,
    phone: str,
    hide_name: bool,
    account_name: str,
    may_contain_name: bool = False,
) -> tuple[Customer, CustomerIdentity]:
    """Return a customer and its identity that follow every rule but uniqueness, not yet written."""
    if by.msp is None:
        raise PermissionDenied
    name = rules.clean_name(name, field="name", label="Customer name")
    customer = Customer(msp=by.msp, created_by=by, account_name=name, name_hidden=hide_name)
    if hide_name:
        customer.account_name = rules.account_name_to_hide(name, account_name, may_contain_name=may_contain_name)
        customer.account_name_fixed = True
    elif account_name.strip() and name_key(account_name) != name_key(name):
        raise DomainError(
            "An account name of its own is for a customer whose name is hidden. Hide the name, or leave this empty.",
            field="account_name",
        )
    identity = CustomerIdentity(
        msp=by.msp, name=name, address=rules.clean_address(address), phone=rules.clean_phone(phone)
    )
    return customer, identity


def _insert(by: Actor, customer: Customer, identity: CustomerIdentity) -> None:
    with _unique_names(by, customer):
        customer.save(force_insert=True)
        identity.customer = customer
        identity.save(force_insert=True)
    CustomerSummary.objects.create(customer=customer, msp_id=customer.msp_id)


def name_clashes(*, by: User, customer: Customer | None, name: str, account_name: str) -> Iterator[DomainError]:
    """Yield what `_unique_names` would refuse, so that a form can show it together with its other errors.

    `account_name` is empty where it is not typed.
    """
    others = Customer.objects.for_msp(by.msp_id or 0).live().exclude(pk=customer.pk if customer else 0)
    follows = customer is None or not customer.account_name_fixed
    if name and others.filter(identity__name_key=name_key(name)).exists():
        yield _clash(by, "name")
    elif (account_name or (name and follows)) and others.filter(account_key=name_key(account_name or name)).exists():
        yield _clash(by, "account_name" if account_name else "name")


def _unique_names(by: Actor, customer: Customer) -> AbstractContextManager[None]:
    """Report a clash beside the field that the person filled in."""
    field = "account_name" if customer.account_name_fixed else "name"
    return rules.unique(one_customer_per_name=_clash(by, "name"), one_customer_per_account_name=_clash(by, field))


def _clash(by: Actor, field: str) -> DomainError:
    """Refuse a name that is taken; a person who sees some customers only learns no more than that."""
    if isinstance(by, User) and not by.can("customer.create"):
        return DomainError("This name is not available.", field=field)
    words = "this account name" if field == "account_name" else "this name, or uses it as its account name"
    return DomainError(f"Another customer has {words}. Choose a different one.", field=field)


def record_creation(*, by: Actor, customer: Customer, identity: CustomerIdentity, admins: Sequence[User]) -> None:
    """Write down that the customer was created, with all it began with."""
    log.record(by=by, action="customer.created", **creation_of(customer, identity, admins)._asdict())


def creation_of(customer: Customer, identity: CustomerIdentity, admins: Sequence[User]) -> log.Happening:
    """Return what the event record keeps of a customer's creation."""
    details = _details(customer, identity, admins)
    return log.Happening(
        on=customer,
        label=public_label(customer),
        private_label=identity.name,
        customer_id=customer.pk,
        changes=log.changed({}, {label: value for label, value in details.public.items() if value}),
        private=log.changed({}, details.private),
    )


# -- Edit ---------------------------------------------------------------------------------------------------------


@transaction.atomic
def update_customer(
    *,
    by: User,
    customer: Customer,
    version: int,
    name: str,
    address: str,
    phone: str,
    hide_name: bool | None = None,
    account_name: str | None = None,
    may_contain_name: bool = False,
    may_reveal: bool = False,
    tenant_admins: Collection[User] | None = None,
) -> Customer:
    """Change a customer that the actor read at `version`; None leaves a field as it is.

    Hiding, account name and tenant administrators are the MSP administrator's to change. `may_contain_name` and
    `may_reveal` are a person's answers to what is asked before a hidden name becomes known.
    """
    reserved = any(value is not None for value in (hide_name, account_name, tenant_admins))
    if not by.can("customer.edit") or (reserved and not by.can("customer.edit_identity_rules")):
        raise PermissionDenied
    locked = lock_customer(by=by, customer=customer)
    _refuse_sandbox(locked, "edited")
    refuse_stale(locked, version)
    identity = CustomerIdentity.objects.get(pk=locked.pk)
    admins = _admins_of(locked)
    before, was_hidden = _details(locked, identity, admins), locked.name_hidden

    identity.name = rules.clean_name(name, field="name", label="Customer name")
    identity.address, identity.phone = rules.clean_address(address), rules.clean_phone(phone)
    if locked.name_hidden and hide_name is False and not may_reveal:
        raise DomainError(REVEALS.format(settings.MSC_VENDOR_NAME), field="may_reveal")
    _name_account(locked, identity.name, hide=hide_name, typed=account_name, may_contain_name=may_contain_name)
    wanted = admins if tenant_admins is None else sorted(tenant_admins, key=lambda person: person.folded_name)
    after = _details(locked, identity, wanted)
    if before == after:
        return locked
    _store(by, locked, identity, wanted)
    _record_edit(by, locked, before, after, was_hidden=was_hidden)
    return locked


def _store(by: User, customer: Customer, identity: CustomerIdentity, admins: Iterable[User]) -> None:
    customer.version += 1
    with _unique_names(by, customer):
        customer.save(update_fields=["account_name", "account_name_fixed", "name_hidden", "version"])
        identity.save(update_fields=["name", "address", "phone"])
    for assignment in _assign(customer=customer, people=admins):
        emails.customer_assigned(assignment, identity.name, by=by.full_name)


def _record_edit(by: User, customer: Customer, before: Details, after: Details, *, was_hidden: bool) -> None:
    turned = {(False, True): "customer.hidden", (True, False): "customer.revealed"}
    log.record(
        by=by,
        action=turned.get((was_hidden, customer.name_hidden), "customer.edited"),
        on=customer,
        label=public_label(customer),
        private_label=str(after.private["Customer Name"]),
        customer_id=customer.pk,
        changes=log.changed(before.public, after.public),
        private=log.changed(before.private, after.private),
    )


def _name_account(
    customer: Customer, name: str, *, hide: bool | None, typed: str | None, may_contain_name: bool
) -> None:
    """Apply the rules of hiding: an account name, once typed, stays; until then it follows the customer name."""
    hide = customer.name_hidden if hide is None else hide
    typed = (typed or "").strip()
    if customer.account_name_fixed:
        if typed and typed != customer.account_name:
            raise DomainError("The account name never changes once it has been entered.", field="account_name")
        if hide:
            beside = "name" if customer.name_hidden else "account_name"
            # A name that was hidden under this account name before has been confirmed.
            known = customer.name_hidden and name_key(name) == customer.identity.name_key
            may_contain_name = may_contain_name or known
            rules.ensure_hidden(name, customer.account_name, may_contain_name=may_contain_name, field=beside)
    elif hide:
        customer.account_name = rules.account_name_to_hide(name, typed, may_contain_name=may_contain_name)
        customer.account_name_fixed = True
    else:
        customer.account_name = name
    customer.name_hidden = hide


# -- Tenant administrators ----------------------------------------------------------------------------------------


def _admins_of(customer: Customer) -> list[User]:
    return list(User.objects.filter(assignments__customer=customer).order_by("folded_name", "pk"))


def _assign(*, customer: Customer, people: Iterable[User]) -> list[Assignment]:
    """Make the assignments exactly these and return the new ones."""
    wanted = {person.pk: person for person in people}
    present = dict(Assignment.objects.filter(customer=customer).values_list("user_id", "pk"))
    new = [wanted[pk] for pk in wanted if pk not in present]
    for person in new:
        if person.msp_id != customer.msp_id or person.role != Role.TENANT_ADMIN or not person.is_active:
            raise DomainError("Choose tenant administrators of your own.", field="tenant_admins")
    gone = [pk for user, pk in present.items() if user not in wanted]
    if gone:
        Assignment.objects.filter(pk__in=gone).delete()
    new.sort(key=lambda person: person.folded_name)
    return Assignment.objects.bulk_create(
        Assignment(msp_id=customer.msp_id, customer=customer, user=person) for person in new
    )


# -- Erase --------------------------------------------------------------------------------------------------------


@transaction.atomic
def erase_customer(*, by: User, customer: Customer) -> None:
    """Erase all that is known of a customer but its id and account name; whoever calls has seen to its products.

    The names are free again.
    """
    if not by.can("customer.delete"):
        raise PermissionDenied
    locked = lock_customer(by=by, customer=customer)
    _refuse_sandbox(locked, "deleted")
    identity = CustomerIdentity.objects.get(pk=locked.pk)
    details = _details(locked, identity, _admins_of(locked))
    for rows in (Contact, Assignment, CustomerSummary, CustomerIdentity):
        rows.objects.filter(customer=locked).delete()
    locked.deleted_at = timezone.now()
    locked.version += 1
    locked.save(update_fields=["deleted_at", "version"])
    log.record(
        by=by,
        action="customer.deleted",
        on=locked,
        label=public_label(locked),
        private_label=identity.name,
        customer_id=locked.pk,
        changes=log.changed(details.public, {}),
        private=log.changed(details.private, {}),
    )


# -- Shared -------------------------------------------------------------------------------------------------------


def lock_customer(*, by: User, customer: Customer) -> Customer:
    """Return the customer as it stands now, locked until the transaction ends."""
    locked = Customer.objects.for_user(by).select_for_update(of=("self",)).filter(pk=customer.pk).first()
    if locked is None:
        raise DomainError(GONE)
    return locked


def public_label(customer: Customer) -> str:
    """Return what the vendor may know the customer by, now and after its name is hidden one day."""
    return customer.account_name if customer.account_name_fixed or customer.is_sandbox else f"Customer {customer.pk}"


def _refuse_sandbox(customer: Customer, verb: str) -> None:
    if customer.is_sandbox:
        raise sandbox_stays(verb)


def sandbox_stays(verb: str) -> DomainError:
    """Return why the sandbox customer is neither edited nor deleted."""
    fixed = "its name, address, phone number and tenant administrators are fixed"
    return DomainError(f"The sandbox customer cannot be {verb}: {fixed}.")


def _details(customer: Customer, identity: CustomerIdentity, admins: Iterable[User]) -> Details:
    """Return the fields as people know them; an account name that follows the real one is as private as that."""
    public: dict[str, object] = {
        "Hide Customer Name": customer.name_hidden,
        "Tenant Admin": [person.full_name for person in admins],
    }
    private: dict[str, object] = {
        "Customer Name": identity.name,
        "Address": identity.address,
        "Phone Number": str(identity.phone),
    }
    if customer.account_name_fixed:
        public["Account Name"] = customer.account_name
    return Details(public, private)
