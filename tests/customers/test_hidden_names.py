"""A hidden name through a whole life: it is nowhere that the vendor's people may look, and in no log."""

import logging

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection

from customers import tasks
from customers.models import Contact, Customer, CustomerImport
from msc.access import scope
from tests import factories
from tests.cast import signed_in
from tests.customers.test_pages import form_of
from tests.support.browser import support_client

pytestmark = pytest.mark.django_db(transaction=True)
#: Each text that only the MSP may know carries this word.
CANARY = "Canarybird"
HIDDEN = {"hide_name": "on", "account_name": "Blue Falcon"}
FIELDS = {"name": f"{CANARY} Hospital", "address": f"1 {CANARY} Street", "phone": "+49 431 123456"}


def what_support_reads() -> dict[str, str]:
    """Return the rows of every table on which support staff's database role has any right to read."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
            " AND has_table_privilege('msc_support', oid, 'SELECT') ORDER BY 1"
        )
        tables = [name for (name,) in cursor.fetchall()]
        read = {}
        for name in tables:
            with scope.entered("support"):
                cursor.execute(f"SELECT t::text FROM {name} t")
                read[name] = "\n".join(text for (text,) in cursor.fetchall())
    with connection.cursor() as cursor:
        cursor.execute("SELECT cache_key || value FROM msc_cache")
        read["msc_cache"] = "\n".join(text for (text,) in cursor.fetchall())
    return read


def live(ada, tom, northwind) -> None:
    """Create, search, edit, give contacts, fail, import, export and delete, all through the pages."""
    client = signed_in(ada)
    sent = form_of(client, "/customers/create/") | FIELDS | HIDDEN | {"tenant_admins": [tom.pk]}
    assert client.post("/customers/create/", sent).status_code == 302
    client.post("/customers/create/", form_of(client, "/customers/create/") | FIELDS | HIDDEN)
    with scope.entered("portal", msp=northwind.pk):
        customer = Customer.objects.get()
    base = f"/customers/{customer.pk}/"
    assert FIELDS["name"] in client.get("/customers/", {"q": CANARY}).content.decode()
    edit = form_of(client, base + "edit/") | FIELDS | HIDDEN | {"address": f"2 {CANARY} Street"}
    assert client.post(base + "edit/", edit | {"phone": "junk"}).status_code == 422
    assert client.post(base + "edit/", edit).status_code == 302
    assert client.post(base + "edit/", edit | {"address": f"3 {CANARY} Street"}).status_code == 409
    contact = {"name": f"Carla {CANARY}", "email": f"carla@{CANARY.lower()}.example"}
    assert client.post(base + "contacts/add/", form_of(client, base + "contacts/add/") | contact).status_code == 302
    with scope.entered("portal", msp=northwind.pk):
        person = Contact.objects.get()
    assert client.post(f"{base}contacts/{person.pk}/delete/").status_code == 302
    b"".join(client.get("/customers/", {"export": "csv", "q": CANARY}).streaming_content)
    client.get(base + "history/", {"q": CANARY})
    client.get("/customers/", {"q": CANARY, "sort": CANARY, "plan": CANARY})
    _import(client, northwind)
    assert client.post(base + "delete/").status_code == 302


def _import(client, northwind) -> None:
    text = f"Name,Account Name,Address,Phone Number\n{CANARY} School,Red Fox,{CANARY} Road,+49 431 123456\n"
    file = SimpleUploadedFile(f"{CANARY}.csv", text.encode())
    assert client.post("/customers/import/", form_of(client, "/customers/import/") | {"file": file}).status_code == 302
    tasks.work_on_imports()
    with scope.entered("portal", msp=northwind.pk):
        pending = CustomerImport.objects.get()
    assert client.post(f"/customers/import/{pending.pk}/start/").status_code == 302
    tasks.work_on_imports()


def test_no_table_that_support_reads_and_no_log_line_holds_it(ada, tom, northwind, caplog):
    caplog.set_level(logging.DEBUG)
    logging.getLogger("django.db.backends").setLevel(logging.INFO)
    live(ada, tom, northwind)
    held = {name for name, text in what_support_reads().items() if CANARY.lower() in text.lower()}
    assert held == set()
    assert CANARY.lower() not in caplog.text.lower()


def test_the_support_pages_show_the_account_name_only(ada, tom, northwind, sam):
    with scope.entered("portal", msp=northwind.pk):
        factories.make_customer(northwind, f"{CANARY} Hospital", account_name="Blue Falcon", address=f"1 {CANARY}")
        customer = Customer.objects.get()
    client = support_client(sam)
    for address in (
        "/support/customers/customer/",
        f"/support/customers/customer/?q={CANARY}",
        f"/support/customers/customer/{customer.pk}/change/",
        f"/support/customers/customer/{customer.pk}/history/",
        "/support/events/event/",
    ):
        page = client.get(address, follow=True).content.decode()
        assert CANARY not in page.replace(f"q={CANARY}", "").replace(f'value="{CANARY}"', ""), address
    assert "Blue Falcon" in client.get("/support/customers/customer/").content.decode()
