"""Changes of service plans. What a change does to tenants is the business of the tenants app, which stands above."""

from collections.abc import Sequence
from dataclasses import asdict

from django.db import IntegrityError, transaction
from django.utils import timezone

from msc.access.actors import Actor
from msc.access.models import Msp
from msc.access.names import clean_text
from msc.access.permits import require
from msc.errors import DomainError
from msc.events import log
from serviceplans.catalogue import Edition, Feature, Product, Workload
from serviceplans.models import PlanProduct, ServicePlan
from serviceplans.rules import ProductTerms, full_terms, problems, range_words

DEFAULT_NAME = "Default Service Plan"
NAME_TAKEN = "Another service plan has this name. Choose a different one."


@transaction.atomic
def create_default_plan(*, by: Actor, msp: Msp, products: Sequence[str]) -> ServicePlan:
    """Create the plan that every MSP begins with: each product it is offered, Enterprise, with all it allows."""
    terms = [full_terms(product, Edition.ENTERPRISE) for product in products]
    return _create(by=by, msp=msp, name=DEFAULT_NAME, terms=terms, is_default=True)


@transaction.atomic
def create_plan(*, by: Actor, msp: Msp, name: str, terms: Sequence[ProductTerms]) -> ServicePlan:
    """Create a service plan of the MSP."""
    require(by, "plan.edit")
    return _create(by=by, msp=msp, name=name, terms=terms, is_default=False)


@transaction.atomic
def copy_plan(*, by: Actor, plan: ServicePlan, name: str) -> ServicePlan:
    """Create a plan of another name with the same terms; the copy of the default plan is no default."""
    require(by, "plan.edit")
    return _create(by=by, msp=plan.msp, name=name, terms=terms_of(plan), is_default=False)


@transaction.atomic
def update_plan(*, by: Actor, plan: ServicePlan, name: str, terms: Sequence[ProductTerms]) -> ServicePlan:
    """Give a plan another name and other terms; the caller has locked it and asked its tenants."""
    _require(terms)
    terms_before = terms_of(plan)
    before = {"Name": plan.name, **readable(terms_before)}
    plan.name, plan.version = _clean(name), plan.version + 1
    _save_name(plan, update_fields=["name", "version"])
    if terms_before != sorted(terms, key=lambda each: each.product):
        _store(plan, terms)
    changes = log.changed(before, {"Name": plan.name, **readable(terms)})
    log.record(by=by, action="plan.edited", on=plan, label=plan.name, changes=changes)
    return plan


@transaction.atomic
def delete_plan(*, by: Actor, plan: ServicePlan) -> None:
    """Take a plan away; the caller has locked it and made sure that nothing uses it.

    It stays as a tombstone for the history of tenants that were purged; its name is free again.
    """
    if plan.is_default:
        raise DomainError("The default service plan cannot be deleted: the sandbox customer begins with it.")
    plan.deleted_at, plan.version = timezone.now(), plan.version + 1
    plan.save(update_fields=["deleted_at", "version"])
    log.record(by=by, action="plan.deleted", on=plan, label=plan.name)


def terms_of(plan: ServicePlan) -> list[ProductTerms]:
    """Return what the plan includes, one entry for each product."""
    return [
        ProductTerms(
            product=part.product,
            edition=part.edition,
            workloads=tuple(part.workloads),
            features=tuple(part.features),
            backup_interval_min_hours=part.backup_interval_min_hours,
            backup_interval_max_hours=part.backup_interval_max_hours,
            retention_min_days=part.retention_min_days,
            retention_max_days=part.retention_max_days,
            cu_per_tb_month=part.cu_per_tb_month,
            cu_per_user_month=part.cu_per_user_month,
        )
        for part in plan.products.order_by("product")
    ]


def _create(*, by: Actor, msp: Msp, name: str, terms: Sequence[ProductTerms], is_default: bool) -> ServicePlan:
    _require(terms)
    plan = ServicePlan(msp=msp, name=_clean(name), is_default=is_default)
    _save_name(plan)
    _store(plan, terms)
    after = {"Name": plan.name, **readable(terms)}
    log.record(by=by, action="plan.created", on=plan, label=plan.name, changes=log.changed({}, after))
    return plan


def _require(terms: Sequence[ProductTerms]) -> None:
    for problem in problems(terms):
        raise problem


def _clean(name: str) -> str:
    return " ".join(clean_text(name).split())


def _save_name(plan: ServicePlan, update_fields: list[str] | None = None) -> None:
    if not plan.name:
        raise DomainError("Enter a name.", field="name")
    try:
        with transaction.atomic():
            plan.save(update_fields=update_fields)
    except IntegrityError as error:
        if "one_plan_per_name" not in str(error):
            raise
        raise DomainError(NAME_TAKEN, field="name") from error


def _store(plan: ServicePlan, terms: Sequence[ProductTerms]) -> None:
    """Make the rows of the plan say what the terms say, and nothing else."""
    plan.products.exclude(product__in=[each.product for each in terms]).delete()
    for each in terms:
        values = asdict(each)
        product = values.pop("product")
        values |= {"workloads": list(each.workloads), "features": list(each.features)}
        PlanProduct.objects.update_or_create(
            plan=plan, product=product, defaults=values, create_defaults={**values, "msp_id": plan.msp_id}
        )


def readable(terms: Sequence[ProductTerms]) -> dict[str, object]:
    """Return the terms in the words of the screen, for the event record."""
    words: dict[str, object] = {}
    for each in terms:
        product = Product(each.product).label
        words |= {
            f"{product}: edition": Edition(each.edition).label,
            f"{product}: workloads": sorted(Workload(value).label for value in each.workloads),
            f"{product}: features": sorted(Feature(value).label for value in each.features),
            f"{product}: hours between backups": range_words(
                each.backup_interval_min_hours, each.backup_interval_max_hours
            ),
            f"{product}: days of retention": range_words(each.retention_min_days, each.retention_max_days),
            f"{product}: CU per TB and month": each.cu_per_tb_month,
            f"{product}: CU per user and month": each.cu_per_user_month,
        }
    return words
