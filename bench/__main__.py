"""Run the benchmark on private servers: `python -m msc.stack -m bench 100k`, or one part: `... 100k filters`."""

import os
import secrets
import sys

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "msc.settings")
os.environ.setdefault("SECRET_KEY", secrets.token_urlsafe(64))
os.environ["MSC_LOG_LEVEL"] = "ERROR"
django.setup()

from bench.run import main, measure_filters, measure_row_security  # noqa: E402 - the models need Django to be set up

scale, *only = sys.argv[1:] or ["10k"]
parts = {"row-security": measure_row_security, "filters": measure_filters}
(parts[only[0]] if only else main)(scale)
