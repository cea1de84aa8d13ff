"""`manage.py backup FILE`: a consistent backup of the running portal, with a manifest that vouches for it."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from msc.operations.backup import BackupError, back_up, manifest_of, require_owner


class Command(BaseCommand):
    """Back the portal up; it goes on working meanwhile."""

    help = "Back the database up into FILE; the figures that a restore is proved by stand in FILE.json."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the file's name."""
        parser.add_argument("file", type=Path)

    def handle(self, *args: Any, **options: Any) -> None:
        """Write both files or none that counts."""
        try:
            require_owner()
            manifest = back_up(options["file"])
        except BackupError as error:
            raise CommandError(str(error)) from error
        rows = sum(rows for rows, _ in manifest.tables.values())
        self.stdout.write(
            f"{options['file']}: {len(manifest.tables)} tables, {rows:,} rows. Keep {manifest_of(options['file'])} with it."
        )
