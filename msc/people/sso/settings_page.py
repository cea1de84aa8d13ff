"""Where an MSP administrator sets up single sign-on."""

import re
from typing import Any
from urllib.parse import urlsplit

from cryptography import x509
from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.urls import reverse

from msc.access.models import Msp
from msc.pages.dialogs import Outcome, Section, SettingsPage
from msc.people.models import SingleSignOn
from msc.people.sso import services

_DOMAIN = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}")
_FRAME = ("-----BEGIN CERTIFICATE-----", "-----END CERTIFICATE-----")
_LARGEST = 2**31 - 1


def _checked_url(url: str) -> str:
    """Return the address of a provider; plain http is for this machine only."""
    parts = urlsplit(url)
    if not parts.hostname or (parts.scheme != "https" and not (settings.IS_LOCAL and parts.scheme == "http")):
        raise ValidationError("Enter an address that begins with https://.")
    return url


class SingleSignOnForm(forms.Form):
    """The identity provider of an MSP."""

    is_on = forms.BooleanField(label="Enable single sign-on", required=False)
    label = forms.CharField(
        label="Name of the provider",
        max_length=60,
        help_text="Label shown on the sign-in button, such as your company name.",
    )
    protocol = forms.ChoiceField(choices=SingleSignOn.Protocol.choices, widget=forms.RadioSelect)
    issuer = forms.CharField(
        label="Issuer or entity ID",
        max_length=500,
        help_text="OpenID Connect: the issuer's address. SAML: the provider's entity ID.",
    )
    client_id = forms.CharField(label="Client ID", max_length=200, required=False)
    secret = forms.CharField(
        label="Client secret",
        max_length=500,
        required=False,
        strip=True,
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
        help_text="Stored encrypted and never shown. Leave it empty to keep the current secret.",
    )
    sign_in_url = forms.CharField(
        label="Sign-in address",
        max_length=500,
        required=False,
        help_text="The provider's address that people are sent to in order to sign in.",
    )
    certificate = forms.CharField(
        max_length=20_000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 6, "spellcheck": "false"}),
        help_text="The certificate that the provider signs with, in PEM format.",
    )
    domains = forms.CharField(
        label="Domains",
        max_length=2_000,
        required=False,
        help_text=(
            "Email domains that this provider answers for, separated by commas. Without them only addresses"
            " that the provider marks as verified are accepted."
        ),
    )
    version = forms.IntegerField(min_value=0, max_value=_LARGEST, widget=forms.HiddenInput)

    def clean_sign_in_url(self) -> str:
        """Accept https only."""
        url: str = self.cleaned_data["sign_in_url"]
        return _checked_url(url) if url else ""

    def clean_certificate(self) -> str:
        """Return the certificate without its frame; refuse what is none."""
        text: str = self.cleaned_data["certificate"]
        bare = re.sub(r"\s+", "", text.replace(_FRAME[0], "").replace(_FRAME[1], ""))
        if not bare:
            return ""
        try:
            x509.load_pem_x509_certificate("\n".join([_FRAME[0], bare, _FRAME[1]]).encode())
        except ValueError as error:
            raise ValidationError("This is not a certificate in PEM form.") from error
        return bare

    def clean_domains(self) -> list[str]:
        """Return the domains, each of them one."""
        domains = [part for part in re.split(r"[\s,;]+", self.cleaned_data["domains"].lower()) if part]
        for domain in domains:
            if not _DOMAIN.fullmatch(domain):
                raise ValidationError(f"{domain} is not a domain.")
        return list(dict.fromkeys(domains))

    def clean(self) -> dict[str, Any]:
        """Check the issuer as the protocol needs it."""
        cleaned = super().clean() or self.cleaned_data
        if cleaned.get("protocol") == SingleSignOn.Protocol.OIDC and cleaned.get("issuer"):
            try:
                _checked_url(cleaned["issuer"])
            except ValidationError as error:
                self.add_error("issuer", error)
        return cleaned


class SingleSignOnSettings(SettingsPage):
    """The identity provider of the MSP."""

    form_class, needs = SingleSignOnForm, "settings.edit"
    page_template = "people/single_sign_on.html"
    sections = (
        Section("Status", "Invited people can sign in through your identity provider.", ("is_on", "label")),
        Section(
            "Connection",
            "What your identity provider shows for the application that you registered there.",
            ("protocol", "issuer", "client_id", "secret", "sign_in_url", "certificate"),
        ),
        Section("Domains", "Which email addresses the provider may vouch for.", ("domains",)),
    )

    def get_title(self) -> str:
        """Name the page."""
        return "Single sign-on"

    def initial(self) -> dict[str, Any]:
        """Return what is set up, without the secret."""
        provider = SingleSignOn.objects.for_user(self.user).first()
        if provider is None:
            return {"protocol": SingleSignOn.Protocol.OIDC, "version": 0}
        values = {name: getattr(provider, name) for name in (*services.LABELS, "version")}
        return {**values, "domains": ", ".join(provider.domains)}

    def more(self) -> dict[str, Any]:
        """Return the addresses that the provider asks for."""
        slug = Msp.objects.for_user(self.user).get().slug
        of = {"organization_slug": slug}
        paths = (
            ("", "Sign-in page of your users", reverse("single_sign_on", args=[slug])),
            ("oidc", "Redirect URI", reverse("openid_connect_callback", args=[slug])),
            ("saml", "Entity ID and metadata", reverse("saml_metadata", kwargs=of)),
            ("saml", "Assertion consumer service", reverse("saml_acs", kwargs=of)),
        )
        return {"addresses": [(protocol, label, settings.MSC_ORIGIN + path) for protocol, label, path in paths]}

    def save(self, form: Any) -> Outcome:  # the form above
        """Save it."""
        values = dict(form.cleaned_data)
        version, secret = values.pop("version"), values.pop("secret")
        services.change_single_sign_on(by=self.user, version=version, values=values, secret=secret)
        return Outcome(reverse("single_sign_on_settings"), "Single sign-on is saved.")
