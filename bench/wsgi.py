"""The portal as in production, with the yardstick page and the statement counter."""

import os

from django.conf import settings
from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "msc.settings")
settings.ROOT_URLCONF = "bench.urls"
settings.UNSCOPED_PATHS = (*settings.UNSCOPED_PATHS, "/bench/static/")
settings.MIDDLEWARE = ["bench.counting.CountStatements", *settings.MIDDLEWARE]
application = get_wsgi_application()
