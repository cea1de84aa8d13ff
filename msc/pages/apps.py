from django.apps import AppConfig

from msc.pages import error_texts


class PagesConfig(AppConfig):
    """The five kinds of page."""

    name = "msc.pages"
    label = "pages"

    def ready(self) -> None:
        """Replace Django's texts for what is wrong with a field."""
        error_texts.use()
