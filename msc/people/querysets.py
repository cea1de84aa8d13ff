"""Administrators as the pages show them, and the rule who of them counts."""

from allauth.mfa.models import Authenticator
from django.contrib.auth.hashers import UNUSABLE_PASSWORD_PREFIX
from django.db.models import Case, CharField, Count, Exists, OuterRef, Q, QuerySet, Value, When

from msc.access.models import User
from msc.access.roles import Role
from msc.people.states import PersonState, SecondFactor

HELD_DOMAIN = "held.invalid"

#: Somebody who has come in at least once, or could: a password of their own or a sign-in by the MSP's identity provider.
JOINED = Q(last_login__isnull=False) | ~Q(password__startswith=UNUSABLE_PASSWORD_PREFIX)


def has_joined(person: User) -> bool:
    """Tell whether the person has accepted an invitation or signed in; the same rule as `JOINED`."""
    return person.last_login is not None or person.has_usable_password()


def with_state(people: QuerySet[User]) -> QuerySet[User]:
    """Add `state`, `second_factor` and `customers_assigned` to each person."""
    own = Authenticator.objects.filter(user_id=OuterRef("pk"))
    return people.annotate(
        state=Case(
            When(is_active=False, then=Value(PersonState.OFF)),
            When(JOINED, then=Value(PersonState.ACTIVE)),
            default=Value(PersonState.INVITED),
            output_field=CharField(),
        ),
        second_factor=Case(
            When(Exists(own.filter(type=Authenticator.Type.WEBAUTHN)), then=Value(SecondFactor.PASSKEY)),
            When(Exists(own.filter(type=Authenticator.Type.TOTP)), then=Value(SecondFactor.APP)),
            default=Value(SecondFactor.EMAIL),
            output_field=CharField(),
        ),
        customers_assigned=Count("assignments", distinct=True),
    )


def active_administrators(msp_id: int) -> QuerySet[User]:
    """Return the MSP administrators of the MSP who may act."""
    found: QuerySet[User] = User.objects.filter(msp_id=msp_id, role=Role.MSP_ADMIN, is_active=True)
    return found
