"""The entry of the web server."""

import os

import django
from django.urls import reverse

from msc.access.login import refuse_powerful_login
from msc.requests import Application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "msc.settings")
django.setup(set_prefix=False)
application = Application()
# All pages' code is loaded before the processes part, so that a new one is as quick as the one it replaces.
reverse("home")
refuse_powerful_login()
