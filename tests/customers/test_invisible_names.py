"""Names have something to see, and what shows nothing makes no difference between two of them."""

import pytest
from django.db import connections

from customers.models import Customer, CustomerIdentity
from msc.access.names import folded_name, name_key
from msc.access.rekeying import rekey
from serviceplans.models import ServicePlan
from tests import factories
from tests.cast import signed_in
from tests.customers.test_pages import FIELDS, form_of, names_in

NOTHING_TO_SEE = ["\u200b\u200b", "\u0301\u0301", "\u3164", "\u2800", "\u00ad", "\ufeff", "\U000e0041", "\u200d"]


def create(client, **fields):
    return client.post("/customers/create/", form_of(client, "/customers/create/") | FIELDS | fields)


@pytest.mark.parametrize("text", NOTHING_TO_SEE)
def test_a_required_field_has_something_visible(scoped, ada, text):
    client = signed_in(ada)
    for field, words in (("name", "Enter a customer name."), ("address", "Enter an address.")):
        response = create(client, **{field: text})
        assert response.status_code == 422
        assert words in response.content.decode()
    assert not Customer.objects.exists()


@pytest.mark.parametrize("text", NOTHING_TO_SEE)
def test_contacts_plans_and_administrators_have_visible_names(scoped, ada, harbour, text):
    client = signed_in(ada)
    for url, sent in (
        (f"/customers/{harbour.pk}/contacts/add/", {"name": text}),
        ("/service-plans/create/", {"name": text}),
        (
            "/settings/administrators/invite/",
            {"first_name": text, "last_name": text, "email": "new@northwind.example", "role": "read_only"},
        ),
    ):
        assert client.post(url, form_of(client, url) | sent).status_code == 422, url
    assert not harbour.contacts.exists()
    assert not ServicePlan.objects.exists()


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("Zero width", "\u200bZero width"),
        ("Zero width", "Ze\u200cro width"),
        ("Soft\u00adhyphen", "Softhyphen"),
        ("Hi", "Hi\U000e0061\U000e0062"),
        ("Bom Name", "\ufeffBom Name"),
        ("\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645", "\u0645\u06cc\u062e\u0648\u0627\u0647\u0645"),
    ],
)
def test_invisible_characters_make_no_other_name(scoped, ada, first, second):
    client = signed_in(ada)
    assert create(client, name=first).status_code == 302
    response = create(client, name=second)
    assert response.status_code == 422
    assert 'id="id_name_error"' in response.content.decode()


def test_search_looks_through_invisible_characters(scoped, ada):
    client = signed_in(ada)
    create(client, name="Ze\u200cro width")
    assert names_in(client.get("/customers/", {"q": "zero width"})) == ["Ze\u200cro width"]
    assert names_in(client.get("/customers/", {"q": "zero\u200b wi\u00addth"})) == ["Ze\u200cro width"]


def test_joiners_stay_in_the_stored_name_and_the_rest_goes(scoped, ada):
    create(signed_in(ada), name="👩\u200d🚀 \u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645\u200b So\u00adft\ufeff")
    assert CustomerIdentity.objects.get().name == "👩\u200d🚀 \u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645 Soft"


def test_keys_that_were_stored_before_are_computed_once_more(scoped, ada):
    plain = factories.make_customer(scoped, "Zero width")
    twin = factories.make_customer(scoped, "Other")
    alone = factories.make_customer(scoped, "Third")
    rows = CustomerIdentity.objects
    rows.filter(pk=twin.pk).update(name="Ze\u200bro width", name_key="ze\u200bro width")
    rows.filter(pk=alone.pk).update(name="So\u00adft", name_key="so\u00adft", folded_name="so\u00adft")
    with connections["default"].schema_editor() as editor:
        keys = {"name_key": name_key, "folded_name": folded_name}
        rekey(editor, "customers_customeridentity", "customer_id", "name", keys)
    assert dict(rows.values_list("pk", "name_key")) == {
        plain.pk: "zero width",
        twin.pk: "ze\u200bro width",  # another has the key: it is refused when somebody edits this one
        alone.pk: "soft",
    }
    assert rows.get(pk=alone.pk).folded_names.startswith("soft")
    response = signed_in(ada).get("/customers/", {"q": "soft"})
    assert names_in(response) == ["So\u00adft"]
