"""`python -m msc.prepare`: bring the database, the static files and the demonstration up to date, once per start."""

import os

import django
from django.conf import settings
from django.core.management import call_command, get_commands

from msc import frontend

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "msc.settings")


def prepare() -> None:
    """Migrate as the owner of the tables, collect static files, and load the demonstration where it is asked for."""
    if frontend.MODULES.exists():
        frontend.collect()
    django.setup()
    call_command("migrate", database="owner", interactive=False, verbosity=0)
    call_command("collectstatic", interactive=False, verbosity=0)
    if settings.MSC_DEMO and "load_demo" in get_commands():
        call_command("load_demo")


if __name__ == "__main__":
    prepare()
