"""The e-mails of sign-in: allauth's names of them mapped to ours, queued in the outbox."""

from collections.abc import Mapping
from datetime import timedelta
from typing import NamedTuple
from uuid import uuid4

from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.contrib.auth.tokens import default_token_generator
from django.db import transaction

from msc.access.models import User
from msc.events import log
from msc.mail import outbox


class Mail(NamedTuple):
    """An e-mail that carries a code or a link, and how long that holds."""

    template: str
    kind: str
    holds: timedelta


class Notice(NamedTuple):
    """A change of somebody's sign-in: the event it leaves and the sentence they are told."""

    action: str
    sentence: str
    detail: str = ""


CODE = Mail("sign_in_code", "session.code", timedelta(minutes=10))
RESET = Mail("password_reset", "password.reset", timedelta(hours=1))

MAILS = {"account/email/login_code": CODE, "account/email/password_reset_key": RESET}

NOTICES = {
    "account/email/password_changed": Notice("session.password_changed", "Your password was changed."),
    "account/email/password_reset": Notice("session.password_reset", "Your password was reset by an e-mailed link."),
    "account/email/password_set": Notice("session.password_changed", "A password was set."),
    "mfa/email/totp_activated": Notice(
        "session.factor_added", "An authenticator app was added as your second factor.", "authenticator app"
    ),
    "mfa/email/totp_deactivated": Notice(
        "session.factor_removed", "Your authenticator app was removed.", "authenticator app"
    ),
    "mfa/email/webauthn_added": Notice("session.factor_added", "A passkey was added.", "passkey"),
    "mfa/email/webauthn_removed": Notice("session.factor_removed", "A passkey was removed.", "passkey"),
    "socialaccount/email/account_connected": Notice(
        "session.factor_added", "From now on you can sign in through your organisation.", "single sign-on"
    ),
    "mfa/email/recovery_codes_generated": Notice(
        "session.factor_added", "New recovery codes were made; the old ones no longer work.", "recovery codes"
    ),
}


def send(mail: Mail, person: User, facts: Mapping[str, object]) -> None:
    """Queue an e-mail with a code or a link; each one is an e-mail of its own."""
    outbox.queue(
        key=f"{mail.kind}:{person.pk}:{uuid4().hex}",
        kind=mail.kind,
        to=person.email,
        template=mail.template,
        context={"person": person, "minutes": mail.holds // timedelta(minutes=1), **facts},
        msp_id=person.msp_id,
        expires_in=mail.holds,
    )


def rehearse(mail: Mail, email: str) -> None:
    """Do the work of an e-mail to nobody and undo it, so that an unknown address takes as long as a known one."""
    nobody = User(pk=0, email=email, password=make_password(None))
    with transaction.atomic():
        send(mail, nobody, {"link": f"{settings.MSC_ORIGIN}/{default_token_generator.make_token(nobody)}"})
        log.record(by=log.Stranger(nobody.origin), action="session.password_reset_asked", on=nobody)
        transaction.set_rollback(True)


def tell(notice: Notice, person: User) -> None:
    """Queue the notice of a change, so that somebody whose account is misused learns of it."""
    outbox.queue(
        key=f"person.noticed:{person.pk}:{uuid4().hex}",
        kind="person.noticed",
        to=person.email,
        template="account_notice",
        context={"person": person, "sentence": notice.sentence, "address": person.origin.address},
        msp_id=person.msp_id,
    )
