from django.apps import AppConfig


class ServiceplansConfig(AppConfig):
    """The catalogue and the MSP's service plans."""

    name = "serviceplans"
