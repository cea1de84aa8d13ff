from django.apps import AppConfig


class HealthConfig(AppConfig):
    """Runs, usage, data sources, alerts and what they add up to."""

    name = "health"
    label = "health"
