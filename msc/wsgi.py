"""The entry of the web server."""

import os

from django.core.wsgi import get_wsgi_application

from msc.access.login import refuse_powerful_login

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "msc.settings")
application = get_wsgi_application()
refuse_powerful_login()
