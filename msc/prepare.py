"""`python -m msc.prepare`: bring the database, the static files and the demonstration up to date, once per start."""

import os
import sys

import django
from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management import call_command, get_commands

from msc import frontend

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "msc.settings")

FIRST_STEPS = """\
Nobody can sign in to this portal yet. While it runs, open an MSP or add a person of support staff, in another terminal:
  make manage ARGS="open_msp --help"
  make manage ARGS="support_person you@example.com"
Without EMAIL_URL the e-mails, with their links and codes, are files in {mail}.
"""


def prepare() -> None:
    """Migrate as the owner of the tables, collect static files, and load the demonstration where it is asked for."""
    if frontend.MODULES.exists():
        frontend.collect()
    django.setup()
    call_command("migrate", database="owner", interactive=False, verbosity=0)
    call_command("collectstatic", interactive=False, verbosity=0)
    if settings.MSC_DEMO and "load_demo" in get_commands():
        call_command("load_demo")
    if not get_user_model().objects.using("owner").exists():
        sys.stdout.write(FIRST_STEPS.format(mail=settings.VAR_DIR / "mail"))


if __name__ == "__main__":
    prepare()
