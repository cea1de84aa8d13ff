"""The people of the demonstration; all of them sign in with one password that the first start makes."""

import secrets
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings

from msc.access import scope
from msc.access.models import Msp, User
from msc.access.roles import Role
from msc.people import addresses
from msc.people.services import invite_administrator

_WORDS = ("amber", "birch", "cobalt", "delta", "ember", "fjord", "grove", "heron", "indigo", "juniper", "kelp", "lotus")


@dataclass(frozen=True)
class Account:
    """Somebody who can sign in to the demonstration."""

    email: str
    first_name: str
    last_name: str
    role: Role


ADA = Account("ada@northwind.example", "Ada", "Arnold", Role.MSP_ADMIN)
BRUNO = Account("bruno@northwind.example", "Bruno", "Berg", Role.MSP_ADMIN)
TOM = Account("tom@northwind.example", "Tom", "Tiller", Role.TENANT_ADMIN)
TINA = Account("tina@northwind.example", "Tina", "Thorne", Role.TENANT_ADMIN)
RITA = Account("rita@northwind.example", "Rita", "Rowe", Role.READ_ONLY)
EVE = Account("eve@eastgate.example", "Eve", "Eastman", Role.MSP_ADMIN)
ELI = Account("eli@eastgate.example", "Eli", "Ellis", Role.MSP_ADMIN)
SAM = Account("sam@vendor.example", "Sam", "Support", Role.SUPPORT)
NORTHWIND_PEOPLE = (BRUNO, TOM, TINA, RITA)
EVERYBODY = (ADA, *NORTHWIND_PEOPLE, EVE, ELI, SAM)


def accounts_file() -> Path:
    """Return where the accounts of the demonstration are written for whoever starts it."""
    return Path(settings.VAR_DIR) / "demo-accounts.txt"


def new_password() -> str:
    """Return a password of four words and a number, different at each installation."""
    return "-".join([*(secrets.choice(_WORDS) for _ in range(4)), str(secrets.randbelow(9000) + 1000)])


def write_accounts(password: str) -> None:
    """Write who can sign in, readable by the owner of the installation alone."""
    lines = [f"  {account.email:26} {account.role.label}" for account in EVERYBODY]
    path = accounts_file()
    path.touch(mode=0o600)
    path.write_text(
        "\n".join(
            [
                f"Demonstration accounts, all with the password {password}",
                *lines,
                f"The code that is asked for at sign-in stands at {settings.MSC_ORIGIN}/demo/mail/",
                f"Support staff work at {settings.MSC_ORIGIN}{settings.SUPPORT_PATH}",
            ]
        )
        + "\n"
    )


def join(account: Account, password: str, msp: Msp | None) -> User:
    """Let an invited person have accepted: password chosen, address verified."""
    with scope.entered("portal", msp=msp.pk if msp else None):
        scope.reveal_email(account.email)
        person: User = User.objects.select_related("msp").get(email=account.email, msp=msp)
        person.set_password(password)
        person.save(update_fields=["password"])
        addresses.confirm(person)
    return person


def invite(by: User, msp: Msp, account: Account) -> None:
    """Invite a person as an administrator would."""
    invite_administrator(
        by=by,
        msp=msp,
        email=account.email,
        first_name=account.first_name,
        last_name=account.last_name,
        role=account.role,
    )


def hire_support(account: Account) -> None:
    """Add a member of support staff, who belong to no MSP."""
    with scope.entered("support"):
        User.objects.create_user(
            account.email, first_name=account.first_name, last_name=account.last_name, role=account.role
        )
