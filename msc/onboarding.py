"""Opening an MSP: itself, what it is offered, its first administrator and its sandbox, all or nothing.

It may import every app: it is where they are put together.
"""

from collections.abc import Collection, Sequence

from django.core.exceptions import ValidationError
from django.core.validators import validate_email, validate_slug
from django.db import transaction

from customers import rules
from customers.services import create_sandbox_customer
from msc.access import scope
from msc.access.actors import Actor
from msc.access.models import Msp, User
from msc.access.roles import Role
from msc.access.zones import validate_zone
from msc.errors import DomainError
from msc.events import log
from msc.people.services import invite_administrator
from serviceplans import offers
from serviceplans.catalogue import Product, StorageProvider
from serviceplans.models import OfferedProduct, OfferedRegion, StorageRegion
from serviceplans.services import create_default_plan
from tenants.services import add_sandbox_tenant

LONGEST_SLUG = 63


@transaction.atomic
def open_msp(
    *,
    by: Actor,
    name: str,
    slug: str,
    time_zone: str,
    address: str,
    phone: str,
    products: Collection[str],
    regions: Collection[StorageRegion],
    email: str,
    first_name: str,
    last_name: str,
) -> Msp:
    """Open an MSP; its first administrator gets the activation e-mail, and its sandbox customer every product."""
    msp = Msp(
        name=rules.clean_name(name, field="name", label="Name"),
        slug=_clean_slug(slug),
        time_zone=_clean_zone(time_zone),
        address=rules.clean_address(address),
        phone=rules.clean_phone(phone),
    )
    offered = _offer(products, regions)
    person = {
        "email": _clean_email(email),
        "first_name": rules.clean_name(first_name, field="first_name", label="First name"),
        "last_name": rules.clean_name(last_name, field="last_name", label="Last name"),
    }
    _insert(msp, offered, email=person["email"])
    with scope.entered("portal", msp=msp.pk):
        log.record(
            by=by,
            action="msp.opened",
            on=msp,
            label=msp.name,
            msp_id=msp.pk,
            changes=log.changed({}, {"Products": [Product(product).label for product in offered]}),
        )
        invite_administrator(by=by, msp=msp, role=Role.MSP_ADMIN, **person)
        _furnish(by, msp, offered)
    return msp


def _furnish(by: Actor, msp: Msp, offered: dict[str, list[StorageRegion]]) -> None:
    """Give the MSP its Default Service Plan and its sandbox customer with one product of each kind."""
    plan = create_default_plan(by=by, msp=msp, products=list(offered))
    sandbox = create_sandbox_customer(by=by, msp=msp, address=msp.address, phone=msp.phone)
    for product, places in offered.items():
        add_sandbox_tenant(by=by, customer=sandbox, plan=plan, product=product, region=places[0])


def _insert(msp: Msp, offered: dict[str, list[StorageRegion]], *, email: str) -> None:
    """Write the MSP and its offer, as support staff's role alone may."""
    taken = DomainError("Another MSP has this {}. Choose a different one.")
    with scope.entered("support"):
        if User.objects.filter(email=email).exists():
            raise DomainError(
                f"{email} already belongs to somebody in this portal. Choose a different one.", field="email"
            )
        with rules.unique(
            one_msp_per_name=DomainError(taken.message.format("name"), field="name"),
            access_msp_slug_key=DomainError(taken.message.format("sign-in address"), field="slug"),
        ):
            msp.save(force_insert=True)
        OfferedProduct.objects.bulk_create(OfferedProduct(msp=msp, product=product) for product in offered)
        OfferedRegion.objects.bulk_create(
            OfferedRegion(msp=msp, product=product, region=region)
            for product, places in offered.items()
            for region in places
        )


def _offer(products: Collection[str], regions: Collection[StorageRegion]) -> dict[str, list[StorageRegion]]:
    """Return each product with its regions, the one that fits every product first."""
    known = [product for product in Product.values if product in products]
    if not known or len(known) != len(set(products)):
        raise DomainError("Choose the products that the MSP may sell.", field="products")
    offered = {product: _fitting(product, regions) for product in known}
    offers.require_regions(known, offered)
    return offered


def _fitting(product: str, regions: Collection[StorageRegion]) -> list[StorageRegion]:
    places: Sequence[StorageRegion] = [region for region in regions if product in region.products]
    return sorted(places, key=lambda region: region.provider != StorageProvider.AWS)


def _clean_slug(text: str) -> str:
    slug = text.strip().lower()
    try:
        validate_slug(slug)
    except ValidationError:
        slug = ""
    if not slug or len(slug) > LONGEST_SLUG:
        raise DomainError("Use letters, digits and hyphens for the sign-in address, such as northwind.", field="slug")
    return slug


def _clean_zone(text: str) -> str:
    try:
        validate_zone(text)
    except ValidationError as error:
        raise DomainError(error.messages[0], field="time_zone") from error
    return text


def _clean_email(text: str) -> str:
    address = text.strip().lower()
    try:
        validate_email(address)
    except ValidationError as error:
        raise DomainError("Enter the administrator's e-mail address.", field="email") from error
    return address
