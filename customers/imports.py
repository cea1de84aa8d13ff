"""Importing customers from a file: uploaded, checked by a task, and written all or nothing by another.

The row of the import is the truth. Whoever works on it holds its lock in one transaction, so a killed worker leaves
it as it was and the next one begins anew; how far one has come is a number in the cache that nothing depends on.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.core.cache import cache
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.utils import timezone

from customers import emails, services
from customers.import_checks import Judged, judged
from customers.import_files import COLUMNS, decoded, read
from customers.models import (
    Assignment,
    Customer,
    CustomerIdentity,
    CustomerImport,
    CustomerSummary,
    ImportLine,
    ImportState,
    ImportVerdict,
)
from msc.access.actors import Origin
from msc.access.models import User
from msc.errors import DomainError
from msc.events import log
from msc.events.querysets import IMPORT_PREFIX

KEPT_FOR = timedelta(days=7)
_COUNTS = {
    ImportVerdict.NEW: "new_lines",
    ImportVerdict.UNCHANGED: "unchanged_lines",
    ImportVerdict.ERROR: "error_lines",
}


# -- Asked for by people ------------------------------------------------------------------------------------------


@transaction.atomic
def upload(*, by: User, file_name: str, raw: bytes) -> CustomerImport:
    """Take a file in; a task checks it next."""
    if not by.can("customer.create") or by.msp is None:
        raise PermissionDenied
    text = decoded(raw)
    table = read(text)
    name = " ".join(file_name.split())[-200:] or "customers.csv"
    started = CustomerImport.objects.create(msp=by.msp, created_by=by, file_name=name, content=text)
    log.record(
        by=by,
        action="import.uploaded",
        on=started,
        label=str(started),
        private_label=name,
        detail={"Lines": len(table.lines)},
    )
    return started


@transaction.atomic
def confirm(*, by: User, pending: CustomerImport) -> None:
    """Let a task write what the check found to be new."""
    _permit(by, pending)
    ready = CustomerImport.objects.for_user(by).filter(
        pk=pending.pk, state=ImportState.CHECKED, error_lines=0, new_lines__gt=0
    )
    if not ready.update(state=ImportState.IMPORTING, message=""):
        raise DomainError("This import cannot be started now. Look at its lines again.")
    log.record(by=by, action="import.confirmed", on=pending, label=str(pending), private_label=pending.file_name)


@transaction.atomic
def discard(*, by: User, pending: CustomerImport) -> None:
    """Throw an import away that is not being worked on, and with it all that its file said."""
    _permit(by, pending)
    mine = CustomerImport.objects.for_user(by).filter(pk=pending.pk)
    if not mine.exclude(state__in=(ImportState.UPLOADED, ImportState.IMPORTING)).exists():
        raise DomainError("This import is being worked on. Wait until it is done.")
    log.record(by=by, action="import.discarded", on=pending, label=str(pending), private_label=pending.file_name)
    mine.delete()


def _permit(by: User, pending: CustomerImport) -> None:
    if not by.can("customer.create") or pending.msp_id != by.msp_id:
        raise PermissionDenied


def progress(pending: CustomerImport) -> int:
    """Return how many lines the task has come through so far."""
    return int(cache.get(_progress_key(pending), 0)) if pending.is_being_worked_on else 0


def _progress_key(pending: CustomerImport) -> str:
    return f"customers.import.{pending.pk}.{pending.state}"


# -- Worked on by tasks, which hold the row ------------------------------------------------------------------------


def work_on(pending: CustomerImport) -> None:
    """Check an uploaded import, or write a confirmed one."""
    if not pending.created_by.can("customer.create"):
        finish(pending, ImportState.FAILED, "The person who uploaded this file may no longer create customers.")
    elif pending.state == ImportState.UPLOADED:
        check(pending)
    else:
        write(pending)


def check(pending: CustomerImport) -> None:
    """Judge every line and keep the verdicts for the preview."""
    pending.lines.all().delete()
    counts = dict.fromkeys(_COUNTS.values(), 0)
    for answers in judged(read(pending.content), by=pending.created_by):
        ImportLine.objects.bulk_create(_shown(pending, one) for one in answers)
        for one in answers:
            counts[_COUNTS[one.verdict]] += 1
        cache.set(_progress_key(pending), sum(counts.values()), 600)
    for name, count in counts.items():
        setattr(pending, name, count)
    finish(pending, ImportState.CHECKED, pending.message)


def write(pending: CustomerImport) -> None:
    """Create the new customers, all of them or none; what changed since the check is shown instead."""
    by = pending.created_by
    by.origin = Origin(request_id=f"{IMPORT_PREFIX}{pending.pk}")  # its events belong together
    created, unchanged = 0, 0
    try:
        with transaction.atomic():
            charges: dict[int, list[str]] = {}
            for answers in judged(read(pending.content), by=by):
                changing = [one for one in answers if one.verdict != ImportVerdict.UNCHANGED]
                _create(pending, changing, charges)
                created, unchanged = created + len(changing), unchanged + len(answers) - len(changing)
                cache.set(_progress_key(pending), created + unchanged, 600)
    except (IntegrityError, DomainError):
        pending.state = ImportState.UPLOADED
        pending.message = "Customers have changed since this file was checked. Nothing was written; look at it again."
        pending.save(update_fields=["state", "message"])
        return
    pending.lines.all().delete()
    pending.content, pending.new_lines, pending.unchanged_lines = "", created, unchanged
    finish(pending, ImportState.DONE, "")
    _tell(pending, charges)


def finish(pending: CustomerImport, state: ImportState, message: str) -> None:
    """Note where the import stands now."""
    pending.state, pending.message, pending.finished_at = state, message, timezone.now()
    pending.save()


def _create(pending: CustomerImport, answers: Sequence[Judged], charges: dict[int, list[str]]) -> None:
    """Write a thousand customers in a handful of statements, each with its own event."""
    made = [(one.customer, one.identity, one.admins) for one in answers if one.customer and one.identity]
    if len(made) < len(answers) or any(one.verdict == ImportVerdict.ERROR for one in answers):
        raise DomainError("A line has become an error since the check.")
    Customer.objects.bulk_create(customer for customer, _, _ in made)
    for customer, identity, _ in made:
        identity.customer = customer
    CustomerIdentity.objects.bulk_create(identity for _, identity, _ in made)
    CustomerSummary.objects.bulk_create(CustomerSummary(customer=c, msp_id=c.msp_id) for c, _, _ in made)
    Assignment.objects.bulk_create(
        Assignment(msp_id=customer.msp_id, customer=customer, user=person)
        for customer, _, admins in made
        for person in admins
    )
    happenings = [services.creation_of(customer, identity, admins) for customer, identity, admins in made]
    log.record_all(by=pending.created_by, action="customer.created", happenings=happenings)
    for _, identity, admins in made:
        for person in admins:
            charges.setdefault(person.pk, []).append(identity.name)


def _tell(done: CustomerImport, charges: dict[int, list[str]]) -> None:
    emails.customers_imported(done)
    for person in User.objects.for_msp(done.msp_id).filter(pk__in=charges):
        key = f"import.assigned:{done.pk}:{person.pk}"
        emails.customers_assigned(person, charges[person.pk], by=done.created_by.full_name, key=key)
    log.record(
        by=done.created_by,
        action="import.finished",
        on=done,
        label=str(done),
        private_label=done.file_name,
        detail={"Created": done.new_lines, "Unchanged": done.unchanged_lines},
    )


def _shown(pending: CustomerImport, one: Judged) -> ImportLine:
    return ImportLine(
        msp_id=pending.msp_id,
        customer_import=pending,
        number=one.line.number,
        verdict=one.verdict,
        reason=one.reason,
        cells=[one.line.cells.get(name, "") for name in COLUMNS],
    )


def abandoned(now: datetime) -> list[CustomerImport]:
    """Return the imports that nobody has looked after for a week."""
    resting = (ImportState.CHECKED, ImportState.FAILED)
    return list(CustomerImport.objects.filter(created_at__lt=now - KEPT_FOR, state__in=resting).defer("content"))
