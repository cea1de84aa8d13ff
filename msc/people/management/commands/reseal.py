"""`manage.py reseal`: seal second factors and secrets of identity providers by today's SECRET_KEY."""

from typing import Any

from cryptography.fernet import InvalidToken
from django.conf import settings
from django.core.management import BaseCommand, CommandError

from msc.people.resealing import OWNER, reseal_everything


class Command(BaseCommand):
    """Make a former key unnecessary."""

    help = "Seal second factors and secrets of identity providers by SECRET_KEY, so that its fallbacks can be removed."

    def handle(self, *_args: Any, **_options: Any) -> None:
        """Seal all of it, or say why nothing was changed."""
        if OWNER not in settings.DATABASES:
            raise CommandError("Set MIGRATION_DATABASE_URL: only the owner of the tables sees every MSP's rows.")
        try:
            number = reseal_everything()
        except InvalidToken as error:
            raise CommandError(
                "Nothing was changed: something is sealed by a key that is neither SECRET_KEY nor one of"
                " SECRET_KEY_FALLBACKS."
            ) from error
        self.stdout.write(f"Sealed by today's key: {number}.")
