"""MSPs and the people who sign in."""

from datetime import date, datetime
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower
from django.utils import timezone

from msc.access.actors import NOWHERE, Origin
from msc.access.names import folded_name
from msc.access.querysets import ScopedQuerySet
from msc.access.roles import MSP_ROLES, Role, allows
from msc.access.zones import validate_zone


class MspState(models.TextChoices):
    """Whether an MSP works in the portal; Closed refuses sign-in and ingest."""

    ACTIVE = "active", "Active"
    CLOSED = "closed", "Closed"


class Msp(models.Model):
    """A managed service provider: the owner of everything that it keeps in the portal."""

    name = models.CharField(max_length=200)
    slug = models.SlugField(max_length=63, unique=True)
    time_zone = models.CharField(max_length=64, default="UTC", validators=[validate_zone])
    address = models.CharField(max_length=500, blank=True)
    phone = models.CharField(max_length=32, blank=True)
    state = models.CharField(max_length=8, choices=MspState, default=MspState.ACTIVE)
    quota_warning_percent = models.PositiveSmallIntegerField(
        default=80, validators=[MinValueValidator(1), MaxValueValidator(100)]
    )
    quota_critical_percent = models.PositiveSmallIntegerField(
        default=90, validators=[MinValueValidator(1), MaxValueValidator(200)]
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    version = models.PositiveIntegerField(default=1)

    objects = ScopedQuerySet.as_manager()
    scope_msp = "pk"
    scope_customer = None

    class Meta:
        verbose_name = "MSP"
        constraints: ClassVar = [
            models.UniqueConstraint(Lower("name"), name="one_msp_per_name"),
            models.CheckConstraint(condition=Q(state__in=MspState.values), name="msp_state_is_known"),
            models.CheckConstraint(
                condition=Q(quota_warning_percent__lt=F("quota_critical_percent")),
                name="msp_quota_warning_below_critical",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def zone(self) -> ZoneInfo:
        """The time zone in which the MSP's calendar days begin and end."""
        return ZoneInfo(self.time_zone)

    def day_of(self, moment: datetime) -> date:
        """Return the calendar day of the MSP on which the moment falls."""
        return moment.astimezone(self.zone).date()

    def today(self, now: datetime | None = None) -> date:
        """Return the MSP's calendar day at `now`, by default at this moment."""
        return self.day_of(now or timezone.now())


class UserManager(BaseUserManager["User"].from_queryset(ScopedQuerySet["User"])):  # type: ignore[misc]
    """Finds and makes people; an address is kept in lower case, so it is unique without regard to case."""

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "User":
        """Create a person; without a password they cannot sign in until they choose one."""
        user: User = self.model(email=email.strip().lower(), **fields)
        user.set_password(password)
        user.full_clean()
        user.save()
        return user

    def get_by_natural_key(self, email: str | None) -> "User":
        found: User = self.get(email=(email or "").strip().lower())
        return found


class User(AbstractBaseUser):
    """A person who signs in: an administrator of one MSP, or support staff of the vendor."""

    msp = models.ForeignKey(Msp, on_delete=models.PROTECT, null=True, blank=True, related_name="people")
    email = models.EmailField(max_length=254, unique=True)
    first_name = models.CharField(max_length=100)
    last_name = models.CharField(max_length=100)
    phone = models.CharField(max_length=32, blank=True)
    time_zone = models.CharField(max_length=64, blank=True, validators=[validate_zone])
    role = models.CharField(max_length=16, choices=Role)
    is_active = models.BooleanField(default=True)
    joined_at = models.DateTimeField(default=timezone.now, editable=False)
    last_seen_at = models.DateTimeField(null=True, blank=True, editable=False)
    folded_name = models.CharField(max_length=410, editable=False)
    version = models.PositiveIntegerField(default=1)

    objects = UserManager()
    scope_msp = "msp"
    scope_customer = None

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar = ["first_name", "last_name", "role"]

    # Set by the middleware for the length of one request; never stored.
    origin: Origin = NOWHERE

    class Meta:
        verbose_name = "person"
        verbose_name_plural = "people"
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(role=Role.SUPPORT, msp=None) | Q(role__in=MSP_ROLES, msp__isnull=False),
                name="support_staff_have_no_msp",
            ),
            models.CheckConstraint(condition=Q(email=Lower("email")), name="person_email_is_lower_case"),
        ]
        indexes: ClassVar = [models.Index(fields=["msp", "folded_name", "id"], name="person_by_name")]

    def __str__(self) -> str:
        return self.full_name

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Keep the folded name in step with the name."""
        self.folded_name = folded_name(self.full_name)
        fields = kwargs.get("update_fields")
        if fields is not None and {"first_name", "last_name"} & set(fields):
            kwargs["update_fields"] = {*fields, "folded_name"}
        super().save(*args, **kwargs)

    @property
    def full_name(self) -> str:
        return f"{self.first_name} {self.last_name}".strip()

    def get_full_name(self) -> str:
        return self.full_name

    def can(self, permission: str) -> bool:
        """Tell whether the person's role holds the permission."""
        return self.is_active and allows(self.role, permission)

    @property
    def zone(self) -> ZoneInfo:
        """The zone in which clock times are shown to the person: their own, or their MSP's."""
        return ZoneInfo(self.time_zone or (self.msp.time_zone if self.msp else "UTC"))

    # What the event record asks of an actor.
    @property
    def actor_kind(self) -> str:
        return "support" if self.role == Role.SUPPORT else "person"

    @property
    def actor_id(self) -> int | None:
        return self.pk

    @property
    def actor_label(self) -> str:
        return self.email

    # What Django admin asks of a user: support staff may enter, and its site class decides the rest.
    @property
    def is_staff(self) -> bool:
        return self.role == Role.SUPPORT

    @property
    def is_superuser(self) -> bool:
        return False

    def has_perm(self, perm: str, obj: object = None) -> bool:
        return False

    def has_module_perms(self, app_label: str) -> bool:
        return self.is_active and self.is_staff
