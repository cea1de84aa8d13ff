"""Customers: what the vendor may know, what only the MSP may know, and what lists show and sort by."""

from typing import Any, ClassVar

from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from phonenumber_field.modelfields import PhoneNumberField

from customers.querysets import CustomerQuerySet, TallyQuerySet
from msc.access.models import Msp, User
from msc.access.names import folded_name, name_key
from msc.access.querysets import ScopedQuerySet

ADDRESS_SORT_LENGTH = 120


class Customer(models.Model):
    """An organisation that an MSP serves, as the vendor knows it: by its account name alone.

    A deleted customer stays as a tombstone (id and account name) for events and daily totals.
    """

    msp = models.ForeignKey(Msp, on_delete=models.PROTECT, related_name="customers")
    account_name = models.CharField(max_length=200)
    account_key = models.CharField(max_length=400, editable=False)
    folded_account_name = models.CharField(max_length=400, editable=False)
    name_hidden = models.BooleanField(default=False)
    account_name_fixed = models.BooleanField(
        default=False, help_text="Somebody typed the account name; it never changes again."
    )
    is_sandbox = models.BooleanField(default=False, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, editable=False, related_name="+")
    deleted_at = models.DateTimeField(null=True, blank=True, editable=False)
    version = models.PositiveIntegerField(default=1)

    objects = CustomerQuerySet.as_manager()
    scope_msp = "msp"
    scope_customer = "pk"

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["msp", "account_key"], condition=Q(deleted_at=None), name="one_customer_per_account_name"
            ),
            models.UniqueConstraint(fields=["msp"], condition=Q(is_sandbox=True), name="one_sandbox_customer_per_msp"),
            models.CheckConstraint(
                condition=~Q(is_sandbox=True) | Q(name_hidden=False, deleted_at=None),
                name="sandbox_customer_is_neither_hidden_nor_deleted",
            ),
            models.CheckConstraint(
                condition=Q(name_hidden=False) | Q(account_name_fixed=True), name="hidden_customer_has_account_name"
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["msp", "folded_account_name", "id"], name="customer_by_account_name"),
            models.Index(fields=["msp", "created_at", "id"], name="customer_by_creation"),
            GinIndex(F("msp"), OpClass("folded_account_name", "gin_trgm_ops"), name="customer_account_name_search"),
            # The few that are to be left out, for counts that would otherwise join every customer.
            models.Index(fields=["msp"], condition=Q(deleted_at__isnull=False), name="deleted_customer"),
        ]

    def __str__(self) -> str:
        return self.account_name

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Keep what is derived from the account name in step with it."""
        self.derive_keys()
        fields = kwargs.get("update_fields")
        if fields is not None and "account_name" in fields:
            kwargs["update_fields"] = {*fields, "account_key", "folded_account_name"}
        super().save(*args, **kwargs)

    def derive_keys(self) -> None:
        """Set the forms of the account name that uniqueness, order and search are made of."""
        self.account_key, self.folded_account_name = name_key(self.account_name), folded_name(self.account_name)


class CustomerIdentity(models.Model):
    """What only the MSP may know of a customer; support staff's database role has no right on this table.

    `folded_names` is what a search compares: the folded name and, on a line below, the folded account name where that
    is another one. The database keeps it.
    """

    customer = models.OneToOneField(Customer, on_delete=models.PROTECT, primary_key=True, related_name="identity")
    msp = models.ForeignKey(Msp, on_delete=models.PROTECT, related_name="+")
    name = models.CharField(max_length=200)
    name_key = models.CharField(max_length=400, editable=False)
    folded_name = models.CharField(max_length=400, editable=False)
    folded_names = models.TextField(db_default="", editable=False)
    address = models.CharField(max_length=500)
    folded_address = models.CharField(max_length=ADDRESS_SORT_LENGTH, editable=False)
    phone = PhoneNumberField()

    objects = ScopedQuerySet.as_manager()
    scope_msp = "msp"
    scope_customer = "customer"

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["msp", "name_key"], name="one_customer_per_name")]
        indexes: ClassVar = [
            models.Index(fields=["msp", "folded_name", "customer"], name="identity_by_name"),
            models.Index(fields=["msp", "folded_address", "customer"], name="identity_by_address"),
            models.Index(fields=["msp", "phone", "customer"], name="identity_by_phone"),
            GinIndex(F("msp"), OpClass("folded_names", "gin_trgm_ops"), name="identity_names_search"),
        ]

    def __str__(self) -> str:
        return f"identity of customer {self.customer_id}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Keep what is derived from name and address in step with them."""
        self.derive_keys()
        fields = kwargs.get("update_fields")
        if fields is not None:
            kwargs["update_fields"] = {*fields, "name_key", "folded_name", "folded_address"}
        super().save(*args, **kwargs)

    def derive_keys(self) -> None:
        """Set the forms of name and address that uniqueness, order and search are made of."""
        self.name_key, self.folded_name = name_key(self.name), folded_name(self.name)
        self.folded_address = folded_name(self.address)[:ADDRESS_SORT_LENGTH]


class Contact(models.Model):
    """A person of the customer's organisation whom the MSP talks to."""

    msp = models.ForeignKey(Msp, on_delete=models.PROTECT, related_name="+")
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="contacts")
    name = models.CharField(max_length=200)
    job_role = models.CharField("role", max_length=120, blank=True)
    email = models.EmailField("e-mail", blank=True)
    phone = PhoneNumberField(blank=True)
    is_primary = models.BooleanField("primary contact", default=False)
    version = models.PositiveIntegerField(default=1)

    objects = ScopedQuerySet.as_manager()
    scope_msp = "msp"
    scope_customer = "customer"

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["customer"], condition=Q(is_primary=True), name="one_primary_contact_per_customer"
            )
        ]
        indexes: ClassVar = [models.Index(fields=["msp", "customer"], name="contact_of_customer")]

    def __str__(self) -> str:
        return f"contact {self.pk} of customer {self.customer_id}"


class Assignment(models.Model):
    """A tenant administrator's charge of one customer: the customer's Tenant Admin."""

    msp = models.ForeignKey(Msp, on_delete=models.PROTECT, related_name="+")
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="assignments")
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="assignments")

    objects = ScopedQuerySet.as_manager()
    scope_msp = "msp"
    scope_customer = "customer"

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["user", "customer"], name="customer_is_assigned_once")]
        indexes: ClassVar = [models.Index(fields=["msp", "customer"], name="assignment_of_customer")]

    def __str__(self) -> str:
        return f"person {self.user_id} for customer {self.customer_id}"


def _both_ways(name: str) -> list[models.Index]:
    """Return the two indexes that serve a column with a low and a high value, empty ones last either way."""
    return [
        models.Index(F("msp"), F(f"{name}_low").asc(nulls_last=True), F("customer"), name=f"summary_{name}_up"),
        models.Index(F("msp"), F(f"{name}_high").desc(nulls_last=True), F("customer"), name=f"summary_{name}_down"),
    ]


def _one_value(name: str) -> list[models.Index]:
    return [
        models.Index(F("msp"), F(name).asc(nulls_last=True), F("customer"), name=f"summary_{name}_up"[:30]),
        models.Index(F("msp"), F(name).desc(nulls_last=True), F("customer"), name=f"summary_{name}_dn"[:30]),
    ]


class Health(models.IntegerChoices):
    """The health of a customer's backups; a higher number needs attention sooner."""

    NO_DATA = 0, "No data"
    OK = 1, "OK"
    WARNING = 2, "Warning"
    NOT_REPORTING = 3, "Not reporting"
    FAILING = 4, "Failing"


class CustomerSummary(models.Model):
    """What the customer list shows and sorts by of things that hang on a customer, one row for each.

    Written only by the services and rollups of the apps above, which recount it from the facts. A column with
    several values keeps the lowest (for ascending order) and the highest (for descending). `products` holds one
    entry per live tenant, in the order of the products, with ids in place of names.
    """

    customer = models.OneToOneField(Customer, on_delete=models.CASCADE, primary_key=True, related_name="summary")
    msp = models.ForeignKey(Msp, on_delete=models.PROTECT, related_name="+")
    products = models.JSONField(default=list)
    admins = models.JSONField(default=list)  # ids of the tenant administrators, by name; kept by the database

    product_low = models.CharField(max_length=8, null=True)
    product_high = models.CharField(max_length=8, null=True)
    plan_low = models.CharField(max_length=240, null=True)
    plan_high = models.CharField(max_length=240, null=True)
    edition_low = models.PositiveSmallIntegerField(null=True)
    edition_high = models.PositiveSmallIntegerField(null=True)
    region_low = models.CharField(max_length=60, null=True)
    region_high = models.CharField(max_length=60, null=True)
    type_low = models.CharField(max_length=12, null=True)
    type_high = models.CharField(max_length=12, null=True)
    status_low = models.CharField(max_length=12, null=True)
    status_high = models.CharField(max_length=12, null=True)
    admin_low = models.CharField(max_length=410, null=True)
    admin_high = models.CharField(max_length=410, null=True)
    expiry_low = models.DateField(null=True)
    expiry_high = models.DateField(null=True)
    quota_low = models.DecimalField(max_digits=16, decimal_places=4, null=True)
    quota_high = models.DecimalField(max_digits=16, decimal_places=4, null=True)
    quota_effective_low = models.DateField(null=True)
    quota_effective_high = models.DateField(null=True)
    quota_end_low = models.DateField(null=True)
    quota_end_high = models.DateField(null=True)

    quota_used_low = models.DecimalField(max_digits=12, decimal_places=2, null=True)
    quota_used_high = models.DecimalField(max_digits=12, decimal_places=2, null=True)
    backups_30d = models.PositiveIntegerField(default=0)
    backup_success = models.DecimalField(max_digits=5, decimal_places=2, null=True)
    last_backup_at = models.DateTimeField(null=True)
    open_alerts = models.PositiveIntegerField(default=0)
    cu_90d = models.DecimalField(max_digits=18, decimal_places=4, null=True)
    failing_sources = models.PositiveIntegerField(default=0)
    silent_sources = models.PositiveIntegerField(default=0)
    health = models.PositiveSmallIntegerField(choices=Health, db_default=Health.NO_DATA)
    counted_at = models.DateTimeField(null=True)

    objects = ScopedQuerySet.as_manager()
    scope_msp = "msp"
    scope_customer = "customer"

    class Meta:
        indexes: ClassVar = [
            *_both_ways("product"),
            *_both_ways("plan"),
            *_both_ways("edition"),
            *_both_ways("region"),
            *_both_ways("type"),
            *_both_ways("status"),
            *_both_ways("admin"),
            *_both_ways("expiry"),
            *_both_ways("quota"),
            *_both_ways("quota_effective"),
            *_both_ways("quota_end"),
            *_both_ways("quota_used"),
            *_one_value("backup_success"),
            *_one_value("last_backup_at"),
            *_one_value("open_alerts"),
            *_one_value("cu_90d"),
            *_one_value("health"),
            models.Index(fields=["msp", "customer"], condition=Q(failing_sources__gte=1), name="summary_failing"),
            models.Index(fields=["msp", "customer"], condition=Q(silent_sources__gte=1), name="summary_silent"),
            # Under row-level security no index compares decimals, but one may hold few; 50 is below most MSPs' warning.
            models.Index(
                fields=["msp", "quota_used_high", "customer"],
                condition=Q(quota_used_high__gte=50),
                name="summary_near_quota",
            ),
        ]

    def __str__(self) -> str:
        return f"summary of customer {self.customer_id}"


class ImportState(models.TextChoices):
    """Where an import stands; tasks move it from Uploaded to Checked and from Importing to Done or back to Checked."""

    UPLOADED = "uploaded", "Being checked"
    CHECKED = "checked", "Checked"
    IMPORTING = "importing", "Being imported"
    DONE = "done", "Imported"
    FAILED = "failed", "Failed"


class CustomerImport(models.Model):
    """A file of customers on its way into the portal: checked line by line, then written all or nothing.

    `content` holds the file until the import is done or abandoned; it may name customers whose name is hidden.
    """

    msp = models.ForeignKey(Msp, on_delete=models.PROTECT, related_name="+")
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    finished_at = models.DateTimeField(null=True)
    state = models.CharField(max_length=12, choices=ImportState, default=ImportState.UPLOADED)
    file_name = models.CharField(max_length=200)
    content = models.TextField(blank=True)
    message = models.CharField(max_length=500, blank=True)
    new_lines = models.PositiveIntegerField(default=0)
    unchanged_lines = models.PositiveIntegerField(default=0)
    error_lines = models.PositiveIntegerField(default=0)

    objects = ScopedQuerySet.as_manager()
    scope_msp = "msp"
    scope_customer = None

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(state__in=ImportState.values), name="import_state_is_known")
        ]
        indexes: ClassVar = [
            models.Index(fields=["msp", "-created_at"], name="import_of_msp"),
            models.Index(
                fields=["created_at"],
                condition=Q(state__in=[ImportState.UPLOADED, ImportState.IMPORTING]),
                name="import_to_work_on",
            ),
        ]

    def __str__(self) -> str:
        return f"import {self.pk}"

    @property
    def total_lines(self) -> int:
        """Every line of the file that holds a customer."""
        return self.new_lines + self.unchanged_lines + self.error_lines

    @property
    def is_being_worked_on(self) -> bool:
        """Whether a task has it or is about to take it."""
        return self.state in (ImportState.UPLOADED, ImportState.IMPORTING)


class ImportVerdict(models.TextChoices):
    """What importing a line would do."""

    NEW = "new", "New"
    UNCHANGED = "unchanged", "Unchanged"
    ERROR = "error", "Error"


class ImportLine(models.Model):
    """One line of an import as the preview shows it."""

    msp = models.ForeignKey(Msp, on_delete=models.PROTECT, related_name="+")
    customer_import = models.ForeignKey(CustomerImport, on_delete=models.CASCADE, related_name="lines")
    number = models.PositiveIntegerField()
    verdict = models.CharField(max_length=12, choices=ImportVerdict)
    reason = models.CharField(max_length=500, blank=True)
    cells = models.JSONField(default=list)

    objects = ScopedQuerySet.as_manager()
    scope_msp = "msp"
    scope_customer = None

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["customer_import", "number"], name="one_line_per_number")
        ]
        indexes: ClassVar = [
            models.Index(fields=["msp", "customer_import", "verdict", "number"], name="line_by_verdict")
        ]

    def __str__(self) -> str:
        return f"line {self.number} of import {self.customer_import_id}"


class CustomerTally(models.Model):
    """A change of the number of an MSP's live customers, written by triggers; the sum is the number."""

    msp = models.ForeignKey(Msp, on_delete=models.PROTECT, related_name="+")
    change = models.IntegerField()

    objects = TallyQuerySet.as_manager()
    scope_msp = "msp"
    scope_customer = None

    def __str__(self) -> str:
        return f"{self.change:+} customers of MSP {self.msp_id}"
