"""Products of customers (tenants): plan, type, life, regions, users and quota."""

from typing import ClassVar

import pgtrigger
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateRangeField, RangeBoundary, RangeOperators
from django.db import models
from django.db.models import F, Func, Q
from django.utils import timezone

from customers.models import Customer
from msc.access.models import Msp
from msc.access.querysets import ScopedQuerySet
from serviceplans.catalogue import USER_WORKLOADS, Product
from serviceplans.models import ServicePlan, StorageRegion
from tenants.querysets import TenantQuerySet
from tenants.states import MOVES, TenantState, TenantType


class Tenant(models.Model):
    """One product of one customer, under a service plan. Dates are calendar days of the MSP."""

    msp = models.ForeignKey(Msp, on_delete=models.PROTECT, related_name="tenants")
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="tenants")
    product = models.CharField(max_length=8, choices=Product)
    service_plan = models.ForeignKey(ServicePlan, on_delete=models.PROTECT, related_name="tenants")
    tenant_type = models.CharField(max_length=12, choices=TenantType)
    state = models.CharField(max_length=12, choices=TenantState, default=TenantState.CREATING)
    state_before_deleting = models.CharField(max_length=12, choices=TenantState, blank=True)
    state_since = models.DateTimeField(default=timezone.now, editable=False)
    license_expiry = models.DateField("license expiry date", null=True, blank=True)
    term_started_on = models.DateField(
        help_text="Day of creation, conversion or renewal, from which the longest license is counted."
    )
    delete_on = models.DateField(null=True, blank=True)
    deleted_at = models.DateTimeField(null=True, blank=True, editable=False)
    apply_attempts = models.PositiveSmallIntegerField(default=0, editable=False)
    apply_after = models.DateTimeField(null=True, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    created_on = models.DateField(editable=False)
    version = models.PositiveIntegerField(default=1)

    objects = TenantQuerySet.as_manager()
    scope_msp = "msp"
    scope_customer = "customer"

    class Meta:
        verbose_name = "product (tenant)"
        verbose_name_plural = "products (tenants)"
        # Rules that need rows of other tables stand in migration 0005, in SQL.
        triggers: ClassVar = [
            pgtrigger.FSM(
                name="tenant_moves_by_the_table",
                field="state",
                transitions=[(before, after) for before, states in MOVES.items() for after in states],
            ),
            pgtrigger.ReadOnly(
                name="tenant_keeps_its_origin", fields=["msp", "customer", "product", "created_at", "created_on"]
            ),
            pgtrigger.Protect(name="tenant_row_stays", operation=pgtrigger.Delete),
            pgtrigger.Protect(
                name="purged_tenant_stays_as_it_is",
                operation=pgtrigger.Update,
                condition=pgtrigger.Q(old__deleted_at__isnull=False),
            ),
        ]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["customer", "product"], condition=Q(deleted_at=None), name="one_live_tenant_per_product"
            ),
            models.CheckConstraint(
                condition=Q(product__in=Product.values)
                & Q(tenant_type__in=TenantType.values)
                & Q(state__in=TenantState.values),
                name="tenant_product_type_and_state_are_known",
            ),
            models.CheckConstraint(
                condition=Q(state=TenantState.DELETED, deleted_at__isnull=False)
                | (~Q(state=TenantState.DELETED) & Q(deleted_at=None)),
                name="deleted_tenant_has_its_moment",
            ),
            models.CheckConstraint(
                condition=Q(state=TenantState.DELETING, delete_on__isnull=False) | ~Q(state=TenantState.DELETING),
                name="tenant_in_deleting_has_its_day",
            ),
            models.CheckConstraint(
                condition=Q(tenant_type=TenantType.SANDBOX, license_expiry=None)
                | (~Q(tenant_type=TenantType.SANDBOX) & Q(license_expiry__isnull=False)),
                name="license_expires_unless_sandbox",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["msp", "service_plan"], name="tenant_of_plan"),
            models.Index(
                fields=["msp", "license_expiry", "customer"], condition=Q(deleted_at=None), name="live_tenant_by_expiry"
            ),
            models.Index(
                fields=["msp", "product", "tenant_type", "customer"],
                condition=Q(deleted_at=None),
                name="live_tenant_by_product",
            ),
            models.Index(
                fields=["state_since"],
                condition=Q(state__in=[TenantState.CREATING, TenantState.UPDATING]),
                name="tenant_awaiting_provisioner",
            ),
            models.Index(fields=["delete_on"], condition=Q(state=TenantState.DELETING), name="tenant_to_purge"),
            models.Index(fields=["msp", "customer"], condition=Q(deleted_at__isnull=False), name="deleted_tenant"),
        ]

    def __str__(self) -> str:
        return f"{self.get_product_display()} ({self.pk})"

    @property
    def is_sandbox(self) -> bool:
        return self.tenant_type == TenantType.SANDBOX


class TenantRegion(models.Model):
    """A storage region of a tenant; regions are added and never removed."""

    msp = models.ForeignKey(Msp, on_delete=models.PROTECT, related_name="+")
    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="regions")
    region = models.ForeignKey(StorageRegion, on_delete=models.PROTECT, related_name="+")
    added_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = ScopedQuerySet.as_manager()
    scope_msp = "msp"
    scope_customer = "tenant__customer"

    class Meta:
        triggers: ClassVar = [
            pgtrigger.Protect(name="region_of_tenant_stays", operation=pgtrigger.Delete | pgtrigger.Update)
        ]
        constraints: ClassVar = [models.UniqueConstraint(fields=["tenant", "region"], name="tenant_has_a_region_once")]
        indexes: ClassVar = [models.Index(fields=["msp", "region"], name="tenant_by_region")]

    def __str__(self) -> str:
        return f"region {self.region_id} of tenant {self.tenant_id}"


class TenantWorkload(models.Model):
    """Users of one workload of a SaaS Apps and Endpoints tenant."""

    msp = models.ForeignKey(Msp, on_delete=models.PROTECT, related_name="+")
    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="workloads")
    workload = models.CharField(max_length=20, choices=[(w.value, w.label) for w in USER_WORKLOADS])
    user_count = models.PositiveIntegerField(default=0)
    preserved_user_count = models.PositiveIntegerField(default=0)

    objects = ScopedQuerySet.as_manager()
    scope_msp = "msp"
    scope_customer = "tenant__customer"

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["tenant", "workload"], name="tenant_counts_a_workload_once"),
            models.CheckConstraint(
                condition=Q(workload__in=[w.value for w in USER_WORKLOADS]), name="tenant_workload_has_users"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_workload_display()} of tenant {self.tenant_id}"


class QuotaPeriod(models.Model):
    """Consumption units granted to a tenant from the effective date to the end date, both included.

    Periods in force do not overlap; one that was replaced stays as history with the moment of its replacement.
    """

    msp = models.ForeignKey(Msp, on_delete=models.PROTECT, related_name="+")
    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="quota_periods")
    quota = models.DecimalField(max_digits=16, decimal_places=4)
    effective_on = models.DateField()
    end_on = models.DateField()
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    replaced_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects = ScopedQuerySet.as_manager()
    scope_msp = "msp"
    scope_customer = "tenant__customer"

    class Meta:
        triggers: ClassVar = [
            pgtrigger.Protect(name="quota_period_stays", operation=pgtrigger.Delete),
            pgtrigger.ReadOnly(name="quota_period_keeps_its_terms", exclude=["replaced_at"]),
            pgtrigger.Protect(
                name="quota_period_is_replaced_once",
                operation=pgtrigger.Update,
                condition=pgtrigger.Q(old__replaced_at__isnull=False),
            ),
        ]
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(quota__gte=0), name="quota_is_not_negative"),
            models.CheckConstraint(condition=Q(end_on__gt=F("effective_on")), name="quota_ends_after_it_begins"),
            ExclusionConstraint(
                name="quota_periods_do_not_overlap",
                expressions=[
                    ("tenant", RangeOperators.EQUAL),
                    (
                        Func(
                            "effective_on",
                            "end_on",
                            RangeBoundary(inclusive_lower=True, inclusive_upper=True),
                            function="daterange",
                            output_field=DateRangeField(),
                        ),
                        RangeOperators.OVERLAPS,
                    ),
                ],
                condition=Q(replaced_at=None),
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["msp", "tenant", "effective_on"], name="quota_of_tenant")]

    def __str__(self) -> str:
        return f"{self.quota} CU of tenant {self.tenant_id} from {self.effective_on}"
