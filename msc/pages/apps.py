from django.apps import AppConfig


class PagesConfig(AppConfig):
    """The five kinds of page."""

    name = "msc.pages"
    label = "pages"
