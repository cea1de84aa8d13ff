"""What the portal remembers of a person's way with its pages."""

from typing import ClassVar

from django.conf import settings
from django.db import models

from msc.access.models import Msp
from msc.access.querysets import ScopedQuerySet


class TablePreference(models.Model):
    """The columns a person shows on one list, their order and their widths."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="table_preferences")
    msp = models.ForeignKey(Msp, models.PROTECT, related_name="+")
    list_name = models.CharField(max_length=60)
    shown = models.JSONField(default=list)
    widths = models.JSONField(default=dict)

    objects = ScopedQuerySet.as_manager()
    scope_msp = "msp"
    scope_customer = None

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["user", "list_name"], name="one_preference_per_list")]

    def __str__(self) -> str:
        return f"{self.list_name} of {self.user_id}"


class Submission(models.Model):
    """A create form that was submitted once, and where its result stands."""

    key = models.UUIDField(unique=True)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    msp = models.ForeignKey(Msp, models.PROTECT, related_name="+")
    result_url = models.CharField(max_length=500, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = ScopedQuerySet.as_manager()
    scope_msp = "msp"
    scope_customer = None

    def __str__(self) -> str:
        return str(self.key)
