"""`manage.py restore FILE`: restore a backup into a prepared, empty database and prove that it is the same."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from msc.operations.backup import BackupError, require_owner, restore


class Command(BaseCommand):
    """Restore a backup and compare every table, policy, grant and trigger with it."""

    help = "Restore FILE, made by manage.py backup, into the empty database of MIGRATION_DATABASE_URL."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the file's name."""
        parser.add_argument("file", type=Path)

    def handle(self, *args: Any, **options: Any) -> None:
        """Restore all of it, or say what stands in the way."""
        try:
            require_owner()
            manifest = restore(options["file"])
        except BackupError as error:
            raise CommandError(str(error)) from error
        rows = sum(rows for rows, _ in manifest.tables.values())
        self.stdout.write(
            f"Restored and proved: {len(manifest.tables)} tables, {rows:,} rows, as of {manifest.made_at}."
        )
