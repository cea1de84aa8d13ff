from django.apps import AppConfig


class AccessConfig(AppConfig):
    """Who asks, and what they may do and see."""

    name = "msc.access"
    label = "access"
