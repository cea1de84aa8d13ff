"""The catalogue of storage regions, what each MSP is offered of it, and the MSP's service plans."""

import itertools
from typing import Any, ClassVar

import pgtrigger
from django.contrib.postgres.fields import ArrayField
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from msc.access.models import Msp
from msc.access.names import folded_name, name_key
from msc.access.querysets import ScopedQuerySet
from serviceplans.catalogue import (
    EDITION_RANK,
    Edition,
    Feature,
    Product,
    StorageProvider,
    Workload,
    features_allowed,
    workloads_allowed,
)
from serviceplans.querysets import ServicePlanQuerySet
from serviceplans.rules import range_words


class StorageRegion(models.Model):
    """A place where backups lie, e.g. AWS `us-east-1`; one catalogue for the whole installation."""

    provider = models.CharField(max_length=8, choices=StorageProvider)
    name = models.CharField(max_length=40)
    place = models.CharField(max_length=80)
    products = ArrayField(models.CharField(max_length=8, choices=Product))

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["provider", "name"], name="one_region_per_provider_and_name"),
            models.CheckConstraint(condition=Q(provider__in=StorageProvider.values), name="region_provider_is_known"),
        ]
        ordering: ClassVar = ["provider", "name"]

    def __str__(self) -> str:
        return f"{self.get_provider_display()} {self.name}"


class OfferedProduct(models.Model):
    """A product that the MSP may sell."""

    msp = models.ForeignKey(Msp, on_delete=models.PROTECT, related_name="offered_products")
    product = models.CharField(max_length=8, choices=Product)

    objects = ScopedQuerySet.as_manager()
    scope_msp = "msp"
    scope_customer = None

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["msp", "product"], name="product_is_offered_once"),
            models.CheckConstraint(condition=Q(product__in=Product.values), name="offered_product_is_known"),
        ]

    def __str__(self) -> str:
        return self.get_product_display()


class OfferedRegion(models.Model):
    """A storage region that the MSP may choose for tenants of one product."""

    msp = models.ForeignKey(Msp, on_delete=models.PROTECT, related_name="offered_regions")
    product = models.CharField(max_length=8, choices=Product)
    region = models.ForeignKey(StorageRegion, on_delete=models.PROTECT, related_name="offers")

    objects = ScopedQuerySet.as_manager()
    scope_msp = "msp"
    scope_customer = None

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["msp", "product", "region"], name="region_is_offered_once"),
            models.CheckConstraint(condition=Q(product__in=Product.values), name="offered_region_product_is_known"),
        ]

    def __str__(self) -> str:
        return f"{self.region} ({self.get_product_display()})"


class ServicePlan(models.Model):
    """A template of the MSP: per product an edition with its workloads, features and limits.

    A deleted plan stays as a tombstone for tenants that were purged under it.
    """

    msp = models.ForeignKey(Msp, on_delete=models.PROTECT, related_name="service_plans")
    name = models.CharField(max_length=120)
    name_key = models.CharField(max_length=240, editable=False)
    folded_name = models.CharField(max_length=240, editable=False)
    is_default = models.BooleanField(default=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    deleted_at = models.DateTimeField(null=True, blank=True, editable=False)
    version = models.PositiveIntegerField(default=1)

    objects = ServicePlanQuerySet.as_manager()
    scope_msp = "msp"
    scope_customer = None

    class Meta:
        triggers: ClassVar = [
            pgtrigger.Protect(name="plan_row_stays", operation=pgtrigger.Delete),
            pgtrigger.Protect(
                name="deleted_plan_stays_deleted",
                operation=pgtrigger.Update,
                condition=pgtrigger.Q(old__deleted_at__isnull=False),
            ),
            pgtrigger.ReadOnly(name="default_plan_stays_default", fields=["msp", "is_default"]),
        ]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["msp", "name_key"], condition=Q(deleted_at=None), name="one_plan_per_name"),
            models.CheckConstraint(
                condition=Q(is_default=False) | Q(deleted_at=None), name="default_plan_is_not_deleted"
            ),
            models.UniqueConstraint(fields=["msp"], condition=Q(is_default=True), name="one_default_plan"),
        ]
        indexes: ClassVar = [models.Index(fields=["msp", "folded_name", "id"], name="plan_by_name")]

    def __str__(self) -> str:
        return self.name

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Keep the forms of the name that uniqueness and order are made of."""
        self.name_key, self.folded_name = name_key(self.name), folded_name(self.name)
        fields = kwargs.get("update_fields")
        if fields is not None and "name" in fields:
            kwargs["update_fields"] = {*fields, "name_key", "folded_name"}
        super().save(*args, **kwargs)


def _fits_catalogue() -> Q:
    """Return the condition that workloads and features are such as the edition of the product allows."""
    fits = Q()
    for product, edition in itertools.product(Product.values, Edition.values):
        fits |= Q(
            product=product,
            edition=edition,
            workloads__contained_by=[workload.value for workload in workloads_allowed(product, edition)],
            features__contained_by=[feature.value for feature in features_allowed(product, edition)],
        )
    return fits


class PlanProduct(models.Model):
    """What a plan includes of one product; limits in hours between backups and days of retention, or none."""

    msp = models.ForeignKey(Msp, on_delete=models.PROTECT, related_name="+")
    plan = models.ForeignKey(ServicePlan, on_delete=models.CASCADE, related_name="products")
    product = models.CharField(max_length=8, choices=Product)
    edition = models.CharField(max_length=12, choices=Edition)
    workloads = ArrayField(models.CharField(max_length=20, choices=Workload))
    features = ArrayField(models.CharField(max_length=24, choices=Feature), default=list, blank=True)
    backup_interval_min_hours = models.PositiveIntegerField(null=True, blank=True, validators=[MinValueValidator(1)])
    backup_interval_max_hours = models.PositiveIntegerField(null=True, blank=True, validators=[MinValueValidator(1)])
    retention_min_days = models.PositiveIntegerField(null=True, blank=True, validators=[MinValueValidator(1)])
    retention_max_days = models.PositiveIntegerField(null=True, blank=True, validators=[MinValueValidator(1)])
    # What a day of usage costs when the backup software reports sizes or users, but no consumption units.
    cu_per_tb_month = models.DecimalField(
        "CU per TB and month", max_digits=12, decimal_places=4, null=True, blank=True, validators=[MinValueValidator(0)]
    )
    cu_per_user_month = models.DecimalField(
        "CU per user and month",
        max_digits=12,
        decimal_places=4,
        null=True,
        blank=True,
        validators=[MinValueValidator(0)],
    )

    objects = ScopedQuerySet.as_manager()
    scope_msp = "msp"
    scope_customer = None

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["plan", "product"], name="plan_covers_a_product_once"),
            models.CheckConstraint(
                condition=Q(product__in=Product.values) & Q(edition__in=Edition.values),
                name="plan_product_and_edition_are_known",
            ),
            models.CheckConstraint(condition=Q(workloads__len__gt=0), name="plan_product_has_a_workload"),
            models.CheckConstraint(
                condition=~Q(edition=Edition.BUSINESS, workloads__contains=[Workload.ENDPOINTS]),
                name="business_plan_has_no_endpoints",
            ),
            models.CheckConstraint(condition=_fits_catalogue(), name="plan_product_fits_catalogue"),
            models.CheckConstraint(
                condition=Q(backup_interval_min_hours__lte=F("backup_interval_max_hours"))
                | Q(backup_interval_min_hours=None)
                | Q(backup_interval_max_hours=None),
                name="plan_backup_interval_is_a_range",
            ),
            models.CheckConstraint(
                condition=Q(retention_min_days__lte=F("retention_max_days"))
                | Q(retention_min_days=None)
                | Q(retention_max_days=None),
                name="plan_retention_is_a_range",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_product_display()}, {self.get_edition_display()}"

    @property
    def workload_names(self) -> list[str]:
        """The workloads in words."""
        return [Workload(value).label for value in self.workloads]

    @property
    def feature_names(self) -> list[str]:
        """The features in words."""
        return [Feature(value).label for value in self.features]

    @property
    def backup_interval_words(self) -> str:
        """The limits of hours between backups, in words."""
        return range_words(self.backup_interval_min_hours, self.backup_interval_max_hours)

    @property
    def retention_words(self) -> str:
        """The limits of days of retention, in words."""
        return range_words(self.retention_min_days, self.retention_max_days)

    @property
    def edition_rank(self) -> int:
        """The edition's place in the order Business, Enterprise, Elite (1 to 3)."""
        return EDITION_RANK[self.edition]
