from datetime import UTC, date, datetime, timedelta

import pytest

from msc.pages.when import relative

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("distance", "words"),
    [
        (timedelta(seconds=29), "now"),
        (timedelta(seconds=-90), "2 minutes ago"),
        (timedelta(minutes=59, seconds=40), "in 1 hour"),
        (timedelta(hours=-1, minutes=-40), "2 hours ago"),
        (timedelta(hours=47, minutes=20), "in 47 hours"),
        (timedelta(hours=-47, minutes=-40), "2 days ago"),
        (timedelta(days=59, hours=13), "in 2 months"),
    ],
)
def test_the_distance_of_a_moment_is_rounded_and_worded(distance, words):
    assert relative(NOW + distance, NOW) == words


@pytest.mark.parametrize(
    ("day", "words"),
    [
        (date(2026, 11, 23), "yesterday"),
        (date(2026, 11, 24), "today"),
        (date(2026, 11, 25), "tomorrow"),
        (date(2026, 12, 12), "in 18 days"),
        (date(2027, 10, 20), "in 11 months"),
        (date(2027, 12, 7), "in 12 months"),
        (date(2029, 11, 20), "in 3 years"),
        (date(2023, 11, 28), "3 years ago"),
    ],
)
def test_the_distance_of_a_day_is_rounded_and_worded(day, words):
    assert relative(day, NOW) == words
