from django.apps import AppConfig


class TenantsConfig(AppConfig):
    """Products (tenants) of customers."""

    name = "tenants"
