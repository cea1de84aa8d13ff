from django.apps import AppConfig
from django.core import checks


class OperationsConfig(AppConfig):
    """What those who run the portal ask of it: does it live, may it take requests, how far behind is it."""

    name = "msc.operations"
    label = "operations"

    def ready(self) -> None:
        """Let Django's checks report settings that cannot work."""
        from msc.operations.checks import check_settings  # noqa: PLC0415 - settings are loaded only now

        checks.register(check_settings)
