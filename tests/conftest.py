"""What every test may use: the database of this run (`database`), the cast of people and customers (`cast`)."""

import pytest
from django.test import client

from msc.requests import Utf8Request

client.WSGIRequest = Utf8Request  # as the web server makes them

pytest_plugins = ["tests.database", "tests.cast", "tests.chromium", "tests.grid.fixtures"]


@pytest.fixture(autouse=True)
def quick_passwords(settings):
    """Hash passwords in no time; the tests of sign-in's timing ask for the real hasher."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
