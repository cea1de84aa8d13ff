"""Say whether beat, Redis and a worker do their part, by the last task that they ran together."""

from typing import Any

from django.core.management import BaseCommand, CommandError

from msc.access import scope
from msc.operations.models import Heartbeat

MOST_SECONDS = 60


class Command(BaseCommand):
    """`manage.py heartbeat`: exit 1 when no task of beat has reached a worker lately."""

    help = f"Fail when beat's last task reached a worker more than {MOST_SECONDS} seconds ago."
    requires_system_checks = ()

    def handle(self, **_options: Any) -> None:
        """Compare by the database's clock."""
        with scope.entered("worker"):
            age = Heartbeat.age("worker")
        if age is None:
            raise CommandError("No task of beat has reached a worker yet.")
        if age > MOST_SECONDS:
            raise CommandError(f"The last task of beat reached a worker {age:.0f} seconds ago.")
