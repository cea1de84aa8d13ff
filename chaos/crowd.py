"""Fill an MSP with customers and products, sign its administrator in and print the cookie: `python -m chaos.crowd 1000`."""

import os
import sys

import django
from django.utils.module_loading import import_string


def main(customers: int) -> None:
    """Build the benchmark's data and sign its person in."""
    build, cookie_of = import_string("bench.dataset.build"), import_string("tests.sign_in.cookie_of")
    data = build(os.environ["MIGRATION_DATABASE_URL"], customers, counted=False)
    cookie = cookie_of(data.admin, "")
    print(f"{cookie['name']}={cookie['value']}", flush=True)


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "msc.settings")
    django.setup()
    main(int(sys.argv[1]))
