from django.apps import AppConfig


class DemoConfig(AppConfig):
    """The demonstration: invented MSPs whose data enters through the portal's own services and ingest."""

    name = "msc.demo"
    label = "demo"
