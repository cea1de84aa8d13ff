"""The entry of the web server."""

import os

from django.core.wsgi import get_wsgi_application
from django.urls import reverse

from msc.access.login import refuse_powerful_login

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "msc.settings")
application = get_wsgi_application()
# All pages' code is loaded before the processes part, so that a new one is as quick as the one it replaces.
reverse("home")
refuse_powerful_login()
