"""Signs of life of what runs outside requests."""

from django.db import connection, models

BEAT = """
INSERT INTO operations_heartbeat (name, at) VALUES (%s, clock_timestamp())
    ON CONFLICT (name) DO UPDATE SET at = excluded.at
"""


class Heartbeat(models.Model):
    """When something last ran, by the database's clock."""

    name = models.CharField(max_length=60, primary_key=True)
    at = models.DateTimeField()

    objects = models.Manager["Heartbeat"]()

    def __str__(self) -> str:
        return self.name

    @staticmethod
    def of(name: str) -> None:
        """Note that `name` has run now."""
        with connection.cursor() as cursor:
            cursor.execute(BEAT, [name])
