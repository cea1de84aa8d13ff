from django.apps import AppConfig


class PeopleConfig(AppConfig):
    """Sign-in, administrators, credentials, profile and settings."""

    name = "msc.people"
    label = "people"
