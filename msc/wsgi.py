"""The entry of the web server."""

import os
import sys

import django
from django.core.exceptions import ImproperlyConfigured
from django.urls import reverse
from environs import EnvError

from msc.access.login import refuse_powerful_login
from msc.operations.checks import refuse_what_cannot_work
from msc.requests import Application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "msc.settings")
try:
    django.setup(set_prefix=False)
    refuse_what_cannot_work()
    refuse_powerful_login()
except (ImproperlyConfigured, EnvError) as error:
    sys.exit(str(error))
application = Application()
# All pages' code is loaded before the processes part, so that a new one is as quick as the one it replaces.
reverse("home")
