"""What an MSP administrator sets up of single sign-on."""

from collections.abc import Mapping

from django.db import IntegrityError, transaction

from msc.access.models import Msp, User
from msc.access.permits import require
from msc.errors import DomainError
from msc.events import log
from msc.events.conflicts import refuse_stale
from msc.people.models import SingleSignOn
from msc.people.sso.providers import seal_secret

LABELS = {
    "is_on": "On",
    "label": "Name of the provider",
    "protocol": "Protocol",
    "issuer": "Issuer or entity id",
    "client_id": "Client id",
    "sign_in_url": "Sign-in address",
    "certificate": "Certificate",
    "domains": "Domains",
}


@transaction.atomic
def change_single_sign_on(*, by: User, version: int, values: Mapping[str, object], secret: str) -> SingleSignOn:
    """Save the provider of the actor's MSP; an empty secret keeps the one that is stored."""
    require(by, "settings.edit")
    msp = Msp.objects.for_user(by).select_for_update(no_key=True).get()
    provider = SingleSignOn.objects.for_user(by).first() or SingleSignOn(msp=msp, version=0)
    refuse_stale(provider, version)
    before = {label: getattr(provider, name) for name, label in LABELS.items()}
    after = {label: values[name] for name, label in LABELS.items()}
    for name in LABELS:
        setattr(provider, name, values[name])
    if secret:
        provider.sealed_secret = seal_secret(secret)
    _refuse_incomplete(provider)
    provider.version += 1
    try:
        with transaction.atomic():
            provider.save()
    except IntegrityError as error:
        raise DomainError("Somebody else has just set this up. Load the page again.") from error
    changes = dict(log.changed(before, after))
    if secret:
        changes["Client secret"] = ("", "replaced")
    log.record(by=by, action="msp.edited", on=msp, label=msp.name, changes=changes)
    return provider


def _refuse_incomplete(provider: SingleSignOn) -> None:
    if not provider.is_on:
        return
    if provider.protocol == SingleSignOn.Protocol.OIDC:
        needed = {"client_id": provider.client_id, "secret": provider.sealed_secret}
    else:
        needed = {
            "sign_in_url": provider.sign_in_url,
            "certificate": provider.certificate,
            "domains": ", ".join(provider.domains),
        }
    for field, value in {"issuer": provider.issuer, **needed}.items():
        if not value:
            raise DomainError("This is needed before single sign-on can be switched on.", field=field)
