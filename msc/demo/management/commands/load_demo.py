"""`manage.py load_demo`: invented MSPs, customers and ninety days of history, for looking around."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from msc.demo.loading import load


class Command(BaseCommand):
    """Load the demonstration once; later runs add the days since."""

    help = "Load the demonstration data, or add the days that have passed since it was loaded."

    def handle(self, *args: Any, **options: Any) -> None:
        """Refuse outside a demonstration: its accounts would let strangers in."""
        if not settings.MSC_DEMO:
            raise CommandError("Set MSC_DEMO=1 first: the demonstration is not for an installation in use.")
        loaded = load()
        self.stdout.write("The demonstration is loaded." if loaded else "The demonstration is up to date.")
