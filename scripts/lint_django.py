"""Django's own checks of the portal as it would be deployed, on an empty database of private servers."""

import os
import subprocess
import sys
from io import StringIO
from pathlib import Path
from tempfile import TemporaryDirectory

import django
from django.apps import apps
from django.core.management import CommandError, call_command
from django.db.migrations.loader import MigrationLoader

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

SQUAWK = Path(sys.prefix) / "bin" / "squawk"
EMPTY = "before the first release its table was empty everywhere"
#: Migrations that break a rule for tables that are full, and why that is no harm.
ACCEPTED = {
    "customers.0003_imports": EMPTY,
    "customers.0006_search": "no released code calls the function that it replaces",
    "health.0002_row_security": EMPTY,
    "health.0003_dirty_day_of_tenant": EMPTY,
    "health.0005_alert_orders": EMPTY,
    "health.0011_kinds_of_runs": "the rule that it drops comes back wider, and old code keeps to both",
    "health.0013_error_messages": EMPTY,
    "serviceplans.0005_plans_stay_as_tombstones": EMPTY,
    "tenants.0003_retries": EMPTY,
}


def lint_migrations() -> None:
    """Hold the statements of every migration of ours to the rules of `.squawk.toml`."""
    ours = {config.label for config in apps.get_app_configs() if not config.path.startswith(sys.prefix)}
    with TemporaryDirectory() as folder:
        for app, name in sorted(MigrationLoader(None).disk_migrations):
            if app in ours and f"{app}.{name}" not in ACCEPTED:
                statements = call_command("sqlmigrate", app, name, database="owner", stdout=StringIO())
                (Path(folder) / f"{app}.{name}.sql").write_text(statements)
        files = sorted(Path(folder).iterdir())
        linter = subprocess.run([SQUAWK, *files], cwd=ROOT, check=False, capture_output=True, text=True)  # noqa: S603
    if linter.returncode:
        advice = "A migration would hold people up: docs/operations.md says what to write instead."
        raise CommandError(f"{linter.stdout}{linter.stderr}\n{advice}")


def main() -> None:
    """Migrate an empty database as the owner and run the checks."""
    os.environ["DJANGO_SETTINGS_MODULE"] = "msc.settings"
    os.environ["DATABASE_URL"] = os.environ["MIGRATION_DATABASE_URL"]
    os.environ.setdefault("EMAIL_URL", "none:")
    django.setup()
    call_command("migrate", database="owner", verbosity=0)
    call_command("makemigrations", check=True, dry_run=True)
    call_command("check", deploy=True, fail_level="WARNING", databases=["default"], verbosity=0)
    lint_migrations()


if __name__ == "__main__":
    try:
        main()
    except CommandError as error:
        sys.exit(str(error))
