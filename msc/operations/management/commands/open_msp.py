"""Open an MSP from the command line, as Django admin does."""

from argparse import ArgumentParser
from typing import Any

from django.core.management import BaseCommand, CommandError

from msc.access import scope
from msc.access.actors import TaskActor
from msc.errors import DomainError
from msc.onboarding import open_msp
from serviceplans.catalogue import Product
from serviceplans.models import StorageRegion

_TEXTS = {
    "--slug": "the word in the address of its sign-in page, e.g. northwind",
    "--time-zone": "where its calendar days begin and end, e.g. Europe/Berlin",
    "--address": "its postal address, which the sandbox customer takes",
    "--phone": "its phone number with the country code, which the sandbox customer takes",
    "--email": "the first administrator's e-mail address; the activation link goes there",
    "--first-name": "the first administrator's first name",
    "--last-name": "the first administrator's last name",
}


class Command(BaseCommand):
    """Open an MSP with its first administrator and its sandbox customer."""

    help = "Open an MSP: itself, what it is offered, its first administrator and its sandbox customer."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Ask for everything that an MSP begins with."""
        parser.add_argument("name")
        for option, help_text in _TEXTS.items():
            parser.add_argument(option, required=True, help=help_text)
        parser.add_argument("--product", action="append", required=True, choices=Product.values, dest="products")
        parser.add_argument(
            "--region", action="append", required=True, dest="regions", help="a storage region, e.g. aws:us-east-1"
        )

    def handle(self, *_args: Any, **options: Any) -> None:
        """Open it, or say why not."""
        wanted = ("name", "slug", "time_zone", "address", "phone", "products", "email", "first_name", "last_name")
        fields = {name: options[name] for name in wanted}
        try:
            with scope.entered("support"):
                msp = open_msp(by=TaskActor("manage.py open_msp"), regions=_regions(options["regions"]), **fields)
        except DomainError as error:
            raise CommandError(error.message) from error
        self.stdout.write(f"{msp.name} is open. {options['email']} has been sent the activation e-mail.")


def _regions(names: list[str]) -> list[StorageRegion]:
    known = {f"{region.provider}:{region.name}": region for region in StorageRegion.objects.all()}
    if missing := [name for name in names if name not in known]:
        raise CommandError(f"There is no storage region {missing[0]}. Known ones: {', '.join(sorted(known))}.")
    return [known[name] for name in dict.fromkeys(names)]
