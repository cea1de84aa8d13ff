"""Open an MSP, sign its administrator in and print the session's cookie: `python -m chaos.visitor`."""

import os

import django
from django.utils.module_loading import import_string


def main() -> None:
    """Make the MSP and the person, and sign the person in."""
    make_msp, make_person = import_string("tests.factories.make_msp"), import_string("tests.factories.make_person")
    cookie_of = import_string("tests.sign_in.cookie_of")
    cookie = cookie_of(make_person(make_msp("Trial")), "")
    print(f"{cookie['name']}={cookie['value']}", flush=True)


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "msc.settings")
    django.setup()
    main()
