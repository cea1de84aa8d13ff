from django.apps import AppConfig


class CustomersConfig(AppConfig):
    """Customers, their identity and contacts."""

    name = "customers"
