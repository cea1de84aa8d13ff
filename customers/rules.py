"""What a customer's fields may hold: each function returns the value in its stored form or refuses it in words."""

import re
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager

import phonenumbers
from django.core.exceptions import ValidationError
from django.core.validators import EmailValidator
from django.db import IntegrityError, transaction

from msc.access.names import clean_text, folded_name, name_key
from msc.errors import DomainError

LONGEST_NAME = 200
LONGEST_KEY = 400
LONGEST_ADDRESS = 500
LONGEST_JOB_ROLE = 120
LONGEST_PHONE = 40

#: Characters that turn the direction of the text around them, so that one name could be made to look like another.
_TURNING = re.compile("[\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")


def clean_name(text: str, *, field: str, label: str) -> str:
    """Return a name on one line, in composed characters."""
    name = " ".join(_plain(text, field=field, label=label).split())
    if not name:
        raise DomainError(f"Enter {_article(label)} {label.lower()}.", field=field)
    if len(name) > LONGEST_NAME or max(len(name_key(name)), len(folded_name(name))) > LONGEST_KEY:
        raise DomainError(f"{label}: use at most {LONGEST_NAME} characters.", field=field)
    return name


def clean_address(text: str) -> str:
    """Return an address of one or more lines, without empty ones."""
    lines = (" ".join(line.split()) for line in _plain(text, field="address", label="Address").splitlines())
    address = "\n".join(line for line in lines if line)
    if not address:
        raise DomainError("Enter an address.", field="address")
    if len(address) > LONGEST_ADDRESS:
        raise DomainError(f"Address: use at most {LONGEST_ADDRESS} characters.", field="address")
    return address


def clean_phone(text: str, *, required: bool = True) -> str:
    """Return a phone number as E.164, e.g. +4989123456; an extension would be lost and is refused."""
    typed = unicodedata.normalize("NFKC", text).strip()
    if not typed and not required:
        return ""
    if not typed:
        raise DomainError("Enter a phone number.", field="phone")
    refusal = DomainError(
        "Enter the whole number with its country code, such as +49 89 1234567, without an extension.", field="phone"
    )
    if len(typed) > LONGEST_PHONE:
        raise refusal
    try:
        number = phonenumbers.parse(typed, None)
    except phonenumbers.NumberParseException:
        raise refusal from None
    if number.extension or not phonenumbers.is_valid_number(number):
        raise refusal
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def clean_email(text: str) -> str:
    """Return an e-mail address, or nothing."""
    address = text.strip()
    if not address:
        return ""
    try:
        EmailValidator()(address)
    except ValidationError:
        raise DomainError("Enter an email address such as name@example.com.", field="email") from None
    if len(address) > 254:
        raise DomainError("This email address is too long.", field="email")
    return address


def clean_job_role(text: str) -> str:
    """Return what a contact does, on one line."""
    role = " ".join(_plain(text, field="job_role", label="Role").split())
    if len(role) > LONGEST_JOB_ROLE:
        raise DomainError(f"Role: use at most {LONGEST_JOB_ROLE} characters.", field="job_role")
    return role


def account_name_to_hide(name: str, typed: str, *, may_contain_name: bool) -> str:
    """Return the account name that replaces a hidden name; one that gives the name away is refused."""
    if not typed.strip():
        raise DomainError("Enter the account name that is shown instead of the hidden name.", field="account_name")
    account_name = clean_name(typed, field="account_name", label="Account name")
    ensure_hidden(name, account_name, may_contain_name=may_contain_name)
    return account_name


def ensure_hidden(name: str, account_name: str, *, may_contain_name: bool, field: str = "account_name") -> None:
    """Refuse an account name that is the hidden name, or that contains it unless a person has confirmed that."""
    hidden, shown = folded_name(name), folded_name(account_name)
    if hidden == shown:
        raise DomainError("The account name must differ from the customer name, or it would not hide it.", field=field)
    if hidden and hidden in shown and not may_contain_name:
        raise DomainError(
            "The account name contains the customer name, so it would not hide it. Choose a different one, or confirm it.",
            field="may_contain_name",
        )


@contextmanager
def unique(**refusals: DomainError) -> Iterator[None]:
    """Turn the violation of a named constraint into its refusal; the transaction around it stays usable."""
    try:
        with transaction.atomic():
            yield
    except IntegrityError as error:
        refusal = refusals.get(violated(error))
        if refusal is None:
            raise
        raise refusal from error


def violated(error: IntegrityError) -> str:
    """Return the name of the constraint or rule that the database found violated."""
    diagnosis = getattr(error.__cause__, "diag", None)
    return getattr(diagnosis, "constraint_name", None) or ""


def _plain(text: str, *, field: str, label: str) -> str:
    if _CONTROLS.search(text) or _TURNING.search(text):
        raise DomainError(f"{label}: remove the invisible control characters.", field=field)
    return clean_text(text)


def _article(label: str) -> str:
    return "an" if label[0].lower() in "aeiou" else "a"
