"""Give an MSP products and a credential, and print both as JSON: `python -m chaos.tool`."""

import json
import os

import django
from django.utils.module_loading import import_string

PRODUCTS = 5


def main() -> None:
    """Make the MSP, its products and its credential."""
    make = {
        name: import_string(f"tests.factories.make_{name}") for name in ("msp", "person", "plan", "customer", "tenant")
    }
    issue, entered = import_string("tests.health.conftest.issue"), import_string("msc.access.scope.entered")
    msp = make["msp"]("Tools")
    person = make["person"](msp)
    with entered("portal", msp=msp.pk):
        plan = make["plan"](msp)
        tenants = [make["tenant"](make["customer"](msp), plan).pk for _ in range(PRODUCTS)]
    print(json.dumps({"secret": issue(person)[1], "tenants": tenants}), flush=True)


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "msc.settings")
    django.setup()
    main()
