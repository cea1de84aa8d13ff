"""What a service plan may promise: pure functions over what somebody asks a plan to include."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from msc.errors import DomainError
from serviceplans.catalogue import Edition, Feature, Product, Workload, features_allowed, workloads_allowed

MOST_HOURS = 24 * 366
MOST_DAYS = 366 * 100


@dataclass(frozen=True)
class ProductTerms:
    """What a plan includes of one product; limits in hours between backups and days of retention, or none."""

    product: str
    edition: str
    workloads: tuple[str, ...]
    features: tuple[str, ...] = ()
    backup_interval_min_hours: int | None = None
    backup_interval_max_hours: int | None = None
    retention_min_days: int | None = None
    retention_max_days: int | None = None
    cu_per_tb_month: Decimal | None = None
    cu_per_user_month: Decimal | None = None


def range_words(low: int | None, high: int | None) -> str:
    """Return the limits of a range in words."""
    if low is None and high is None:
        return "Any"
    if low is None or high is None:
        return f"At most {high}" if low is None else f"At least {low}"
    return f"{low} to {high}"


def full_terms(product: str, edition: str) -> ProductTerms:
    """Return the terms that include everything the edition of the product allows."""
    return ProductTerms(
        product=product,
        edition=edition,
        workloads=workloads_allowed(product, edition),
        features=features_allowed(product, edition),
    )


def problems(terms: Sequence[ProductTerms]) -> list[DomainError]:
    """Return what is wrong with the terms of a plan; `field` is `<product>_<field>` as the form names it."""
    if not terms:
        return [DomainError("Include at least one product.", field="hybrid_included")]
    return [problem for each in terms for problem in _problems_of(each)]


def _problems_of(terms: ProductTerms) -> Iterator[DomainError]:
    def beside(field: str, message: str) -> DomainError:
        return DomainError(message, field=f"{terms.product}_{field}")

    product, edition = Product(terms.product).label, Edition(terms.edition).label
    if not terms.workloads:
        yield beside("workloads", f"Choose at least one workload of {product}.")
    for workload in _outside(terms.workloads, workloads_allowed(terms.product, terms.edition)):
        yield beside("workloads", f"{Workload(workload).label} is not part of {product}, {edition}.")
    for feature in _outside(terms.features, features_allowed(terms.product, terms.edition)):
        yield beside("features", f"{Feature(feature).label} is not part of {product}, {edition}.")
    for field, low, high, most, unit in (
        ("backup_interval", terms.backup_interval_min_hours, terms.backup_interval_max_hours, MOST_HOURS, "hours"),
        ("retention", terms.retention_min_days, terms.retention_max_days, MOST_DAYS, "days"),
    ):
        for end, value in (("min", low), ("max", high)):
            if value is not None and not 1 <= value <= most:
                yield beside(f"{field}_{end}_{unit}", f"Enter 1 to {most:,} {unit}, or leave it empty.")
        if low is not None and high is not None and low > high:
            yield beside(f"{field}_max_{unit}", f"The longest must be at least the shortest, {low} {unit}.")


def _outside(chosen: Sequence[str], allowed: Sequence[str]) -> list[str]:
    return [value for value in chosen if value not in allowed]
