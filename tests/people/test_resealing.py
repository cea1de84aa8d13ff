"""A new SECRET_KEY takes over from a former one without locking anybody out."""

import pytest
from allauth.mfa.models import Authenticator
from cryptography.fernet import InvalidToken
from django.core.management import CommandError, call_command

from msc.access import scope
from msc.people.models import SingleSignOn
from msc.people.signin.factors import sealed, unsealed
from msc.people.sso.providers import app_of, seal_secret

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "cache", "owner"])
FORMER, TODAY = "former-" * 10, "todays-" * 10


@pytest.fixture
def kept(settings, ada):
    """Store a seed, recovery codes, a passkey and a client secret under the former key, and change the key."""
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = FORMER, []
    with scope.entered("portal", msp=ada.msp_id):
        SingleSignOn.objects.create(
            msp=ada.msp, label="ID", issuer="https://id.example", client_id="x", sealed_secret=seal_secret("client's")
        )
    with scope.entered("portal", msp=ada.msp_id, person=ada.pk):
        for kind, data in (
            ("totp", {"secret": sealed("SEED")}),
            ("recovery_codes", {"seed": sealed("CODES"), "used_mask": 3}),
            ("webauthn", {"credential": {"id": "key"}}),
        ):
            Authenticator.objects.create(user=ada, type=kind, data=data)
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = TODAY, [FORMER]
    return ada


def opened(person):
    with scope.entered("portal", msp=person.msp_id, person=person.pk):
        data = {factor.type: factor.data for factor in Authenticator.objects.filter(user=person)}
        provider = app_of(SingleSignOn.objects.select_related("msp").get())
    assert data["recovery_codes"]["used_mask"] == 3
    assert data["webauthn"] == {"credential": {"id": "key"}}
    return unsealed(data["totp"]["secret"]), unsealed(data["recovery_codes"]["seed"]), provider.secret


def test_after_resealing_the_former_key_is_not_needed(kept, settings, capsys):
    call_command("reseal")
    assert capsys.readouterr().out == "Sealed by today's key: 3.\n"
    settings.SECRET_KEY_FALLBACKS = []
    assert opened(kept) == ("SEED", "CODES", "client's")


def test_without_it_the_former_key_is_needed(kept, settings):
    assert opened(kept) == ("SEED", "CODES", "client's")
    settings.SECRET_KEY_FALLBACKS = []
    with pytest.raises(InvalidToken):
        opened(kept)


def test_what_an_unknown_key_has_sealed_stops_it_before_anything_changes(kept, settings):
    settings.SECRET_KEY_FALLBACKS = []
    with pytest.raises(CommandError, match="Nothing was changed"):
        call_command("reseal")
    settings.SECRET_KEY_FALLBACKS = [FORMER]
    assert opened(kept) == ("SEED", "CODES", "client's")
