"""An MSP's identity provider, as it stands in its settings and as allauth wants it."""

from allauth.socialaccount.models import SocialApp
from django.conf import settings
from django.urls import reverse

from msc.access import scope
from msc.access.models import MspState
from msc.people.models import SingleSignOn
from msc.people.signin.factors import resealed, sealed, unsealed

_PURPOSE = "single sign-on"
#: What providers call the address; they differ.
_MAIL_ATTRIBUTES = [
    "urn:oid:0.9.2342.19200300.100.1.3",
    "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress",
    "email",
    "mail",
]


def seal_secret(secret: str) -> str:
    """Return the client secret as it is stored."""
    return sealed(secret, purpose=_PURPOSE)


def reseal_secret(sealed_secret: str) -> str:
    """Return a stored client secret sealed by today's key."""
    return resealed(sealed_secret, purpose=_PURPOSE)


def find(slug: str) -> SingleSignOn | None:
    """Return what the MSP of the slug has set up, if it is on, and narrow the transaction to that MSP."""
    scope.reveal_slug(slug)
    found: SingleSignOn | None = (
        SingleSignOn.objects.select_related("msp")
        .filter(msp__slug=slug, is_on=True, msp__state=MspState.ACTIVE)
        .first()
    )
    if found is not None:
        scope.narrow_to_msp(found.msp_id)
    return found


def app_of(provider: SingleSignOn) -> SocialApp:
    """Return allauth's picture of the provider, made for this request and never stored."""
    is_oidc = provider.protocol == SingleSignOn.Protocol.OIDC
    slug = provider.msp.slug
    return SocialApp(
        provider="openid_connect" if is_oidc else "saml",
        provider_id=slug,
        name=provider.label,
        client_id=provider.client_id if is_oidc else slug,
        secret=unsealed(provider.sealed_secret, purpose=_PURPOSE) if provider.sealed_secret else "",
        settings=_oidc(provider) if is_oidc else _saml(provider),
    )


def _common(provider: SingleSignOn) -> dict[str, object]:
    # None of its addresses is believed unless the provider says that it is verified, or it is of these domains.
    return {"email_authentication": True, "verified_email": list(provider.domains)}


def _oidc(provider: SingleSignOn) -> dict[str, object]:
    return {**_common(provider), "server_url": provider.issuer.rstrip("/"), "oauth_pkce_enabled": True}


def _saml(provider: SingleSignOn) -> dict[str, object]:
    metadata = reverse("saml_metadata", kwargs={"organization_slug": provider.msp.slug})
    return {
        **_common(provider),
        "attribute_mapping": {"email": _MAIL_ATTRIBUTES, "email_verified": ["email_verified"]},
        "idp": {"entity_id": provider.issuer, "sso_url": provider.sign_in_url, "x509cert": provider.certificate},
        "sp": {"entity_id": settings.MSC_ORIGIN + metadata},
        "advanced": {
            "want_assertion_signed": True,
            "want_attribute_statement": False,
            "want_name_id": True,
            "allow_single_label_domains": settings.IS_LOCAL,
        },
    }
