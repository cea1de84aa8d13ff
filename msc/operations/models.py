"""Signs of life of what runs outside requests."""

from django.db import connection, models

AGE = "SELECT extract(epoch FROM clock_timestamp() - at)::float FROM operations_heartbeat WHERE name = %s"
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

    @staticmethod
    def age(name: str) -> float | None:
        """Return how many seconds ago `name` last ran; None when it never did."""
        with connection.cursor() as cursor:
            cursor.execute(AGE, [name])
            row: tuple[float] | None = cursor.fetchone()
        return row[0] if row else None
