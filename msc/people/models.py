"""What lets people and programs in for the first time: invitations and API credentials."""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import ClassVar, Self

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils import timezone

from msc.access.actors import NOWHERE, Origin
from msc.access.models import Msp, User
from msc.access.querysets import ScopedQuerySet
from msc.access.roles import Role
from msc.people.tokens import digest_of, new_secret

INVITATION_LIFE = timedelta(days=7)
CREDENTIAL_PREFIX = "msc_"
PREFIX_SHOWN = 12


class InvitationQuerySet(ScopedQuerySet["Invitation"]):
    """Finds invitations by what may still be done with them."""

    def open(self, now: datetime | None = None) -> Self:
        """Return those that may still be accepted."""
        return self.filter(accepted_at=None, revoked_at=None, expires_at__gt=now or timezone.now())


class Invitation(models.Model):
    """A link that lets one invited person choose a password once; only the digest of its token is kept."""

    msp = models.ForeignKey(Msp, on_delete=models.PROTECT, related_name="+")
    person = models.ForeignKey(User, on_delete=models.PROTECT, related_name="invitations")
    email = models.EmailField(max_length=254)
    digest = models.CharField(max_length=64, unique=True, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    expires_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    objects = InvitationQuerySet.as_manager()
    scope_msp = "msp"
    scope_customer = None

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(accepted_at=None) | Q(revoked_at=None), name="invitation_is_not_accepted_and_revoked"
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["msp", "email"], name="invitation_by_address")]

    def __str__(self) -> str:
        return f"invitation {self.pk} of person {self.person_id}"


class CredentialScope(models.TextChoices):
    """What a program may do with an API credential."""

    RUNS_WRITE = "runs:write", "Send runs"
    USAGE_WRITE = "usage:write", "Send usage records"
    CUSTOMERS_READ = "customers:read", "Read customers"
    TENANTS_READ = "tenants:read", "Read products (tenants)"
    PLANS_READ = "plans:read", "Read service plans"
    RUNS_READ = "runs:read", "Read runs"
    USAGE_READ = "usage:read", "Read usage records"
    ALERTS_READ = "alerts:read", "Read alerts"


class ApiCredentialQuerySet(ScopedQuerySet["ApiCredential"]):
    """Finds credentials that let a program in."""

    def live(self, now: datetime | None = None) -> Self:
        """Return those that are neither revoked nor expired."""
        return self.filter(Q(expires_at=None) | Q(expires_at__gt=now or timezone.now()), revoked_at=None)


class ApiCredential(models.Model):
    """What a program signs in with at the API; only the digest of its secret is kept."""

    msp = models.ForeignKey(Msp, on_delete=models.PROTECT, related_name="api_credentials")
    name = models.CharField(max_length=120)
    scopes = ArrayField(models.CharField(max_length=24, choices=CredentialScope))
    prefix = models.CharField(max_length=PREFIX_SHOWN, editable=False)
    digest = models.CharField(max_length=64, unique=True, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, editable=False, related_name="+")
    expires_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True, editable=False)
    revoked_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects = ApiCredentialQuerySet.as_manager()
    scope_msp = "msp"
    scope_customer = None

    # Set by the API for the length of one request; never stored.
    origin: Origin = NOWHERE

    class Meta:
        verbose_name = "API credential"
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(scopes__len__gt=0), name="credential_has_a_scope"),
            models.UniqueConstraint(
                fields=["msp", "name"], condition=Q(revoked_at=None), name="one_live_credential_per_name"
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["msp", "created_at"], name="credential_by_creation")]

    def __str__(self) -> str:
        return self.name

    @classmethod
    def issue(
        cls, *, msp: Msp, name: str, scopes: Collection[str], created_by: User, expires_at: datetime | None = None
    ) -> tuple["ApiCredential", str]:
        """Store a new credential and return it with its secret, which nobody can read again."""
        secret = new_secret(CREDENTIAL_PREFIX)
        credential = cls.objects.create(
            msp=msp,
            name=name,
            scopes=sorted(scopes),
            prefix=secret[:PREFIX_SHOWN],
            digest=digest_of(secret),
            created_by=created_by,
            expires_at=expires_at,
        )
        return credential, secret

    def can(self, scope: str) -> bool:
        """Tell whether the credential was given the scope, e.g. "runs:write"."""
        return scope in self.scopes

    def is_live(self, now: datetime | None = None) -> bool:
        """Tell whether the credential lets a program in: neither revoked nor expired."""
        return self.revoked_at is None and (self.expires_at is None or self.expires_at > (now or timezone.now()))

    @property
    def role(self) -> Role:
        """What scoped querysets ask: a program reads all of its MSP, as far as its scopes go."""
        return Role.READ_ONLY

    # What the event record asks of an actor.
    @property
    def actor_kind(self) -> str:
        return "credential"

    @property
    def actor_id(self) -> int | None:
        return self.pk

    @property
    def actor_label(self) -> str:
        return f"{self.name} ({self.prefix}…)"


class SingleSignOn(models.Model):
    """How people of an MSP sign in through their own identity provider; nobody but them can be reached by it."""

    class Protocol(models.TextChoices):
        """The language that the identity provider speaks."""

        OIDC = "oidc", "OpenID Connect"
        SAML = "saml", "SAML 2.0"

    msp = models.OneToOneField(Msp, on_delete=models.PROTECT, related_name="single_sign_on")
    is_on = models.BooleanField(default=False)
    label = models.CharField(max_length=60)
    protocol = models.CharField(max_length=4, choices=Protocol, default=Protocol.OIDC)
    #: OpenID Connect: the issuer's address. SAML: the entity id of the provider.
    issuer = models.CharField(max_length=500)
    client_id = models.CharField(max_length=200, blank=True)
    #: Encrypted with the portal's key; never shown again.
    sealed_secret = models.TextField(blank=True, editable=False)
    sign_in_url = models.URLField(max_length=500, blank=True)
    certificate = models.TextField(blank=True)
    #: Addresses of these domains count as proved when the provider does not say whether they are.
    domains = ArrayField(models.CharField(max_length=253), default=list, blank=True)
    version = models.PositiveIntegerField(default=1)

    objects = ScopedQuerySet.as_manager()
    scope_msp = "msp"
    scope_customer = None

    class Meta:
        verbose_name = "single sign-on"
        verbose_name_plural = "single sign-on"

    def __str__(self) -> str:
        return f"single sign-on of MSP {self.msp_id}"
