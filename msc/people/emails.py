"""The e-mails about a person's account, one function each."""

from datetime import timedelta

from allauth.account.forms import default_token_generator
from allauth.account.utils import user_pk_to_url_str
from django.conf import settings
from django.urls import reverse
from django.utils.http import urlencode

from msc.access.models import Msp, User
from msc.mail import outbox
from msc.people.models import INVITATION_LIFE, Invitation

RESET_LIFE = timedelta(hours=1)


def invitation(invitation: Invitation, *, token: str, msp: Msp, inviter: str) -> None:
    """Send the link with which the invited person chooses a password."""
    outbox.queue(
        key=f"person.invited:{invitation.pk}",
        kind="person.invited",
        to=invitation.email,
        template="invitation",
        context={
            "person": invitation.person.full_name,
            "msp": msp.name,
            "inviter": inviter,
            "role": invitation.person.get_role_display(),
            "days": INVITATION_LIFE.days,
            "link": f"{settings.MSC_ORIGIN}{reverse('people:invitation')}?{urlencode({'token': token})}",
        },
        msp_id=msp.pk,
        expires_in=INVITATION_LIFE,
    )


def invitation_elsewhere(invitation: Invitation, *, msp: Msp, inviter: str) -> None:
    """Tell the owner of an account that it cannot join a second MSP; to the inviting MSP the row is an invitation's."""
    outbox.queue(
        key=f"person.invited:{invitation.pk}",
        kind="person.invited",
        to=invitation.email,
        template="invitation_elsewhere",
        context={"msp": msp.name, "inviter": inviter},
        msp_id=msp.pk,
        expires_in=INVITATION_LIFE,
    )


def password_reset(person: User, *, by: str, cause: str) -> None:
    """Send the link with which the person chooses a new password, asked for by somebody else."""
    path = reverse(
        "account_reset_password_from_key",
        kwargs={"uidb36": user_pk_to_url_str(person), "key": default_token_generator.make_token(person)},
    )
    outbox.queue(
        key=f"password.reset:{person.pk}:{cause}",
        kind="password.reset",
        to=person.email,
        template="password_reset_asked",
        context={"person": person.full_name, "by": by, "link": f"{settings.MSC_ORIGIN}{path}"},
        msp_id=person.msp_id,
        expires_in=RESET_LIFE,
    )
