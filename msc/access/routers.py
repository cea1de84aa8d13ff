"""Which statements go to which connection."""

from typing import Any

from django.db import models


class CacheRouter:
    """Send the database cache to its own connection, which commits at once."""

    def db_for_read(self, model: type[models.Model], **hints: Any) -> str | None:
        return "cache" if model._meta.app_label == "django_cache" else None

    def db_for_write(self, model: type[models.Model], **hints: Any) -> str | None:
        return self.db_for_read(model)

    def allow_migrate(self, db: str, app_label: str, **hints: Any) -> bool | None:
        return False if db == "cache" else None
