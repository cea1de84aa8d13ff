"""What importing each line of a file would do: a new customer, nothing, or an error with its reason."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import TypeVar

from customers import rules, services
from customers.import_files import Line, Table
from customers.models import Assignment, Customer, CustomerIdentity, ImportVerdict
from msc.access.models import User
from msc.access.names import folded_name, name_key
from msc.access.roles import Role
from msc.errors import DomainError
from msc.people.people import with_state

CHUNK = 1_000
LONGEST_REASON = 500
Found = TypeVar("Found")
_YES, _NO = {"yes", "y", "true", "1", "x"}, {"no", "n", "false", "0", ""}


@dataclass
class Judged:
    """A line with its verdict; a new one carries what will be written."""

    line: Line
    verdict: ImportVerdict
    reason: str = ""
    customer: Customer | None = None
    identity: CustomerIdentity | None = None
    admins: Sequence[User] = ()


@dataclass
class Seen:
    """The names that the file has used so far, with the number of their line."""

    names: dict[str, int] = field(default_factory=dict)
    accounts: dict[str, int] = field(default_factory=dict)


class People:
    """The MSP's tenant administrators by address and by name."""

    def __init__(self, msp_id: int) -> None:
        self.known: dict[str, list[User]] = {}
        for person in with_state(User.objects.for_msp(msp_id).filter(role=Role.TENANT_ADMIN, is_active=True)):
            for word in {person.address, person.folded_name}:  # type: ignore[attr-defined]  # annotated
                self.known.setdefault(word, []).append(person)

    def named(self, cell: str) -> list[User]:
        """Return the people of a cell, separated by commas, semicolons or lines."""
        words = [word.strip() for word in re.split(r"[;,\n]", cell) if word.strip()]
        return list({person.pk: person for person in map(self._one, words)}.values())

    def _one(self, word: str) -> User:
        found = self.known.get(word.lower()) or self.known.get(folded_name(word)) or []
        if not found:
            raise DomainError(f"{word[:100]} is not an active tenant administrator of yours.")
        if len(found) > 1:
            raise DomainError(f"Two tenant administrators are called {word[:100]}. Write the e-mail address.")
        return found[0]


def judged(table: Table, *, by: User) -> Iterator[list[Judged]]:
    """Judge the lines, a thousand at a time, against the rules, the file's other lines and what there is."""
    people, seen = People(by.msp_id or 0), Seen()
    lines = iter(table.lines)
    while chunk := list(islice(lines, CHUNK)):
        answers = [_by_its_form(line, by, people, seen) for line in chunk]
        _beside_what_there_is(answers, table.columns, by.msp_id or 0)
        yield answers


def _by_its_form(line: Line, by: User, people: People, seen: Seen) -> Judged:
    if line.problem:
        return Judged(line, ImportVerdict.ERROR, line.problem)
    errors: list[str] = []
    built = _noted(errors, lambda: _built(line, by))
    admins = _noted(errors, lambda: people.named(line.cells.get("tenant_admin", "")))
    if built is not None:
        _noted(errors, lambda: _claim(seen, line.number, *built))
    else:
        errors = [*_wrong_cells(line), *errors]
    if errors or built is None or admins is None:
        return Judged(line, ImportVerdict.ERROR, " ".join(dict.fromkeys(errors))[:LONGEST_REASON])
    return Judged(line, ImportVerdict.NEW, "", *built, admins)


def _noted(errors: list[str], rule: Callable[[], Found]) -> Found | None:
    """Return what the rule returns, or note its refusal."""
    try:
        return rule()
    except DomainError as error:
        errors.append(error.message)
        return None


def _wrong_cells(line: Line) -> list[str]:
    """Return what is wrong with each cell by itself: the rules of a whole customer name the first error only."""
    errors: list[str] = []
    _noted(errors, lambda: rules.clean_name(line.cells["name"], field="name", label="Customer name"))
    _noted(errors, lambda: rules.clean_address(line.cells["address"]))
    _noted(errors, lambda: rules.clean_phone(line.cells["phone"]))
    return errors


def _built(line: Line, by: User) -> tuple[Customer, CustomerIdentity]:
    cells = line.cells
    name, account_name = cells["name"], cells.get("account_name", "")
    customer, identity = services.built(
        by=by,
        name=name,
        address=cells["address"],
        phone=cells["phone"],
        hide_name=_hides(cells.get("hide_name"), name, account_name),
        account_name=account_name,
    )
    customer.derive_keys()
    identity.derive_keys()
    return customer, identity


def _hides(cell: str | None, name: str, account_name: str) -> bool:
    """Tell whether the name is hidden; an account name of its own says so when the file has no word for it."""
    if cell is None:
        return bool(account_name.strip()) and name_key(account_name) != name_key(name)
    word = cell.strip().lower()
    if word not in _YES | _NO:
        raise DomainError("Hide Name: write Yes or No.")
    return word in _YES


def _claim(seen: Seen, number: int, customer: Customer, identity: CustomerIdentity) -> None:
    for used, key, label in (
        (seen.names, identity.name_key, "name"),
        (seen.accounts, customer.account_key, "account name"),
    ):
        if key in used:
            raise DomainError(f"Line {used[key]:,} has the same {label}.")
    seen.names[identity.name_key] = seen.accounts[customer.account_key] = number


def _beside_what_there_is(answers: Sequence[Judged], columns: frozenset[str], msp_id: int) -> None:
    """Set the verdict of lines whose names are taken: unchanged when everything agrees, an error otherwise."""
    pending = [one for one in answers if one.customer is not None and one.identity is not None]
    names = {one.identity.name_key for one in pending if one.identity}
    accounts = {one.customer.account_key for one in pending if one.customer}
    rows = CustomerIdentity.objects.for_msp(msp_id).filter(name_key__in=names).select_related("customer")
    standing = {identity.name_key: identity for identity in rows}
    live = Customer.objects.for_msp(msp_id).live().filter(account_key__in=accounts)
    owners = dict(live.values_list("account_key", "pk"))
    charges: dict[int, set[int]] = {}
    ids = [identity.pk for identity in standing.values()]
    for customer, user in Assignment.objects.for_msp(msp_id).filter(customer__in=ids).values_list("customer", "user"):
        charges.setdefault(customer, set()).add(user)
    for one in pending:
        _compare(one, standing, owners, charges, columns)


def _compare(
    one: Judged,
    standing: dict[str, CustomerIdentity],
    owners: dict[str, int],
    charges: dict[int, set[int]],
    columns: frozenset[str],
) -> None:
    if one.identity is None or one.customer is None:
        return
    there = standing.get(one.identity.name_key)
    if there is None:
        if one.customer.account_key in owners:
            one.verdict = ImportVerdict.ERROR
            one.reason = "Another customer has this account name."
        return
    differing = list(_differing(one, there, charges.get(there.pk, set()), columns))
    one.verdict = ImportVerdict.ERROR if differing else ImportVerdict.UNCHANGED
    if differing:
        one.reason = (
            f"This customer exists with another {' and '.join(differing)}. "
            "Edit it on its page, or take this line out of the file."
        )


def _differing(one: Judged, there: CustomerIdentity, charge: set[int], columns: frozenset[str]) -> Iterator[str]:
    identity, customer, cells = one.identity, one.customer, one.line.cells
    if identity is None or customer is None:
        return
    if identity.address != there.address:
        yield "address"
    if str(identity.phone) != str(there.phone):
        yield "phone number"
    typed = cells.get("account_name", "").strip()
    if typed and name_key(typed) != there.customer.account_key:
        yield "account name"
    if "hide_name" in columns and customer.name_hidden != there.customer.name_hidden:
        yield "choice to hide its name"
    if "tenant_admin" in columns and {person.pk for person in one.admins} != charge:
        yield "tenant admin"
