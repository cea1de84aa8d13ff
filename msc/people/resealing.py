"""What the database holds sealed by the portal's key, sealed anew when the key has changed."""

from allauth.mfa.models import Authenticator
from django.db import transaction

from msc.people.models import SingleSignOn
from msc.people.signin.factors import resealed
from msc.people.sso.providers import reseal_secret

OWNER = "owner"
#: What an authenticator app and recovery codes keep sealed; passkeys have no secret.
_SEALED = ("secret", "seed")


def reseal_everything() -> int:
    """Seal all of it by today's key, or nothing, and return how many rows that were."""
    with transaction.atomic(using=OWNER):
        return _reseal_factors() + _reseal_providers()


def _reseal_factors() -> int:
    number = 0
    for factor in Authenticator.objects.using(OWNER).select_for_update().order_by("pk"):
        sealed = {key: resealed(factor.data[key]) for key in _SEALED if key in factor.data}
        if sealed:
            factor.data |= sealed
            factor.save(using=OWNER, update_fields=["data"])
            number += 1
    return number


def _reseal_providers() -> int:
    providers = SingleSignOn.objects.using(OWNER).select_for_update().exclude(sealed_secret="").order_by("pk")
    for provider in providers:
        provider.sealed_secret = reseal_secret(provider.sealed_secret)
        provider.save(using=OWNER, update_fields=["sealed_secret"])
    return len(providers)
