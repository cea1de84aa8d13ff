"""How often a program may call: a counter per minute in the table of the database cache, outside the request's transaction."""

from datetime import UTC, datetime, timedelta

from django.db import connections

_COUNT = """
INSERT INTO msc_cache AS counter (cache_key, value, expires) VALUES (%s, '1', %s)
ON CONFLICT (cache_key) DO UPDATE SET value = (counter.value::int + 1)::text
RETURNING value::int
"""


def calls_this_minute(name: str, now: datetime) -> tuple[int, int]:
    """Count a call; return how many the minute has seen with it, and the seconds until the next minute."""
    minute = now.astimezone(UTC).replace(second=0, microsecond=0)
    end = minute + timedelta(minutes=1)
    with connections["cache"].cursor() as cursor:
        # The key names the minute, so it is never counted anew; the cache's own culling removes it.
        cursor.execute(_COUNT, [f"calls:{name}:{minute:%Y%m%d%H%M}", end])
        return cursor.fetchone()[0], max(1, round((end - now).total_seconds()))
