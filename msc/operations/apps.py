from django.apps import AppConfig
from django.core import checks

from msc.operations.checks import check_settings


class OperationsConfig(AppConfig):
    """What those who run the portal ask of it: does it live, may it take requests, how far behind is it."""

    name = "msc.operations"
    label = "operations"

    def ready(self) -> None:
        """Let Django's checks report settings that cannot work."""
        checks.register(check_settings)
