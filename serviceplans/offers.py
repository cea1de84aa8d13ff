"""What the vendor decides of an MSP: its name, zone and state, and the products and regions it is offered."""

from collections.abc import Collection, Mapping

from django.db import IntegrityError, transaction

from msc.access.actors import Actor
from msc.access.models import Msp, MspState
from msc.errors import DomainError
from msc.events import log
from msc.events.conflicts import refuse_stale
from serviceplans.catalogue import Product, StorageProvider
from serviceplans.models import OfferedProduct, OfferedRegion, StorageRegion

Regions = Mapping[str, Collection[StorageRegion]]  # by product


@transaction.atomic
def edit_msp(
    *,
    by: Actor,
    msp: Msp,
    version: int,
    name: str,
    time_zone: str,
    state: str,
    products: Collection[str],
    regions: Regions,
) -> Msp:
    """Change what the vendor decides of an MSP; tenants that exist keep their product and their regions."""
    msp = Msp.objects.select_for_update(no_key=True).get(pk=msp.pk)
    refuse_stale(msp, version)
    if not products:
        raise DomainError("Offer at least one product.", field="products")
    require_regions(products, regions)
    before = _facts(msp)
    msp.name, msp.time_zone, msp.state = name, time_zone, state
    msp.version += 1
    try:
        with transaction.atomic():
            msp.save(update_fields=["name", "time_zone", "state", "version"])
    except IntegrityError as error:
        raise DomainError("An MSP of this name exists already.", field="name") from error
    offer(msp=msp, products=products, regions=regions)
    log.record(
        by=by,
        action=_action(before["State"], msp.state),
        on=msp,
        label=msp.name,
        changes=log.changed(before, _facts(msp)),
        msp_id=msp.pk,
    )
    return msp


def require_regions(products: Collection[str], regions: Regions) -> None:
    """Refuse a product without a region that its tenants could take: Hybrid Workloads needs one of AWS."""
    for product in products:
        chosen = regions.get(product, ())
        if product == Product.HYBRID:
            lacking = "" if any(region.provider == StorageProvider.AWS for region in chosen) else "an AWS region"
        else:
            lacking = "" if chosen else "a region"
        if lacking:
            words = f"{Product(product).label} needs {lacking}. Choose one more."
            raise DomainError(words, field=f"{product}_regions")


def offer(*, msp: Msp, products: Collection[str], regions: Regions) -> None:
    """Make the products and regions the ones that the MSP is offered, no more and no less."""
    offered = OfferedProduct.objects.for_msp(msp.pk)
    offered.exclude(product__in=products).delete()
    OfferedProduct.objects.bulk_create(
        [OfferedProduct(msp=msp, product=product) for product in products], ignore_conflicts=True
    )
    for product in Product.values:
        chosen = list(regions.get(product, ())) if product in products else []
        theirs = OfferedRegion.objects.for_msp(msp.pk).filter(product=product)
        theirs.exclude(region__in=chosen).delete()
        OfferedRegion.objects.bulk_create(
            [OfferedRegion(msp=msp, product=product, region=region) for region in chosen], ignore_conflicts=True
        )


def regions_of(msp: Msp) -> dict[str, list[StorageRegion]]:
    """Return the regions that the MSP is offered, by product."""
    found: dict[str, list[StorageRegion]] = {product: [] for product in Product.values}
    for row in OfferedRegion.objects.for_msp(msp.pk).select_related("region").order_by("region__provider", "pk"):
        found[row.product].append(row.region)
    return found


def _facts(msp: Msp) -> dict[str, object]:
    products = OfferedProduct.objects.for_msp(msp.pk).order_by("product")
    return {
        "Name": msp.name,
        "Time zone": msp.time_zone,
        "State": MspState(msp.state).label,
        "Products": [str(row) for row in products],
        **{
            f"Regions for {Product(product).label}": sorted(str(region) for region in regions)
            for product, regions in regions_of(msp).items()
        },
    }


def _action(before: object, after: str) -> str:
    if before == MspState(after).label:
        return "msp.edited"
    return "msp.closed" if after == MspState.CLOSED else "msp.reopened"
