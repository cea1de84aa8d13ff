from django.apps import AppConfig


class OperationsConfig(AppConfig):
    """What those who run the portal ask of it: does it live, may it take requests, how far behind is it."""

    name = "msc.operations"
    label = "operations"
