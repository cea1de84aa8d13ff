"""Run the benchmark on private servers: `python -m msc.stack -m bench 100k`."""

import os
import secrets
import sys

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "msc.settings")
os.environ.setdefault("SECRET_KEY", secrets.token_urlsafe(64))
os.environ["MSC_LOG_LEVEL"] = "ERROR"
django.setup()

from bench.run import main  # noqa: E402 - the models need Django to be set up

main(sys.argv[1] if len(sys.argv) > 1 else "10k")
