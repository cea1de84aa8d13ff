"""Administrators as the pages show them, and the rule who of them counts."""

from allauth.mfa.models import Authenticator
from django.contrib.auth.hashers import UNUSABLE_PASSWORD_PREFIX
from django.db.models import Case, CharField, Count, Exists, F, OuterRef, Q, QuerySet, Subquery, Value, When
from django.db.models.functions import Coalesce, Concat, Trim

from msc.access.models import User
from msc.access.roles import Role
from msc.people.models import Invitation
from msc.people.states import PersonState, SecondFactor

HELD_DOMAIN = "held.invalid"

#: Somebody who has come in at least once, or could: a password of their own or a sign-in by the MSP's identity provider.
JOINED = Q(last_login__isnull=False) | ~Q(password__startswith=UNUSABLE_PASSWORD_PREFIX)


def has_joined(person: User) -> bool:
    """Tell whether the person has accepted an invitation or signed in; the same rule as `JOINED`."""
    return person.last_login is not None or person.has_usable_password()


def with_state(people: QuerySet[User]) -> QuerySet[User]:
    """Add `state`, `whole_name` and `address`, the one the person was invited at until it is theirs."""
    newest = Invitation.objects.filter(person=OuterRef("pk")).order_by("-pk").values("email")[:1]
    return people.annotate(
        state=Case(
            When(is_active=False, then=Value(PersonState.OFF)),
            When(JOINED, then=Value(PersonState.ACTIVE)),
            default=Value(PersonState.INVITED),
            output_field=CharField(),
        ),
        whole_name=Trim(Concat("first_name", Value(" "), "last_name")),
        address=Case(
            When(email__endswith=f"@{HELD_DOMAIN}", then=Coalesce(Subquery(newest), F("email"))),
            default=F("email"),
            output_field=CharField(),
        ),
    )


def with_customers(people: QuerySet[User]) -> QuerySet[User]:
    """Add `customers_assigned`: to tenant administrators how many, to others nothing."""
    return people.annotate(
        customers_assigned=Case(When(role=Role.TENANT_ADMIN, then=Count("assignments", distinct=True)))
    )


def with_factor(people: QuerySet[User]) -> QuerySet[User]:
    """Add `second_factor`, the strongest that the person has set up."""
    own = Authenticator.objects.filter(user_id=OuterRef("pk"))
    return people.annotate(
        second_factor=Case(
            When(Exists(own.filter(type=Authenticator.Type.WEBAUTHN)), then=Value(SecondFactor.PASSKEY)),
            When(Exists(own.filter(type=Authenticator.Type.TOTP)), then=Value(SecondFactor.APP)),
            default=Value(SecondFactor.EMAIL),
            output_field=CharField(),
        )
    )


def active_administrators(msp_id: int) -> QuerySet[User]:
    """Return the MSP administrators of the MSP who may act."""
    found: QuerySet[User] = User.objects.filter(msp_id=msp_id, role=Role.MSP_ADMIN, is_active=True)
    return found
