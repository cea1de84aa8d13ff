"""The customer list, page and dialogs as people meet them, without JavaScript."""

import csv
import html
import io
import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from customers import querysets, services
from customers.models import Assignment, Contact, Customer
from customers.tables import CustomerTable
from msc.access import scope
from msc.mail.models import OutboxMessage
from msc.pages import list as pages_list
from serviceplans.models import StorageRegion
from tenants import summaries
from tests import factories
from tests.cast import signed_in

FIELDS = {"name": "Harbour Logistics", "address": "1 Harbour Street, Kiel", "phone": "+49 431 123456"}


def form_of(client, url):
    """Open a form and return what it would send untouched: its hidden fields."""
    page = client.get(url).content.decode()
    hidden = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', page)
    return {name: html.unescape(value) for name, value in hidden}


def names_in(response):
    return re.findall(r'<th scope="row"><a class="cut"[^>]*>([^<]*)</a>', response.content.decode())


def statements(client, url):
    """Return the statements of a request that do work: not the transaction's and the scope's own."""
    with CaptureQueriesContext(
        connection,
    ) as caught:
        response = client.get(url)
    assert response.status_code == 200
    return [
        q["sql"]
        for q in caught
        if not re.match(r"(BEGIN|COMMIT|SAVEPOINT|RELEASE|ROLLBACK|SELECT set_config|SELECT current_setting)", q["sql"])
    ]


# -- List ---------------------------------------------------------------------------------------------------------


def test_the_list_is_scoped(scoped, ada, tom, eve, harbour, sibling, foreign):
    assert names_in(signed_in(ada).get("/customers/")) == ["Harbour Logistics", "Sibling Studios"]
    assert names_in(signed_in(tom).get("/customers/")) == ["Harbour Logistics"]
    assert names_in(signed_in(eve).get("/customers/")) == ["Foreign Foods"]


@pytest.mark.parametrize(
    ("term", "found"),
    [
        ("munchen", ["Stadtwerke München"]),
        ("MÜNCHEN", ["Stadtwerke München"]),
        ("日立", ["株式会社日立"]),
        ("o'br", ["O'Brien & Sons"]),
        ("🚀", ["🚀 Rocket"]),
        ("100%", ["100% Cotton_Ltd"]),
        ("n_l", ["100% Cotton_Ltd"]),
        ("blue fal", ["Secret Hospital"]),
        ("%", ["100% Cotton_Ltd"]),
        ("\\", []),
        ("nothing", []),
    ],
)
def test_search_reads_customer_and_account_names(scoped, ada, term, found):
    for name in ("Stadtwerke München", "株式会社日立", "O'Brien & Sons", "🚀 Rocket", "100% Cotton_Ltd"):
        factories.make_customer(scoped, name)
    factories.make_customer(scoped, "Secret Hospital", account_name="Blue Falcon")
    response = signed_in(ada).get("/customers/", {"q": term})
    assert [name.replace("&#x27;", "'").replace("&amp;", "&") for name in names_in(response)] == found


def make_varied(scoped, tom):
    """Make customers whose products differ, one of them with two."""
    basic, gold = factories.make_plan(scoped, "Basic"), factories.make_plan(scoped, "Gold")
    both = factories.make_customer(scoped, "Both Ways", admins=(tom,))
    factories.make_tenant(both, basic, "hybrid", tenant_type="commercial", regions=("us-east-1",))
    factories.make_tenant(both, gold, "saas", tenant_type="evaluation", regions=("eu-central-1",))
    trial = factories.make_customer(scoped, "Hybrid Trial")
    factories.make_tenant(trial, gold, "hybrid", tenant_type="evaluation", regions=("us-east-1", "eu-central-1"))
    gone = factories.make_customer(scoped, "Gone Product")
    factories.make_tenant(gone, gold, "hybrid", tenant_type="evaluation", state="deleted")
    factories.make_customer(scoped, "Nothing Yet")
    summaries.refresh([both.pk, trial.pk, gone.pk])
    regions = dict(StorageRegion.objects.values_list("name", "pk"))
    return {
        "basic": basic.pk,
        "gold": gold.pk,
        "us": regions["us-east-1"],
        "eu": regions["eu-central-1"],
        "tom": tom.pk,
    }


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("product=hybrid", ["Both Ways", "Hybrid Trial"]),
        ("product=hybrid&product=saas", ["Both Ways", "Hybrid Trial"]),
        ("product=hybrid&type=evaluation", ["Hybrid Trial"]),
        ("type=evaluation", ["Both Ways", "Hybrid Trial"]),
        ("plan={gold}&product=saas", ["Both Ways"]),
        ("plan={basic}&region={eu}", []),
        ("plan={gold}&region={us}", ["Hybrid Trial"]),
        ("plan={basic}&plan={gold}&region={us}", ["Both Ways", "Hybrid Trial"]),
        ("region={eu}", ["Both Ways", "Hybrid Trial"]),
        ("admin={tom}", ["Both Ways"]),
        ("admin={tom}&product=hybrid&q=ways", ["Both Ways"]),
        ("q=trial&product=saas", []),
    ],
)
def test_filters_hold_for_one_and_the_same_product(scoped, ada, tom, query, found):
    ids = make_varied(scoped, tom)
    assert names_in(signed_in(ada).get("/customers/?" + query.format(**ids))) == found


@pytest.mark.parametrize(
    "junk",
    [
        "product=x",
        "plan=x",
        "plan=999999",
        "plan=99999999999999999999",
        "region=-1",
        "type=%27",
        "admin=1e5",
        "q=" + "x" * 201,
    ],
)
def test_a_junk_filter_shows_no_rows_and_says_why(scoped, ada, harbour, junk):
    response = signed_in(ada).get("/customers/?" + junk)
    assert response.status_code == 200
    assert names_in(response) == []
    assert "A filter is not right" in response.content.decode()


def test_filters_offer_a_tenant_administrator_only_what_is_theirs(scoped, tom, harbour, sibling, northwind):
    una = factories.make_person(northwind, "tenant_admin", name="Una Unseen")
    Assignment.objects.create(msp=northwind, customer=sibling, user=una)
    client = signed_in(tom)
    page = client.get("/customers/?panel=filters").content.decode()
    assert "Tom Tenant" in page
    assert "Una Unseen" not in page
    assert "does not exist" in client.get(f"/customers/?admin={una.pk}").content.decode()


@pytest.mark.parametrize("name", sorted(CustomerTable.declared()))
def test_every_column_sorts_both_ways_with_empty_ones_last(scoped, ada, tom, name):
    make_varied(scoped, tom)
    client = signed_in(ada)
    up, down = (names_in(client.get("/customers/", {"sort": sort})) for sort in (name, f"-{name}"))
    assert sorted(up) == sorted(down) == ["Both Ways", "Gone Product", "Hybrid Trial", "Nothing Yet"]
    if CustomerTable.declared()[name].fields == ("summary__products",):
        assert set(up[2:]) == set(down[2:]) == {"Gone Product", "Nothing Yet"}


def test_names_sort_without_regard_to_case_and_marks(scoped, ada):
    for name in ("Zeta", "émile", "Eagle", "alpha", "Élan"):
        factories.make_customer(scoped, name)
    assert names_in(signed_in(ada).get("/customers/")) == ["alpha", "Eagle", "Élan", "émile", "Zeta"]


def test_a_row_shows_each_product_on_its_line(scoped, ada, tom):
    make_varied(scoped, tom)
    every = "&".join(f"shown={name}&order={name}" for name in CustomerTable.declared())
    client = signed_in(ada)
    assert (
        client.post("/customers/?panel=columns", every, content_type="application/x-www-form-urlencoded").status_code
        == 302
    )
    page = client.get("/customers/?q=both").content.decode()
    for words in (
        "Hybrid Workloads",
        "SaaS Apps and Endpoints",
        "Basic",
        "Gold",
        "Commercial",
        "Evaluation",
        "Enterprise",
    ):
        assert re.search(rf'<div class="line">(<span class="part-name">[^<]*: </span>)?{words}</div>', page)
    assert "AWS us-east-1" in page
    assert "Tom Tenant" in page


def test_the_list_takes_the_same_few_queries_for_3_and_250_rows(scoped, ada, tom):
    client = signed_in(ada)
    plan = factories.make_plan(scoped)

    def grow(count):
        made = [factories.make_customer(scoped, admins=(tom,)) for _ in range(count)]
        for customer in made:
            factories.make_tenant(customer, plan)
        summaries.refresh([customer.pk for customer in made])

    grow(3)
    client.get("/customers/")
    few = statements(client, "/customers/?size=250")
    grow(247)
    many = statements(client, "/customers/?size=250")
    assert len(few) == len(many) <= 6, "\n".join(many)


def test_the_export_has_the_rows_of_the_filter_and_the_columns_ticked(transactional_db, northwind, ada, tom):
    with scope.entered("portal", msp=northwind.pk):
        make_varied(northwind, tom)
        factories.make_customer(northwind, '=HYPERLINK("x")', address="+1 Street\nKiel")
    response = signed_in(ada).get("/customers/?export=csv&column=name&column=product&column=phone&column=address")
    lines = list(csv.reader(io.StringIO(b"".join(response.streaming_content).decode("utf-8-sig"))))
    assert lines[0] == ["Name", "Product", "Phone Number", "Address"]
    assert lines[1] == ['\'=HYPERLINK("x")', "", "+49 431 123456", "'+1 Street\nKiel"]
    assert ["Both Ways", "Hybrid Workloads; SaaS Apps and Endpoints"] in [line[:2] for line in lines]
    assert len(lines) == 6


# -- Create and edit ----------------------------------------------------------------------------------------------


def test_the_create_form_is_a_page_and_ends_on_the_list_with_the_new_row(scoped, ada, tom):
    client = signed_in(ada)
    sent = form_of(client, "/customers/create/") | FIELDS | {"tenant_admins": [tom.pk]}
    response = client.post("/customers/create/", sent, follow=True)
    assert response.redirect_chain == [("/customers/?sort=-created", 302)]
    assert names_in(response) == ["Harbour Logistics"]
    assert "has been created" in response.content.decode()


def test_sent_twice_a_create_form_makes_one_customer(scoped, ada):
    client = signed_in(ada)
    sent = form_of(client, "/customers/create/") | FIELDS
    first, second = (client.post("/customers/create/", sent) for _ in range(2))
    assert (first.status_code, first.url) == (second.status_code, second.url)
    assert Customer.objects.count() == 1
    with scope.entered("worker"):
        assert OutboxMessage.objects.count() == 1


def test_every_error_stands_beside_its_field_and_keeps_what_was_typed(scoped, ada):
    client = signed_in(ada)
    sent = form_of(client, "/customers/create/") | {
        "name": "Typed <Name>",
        "address": "",
        "phone": "0431",
        "hide_name": "on",
    }
    response = client.post("/customers/create/", sent)
    page = response.content.decode()
    assert response.status_code == 422
    assert 'value="Typed &lt;Name&gt;"' in page
    for name in ("account_name", "address", "phone"):
        assert f'id="id_{name}_error"' in page
    assert 'id="id_name_error"' not in page


def test_an_account_name_typed_without_hiding_does_not_count(scoped, ada):
    client = signed_in(ada)
    sent = form_of(client, "/customers/create/") | FIELDS | {"account_name": "Blue Falcon"}
    assert client.post("/customers/create/", sent).status_code == 302
    assert Customer.objects.get().account_name == "Harbour Logistics"


@pytest.mark.parametrize("choice", ["x", "-1", "0", "99999999999999999999999", ""])
def test_junk_tenant_administrators_are_refused_beside_their_field(scoped, ada, choice):
    client = signed_in(ada)
    sent = form_of(client, "/customers/create/") | FIELDS | {"tenant_admins": [choice]}
    response = client.post("/customers/create/", sent)
    assert response.status_code == 422
    assert 'id="id_tenant_admins_error"' in response.content.decode()


def test_a_stale_edit_shows_both_texts_and_then_saves_over(scoped, ada, harbour):
    client = signed_in(ada)
    stale = form_of(client, f"/customers/{harbour.pk}/edit/") | FIELDS
    client.post(f"/customers/{harbour.pk}/edit/", stale | {"name": "Harbour Lines"})
    response = client.post(f"/customers/{harbour.pk}/edit/", stale | {"name": "Harbour Group"})
    page = response.content.decode()
    assert response.status_code == 409
    assert "Harbour Lines" in page
    assert "Harbour Group" in page
    version = re.search(r'name="version" value="(\d+)"', page)[1]
    assert (
        client.post(f"/customers/{harbour.pk}/edit/", stale | {"name": "Harbour Group", "version": version}).status_code
        == 302
    )
    assert names_in(client.get("/customers/")) == ["Harbour Group"]


def test_a_tenant_administrator_edits_without_the_reserved_fields(scoped, tom, harbour):
    client = signed_in(tom)
    url = f"/customers/{harbour.pk}/edit/"
    page = client.get(url).content.decode()
    for name in ("hide_name", "account_name", "tenant_admins"):
        assert f'name="{name}"' not in page
    forged = {"hide_name": "on", "account_name": "Blue Falcon", "tenant_admins": []}
    assert client.post(url, form_of(client, url) | FIELDS | {"address": "2 Pier"} | forged).status_code == 302
    harbour.refresh_from_db()
    assert (harbour.name_hidden, harbour.identity.address, harbour.assignments.count()) == (False, "2 Pier", 1)


def test_the_sandbox_has_no_edit(scoped, ada):
    sandbox = services.create_sandbox_customer(by=ada, msp=scoped, address="Kiel", phone="+49431123456")
    client = signed_in(ada)
    refused = client.get(f"/customers/{sandbox.pk}/edit/")
    assert "The sandbox customer cannot be edited" in refused.content.decode()
    assert "Save" not in refused.content.decode()
    assert client.post(f"/customers/{sandbox.pk}/edit/", FIELDS).status_code == 422
    assert f"/customers/{sandbox.pk}/edit/" not in client.get(f"/customers/{sandbox.pk}/").content.decode()


# -- Page and contacts --------------------------------------------------------------------------------------------


def test_the_page_shows_account_details_and_contacts(scoped, ada, tom):
    customer = factories.make_customer(scoped, "Secret Hospital", account_name="Blue Falcon", admins=(tom,))
    factories.make_contact(customer, "Carla Contact", is_primary=True)
    page = signed_in(ada).get(f"/customers/{customer.pk}/").content.decode()
    for words in (
        "Secret Hospital",
        "Blue Falcon",
        "+49 431 123456",
        "1 Harbour Street, Kiel",
        "Tom Tenant",
        "Name hidden",
    ):
        assert words in page
    assert "Carla Contact" in page
    assert "No data yet" in page


def test_contacts_are_added_edited_and_deleted(scoped, tom, harbour):
    client = signed_in(tom)
    base = f"/customers/{harbour.pk}/"
    sent = form_of(client, base + "contacts/add/") | {"name": "Carla Contact", "email": "carla@harbour.example"}
    assert client.post(base + "contacts/add/", sent).url == base
    contact = Contact.objects.get()
    edit = f"{base}contacts/{contact.pk}/edit/"
    changed = form_of(client, edit) | {"name": "Carla Curie", "is_primary": "on"}
    assert client.post(edit, changed).url == base
    assert "Carla Curie" in client.get(base).content.decode()
    assert client.post(f"{base}contacts/{contact.pk}/delete/").url == base
    assert not Contact.objects.exists()


def test_what_is_not_theirs_is_missing_for_everybody(scoped, ada, tom, rita, eve, harbour, sibling, foreign):
    contact = factories.make_contact(sibling)
    for person, customer in ((tom, sibling), (ada, foreign), (eve, harbour)):
        client = signed_in(person)
        for rest in ("", "edit/", "contacts/add/", f"contacts/{contact.pk}/edit/", f"contacts/{contact.pk}/delete/"):
            response = client.get(f"/customers/{customer.pk}/{rest}")
            assert response.status_code == (403 if rest and not person.can("contact.edit") else 404)
    assert signed_in(tom).get(f"/customers/{harbour.pk}/contacts/{contact.pk}/edit/").status_code == 404
    assert signed_in(rita).get(f"/customers/{sibling.pk}/").status_code == 200
    for refused in ("create/", f"{sibling.pk}/edit/", f"{sibling.pk}/contacts/add/"):
        assert signed_in(rita).get(f"/customers/{refused}").status_code == 403
    assert signed_in(tom).get("/customers/create/").status_code == 403


def test_the_history_is_the_customers_own_and_for_those_who_see_events(scoped, ada, tom, rita, harbour, sibling):
    services.update_customer(by=ada, customer=harbour, version=1, **FIELDS | {"address": "2 Pier"})
    services.update_customer(by=ada, customer=sibling, version=1, **FIELDS | {"name": "Sibling Stage"})
    page = signed_in(rita).get(f"/customers/{harbour.pk}/history/").content.decode()
    assert "Harbour Logistics" in page
    assert "Edited the customer" in page
    assert "Sibling" not in page
    assert signed_in(tom).get(f"/customers/{harbour.pk}/history/").status_code == 403
    assert "/history/" not in signed_in(tom).get(f"/customers/{harbour.pk}/").content.decode()


@pytest.mark.parametrize("tab", ["", "health/", "history/"])
def test_every_tab_has_the_state_and_the_actions_of_the_customer(scoped, ada, rita, harbour, tab):
    address = f"/customers/{harbour.pk}/"
    page = signed_in(ada).get(f"{address}{tab}").content.decode()
    assert "No data" in page
    assert f'href="{address}edit/"' in page
    assert f'href="{address}delete/"' in page
    assert f"{address}edit/" not in signed_in(rita).get(f"{address}{tab}").content.decode()


def test_the_sandbox_page_offers_neither_edit_nor_delete(scoped, ada):
    sandbox = services.create_sandbox_customer(by=ada, msp=scoped, address="Kiel", phone="+49431123456")
    page = signed_in(ada).get(f"/customers/{sandbox.pk}/").content.decode()
    assert f"/customers/{sandbox.pk}/edit/" not in page
    assert f"/customers/{sandbox.pk}/delete/" not in page
    assert "Sandbox" in page


def test_a_search_that_finds_more_than_it_knows_by_id_finds_the_same(scoped, ada, monkeypatch):
    for name in ("Stadtwerke München", "Stadtwerke Köln", "50%_Stadt\\werke"):
        factories.make_customer(scoped, name)
    factories.make_customer(scoped, "Elsewhere", account_name="Stadt am Fluss")
    client = signed_in(ada)
    terms = ("stadt", "st", "%_stadt\\", "KÖLN", "fluss")
    few = [names_in(client.get("/customers/", {"q": term})) for term in terms]
    monkeypatch.setattr(querysets, "MOST_SORTED", 0)
    many = [names_in(client.get("/customers/", {"q": term})) for term in terms]
    assert few == many
    assert [len(found) for found in few] == [4, 4, 1, 1, 1]
    assert len(statements(client, "/customers/?q=stadt&product=hybrid")) <= 6


def test_a_search_follows_every_change_of_either_name(scoped, ada):
    customer = factories.make_customer(scoped, "Alder Bakery")
    client = signed_in(ada)

    def finds(term):
        return names_in(client.get("/customers/", {"q": term}))

    def update(name, **changes):
        fresh = Customer.objects.get(pk=customer.pk)
        fields = {"name": name, "address": "1 Lane, Kiel", "phone": "+49431123456"} | changes
        services.update_customer(by=ada, customer=fresh, version=fresh.version, **fields)

    assert finds("alder") == ["Alder Bakery"]
    update("Birch Bakery")
    assert (finds("alder"), finds("birch")) == ([], ["Birch Bakery"])
    update("Birch Bakery", hide_name=True, account_name="Quiet Client")
    assert finds("quiet") == finds("birch") == ["Birch Bakery"]
    assert finds("bakery quiet") == finds("bakery\nquiet") == []


def test_what_is_asked_of_products_is_counted_among_the_msps_own(ada, eve, harbour, foreign):
    for customer in (harbour, foreign):
        with scope.entered("portal", msp=customer.msp_id):
            factories.make_tenant(customer, factories.make_plan(customer.msp), "hybrid")
    for person in (ada, eve):
        page = signed_in(person).get("/customers/?product=hybrid").content.decode()
        assert "1 customer, page 1 of 1" in page


@pytest.mark.parametrize("sort", ["name", "-product", "created"])
def test_a_page_far_down_has_the_rows_that_it_always_had(scoped, ada, eastgate, monkeypatch, sort):
    with scope.entered("portal", msp=eastgate.pk):
        for number in range(0, 60, 7):
            factories.make_customer(eastgate, f"Customer {number:02}")
    for number in range(60):
        factories.make_customer(scoped, f"Customer {number:02}")
    client, query = signed_in(ada), {"sort": sort, "size": 25, "page": 2}
    read_at_once = names_in(client.get("/customers/", query))
    monkeypatch.setattr(pages_list, "KEYS_FIRST_FROM", 1)
    assert names_in(client.get("/customers/", query)) == read_at_once
    assert len(read_at_once) == 25


# -- What a hidden name asks for, and which names are free ---------------------------------------------------------


def test_a_taken_name_is_said_together_with_everything_else(scoped, ada, harbour):
    client = signed_in(ada)
    sent = form_of(client, "/customers/create/") | FIELDS | {"phone": "0431", "address": ""}
    page = client.post("/customers/create/", sent).content.decode()
    for name in ("name", "address", "phone"):
        assert f'id="id_{name}_error"' in page
    assert "Another customer has this name" in page


def test_a_tenant_administrator_is_told_no_more_than_that_a_name_is_not_available(scoped, tom, harbour, sibling):
    factories.make_customer(scoped, "Secret Hospital", account_name="Blue Falcon")
    client = signed_in(tom)
    url = f"/customers/{harbour.pk}/edit/"
    for name in ("Sibling Studios", "Secret Hospital", "Blue Falcon"):
        page = client.post(url, form_of(client, url) | FIELDS | {"name": name}).content.decode()
        assert "This name is not available." in page
        assert "nother customer" not in page


def test_showing_a_hidden_name_again_is_confirmed(scoped, ada):
    customer = factories.make_customer(scoped, "Secret Hospital", account_name="Blue Falcon")
    client = signed_in(ada)
    url = f"/customers/{customer.pk}/edit/"
    sent = form_of(client, url) | FIELDS | {"name": "Secret Hospital"}
    assert 'name="may_reveal"' not in client.get(url).content.decode()
    page = client.post(url, sent)
    assert page.status_code == 422
    assert 'name="may_reveal"' in page.content.decode()
    customer.refresh_from_db()
    assert customer.name_hidden
    assert client.post(url, sent | {"may_reveal": "on"}).status_code == 302
    customer.refresh_from_db()
    assert not customer.name_hidden


def test_an_account_name_that_contains_the_name_is_confirmed(scoped, ada):
    client = signed_in(ada)
    hiding = {"hide_name": "on", "account_name": "Harbour Logistics of Kiel"}
    sent = form_of(client, "/customers/create/") | FIELDS | hiding
    page = client.post("/customers/create/", sent)
    assert page.status_code == 422
    assert 'id="id_may_contain_name_error"' in page.content.decode()
    assert client.post("/customers/create/", sent | {"may_contain_name": "on"}).status_code == 302


def test_the_account_name_is_marked_as_required(scoped, ada):
    page = signed_in(ada).get("/customers/create/").content.decode()
    assert re.search(r'for="id_account_name">Account Name <span class="required">required</span>', page)


@pytest.mark.parametrize(("field", "most"), [("name", 200), ("address", 500)])
def test_a_length_is_refused_in_one_way(scoped, ada, field, most):
    client = signed_in(ada)
    for length in (most + 1, 5000):
        page = client.post("/customers/create/", form_of(client, "/customers/create/") | FIELDS | {field: "x" * length})
        assert f"use at most {most} characters" in page.content.decode()


# -- Words for each role --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("ada", "Create the first one, or import them all from a file."),
        ("tom", "Ask an MSP administrator to assign customers to you."),
        ("rita", "No customers yet"),
    ],
)
def test_an_empty_list_says_what_its_reader_can_do(request, scoped, name, words):
    person = request.getfixturevalue(name)
    page = signed_in(person).get("/customers/").content.decode()
    assert words in page
    if name != "ada":
        for path in ("/customers/", "/customers/products/", "/consumption/"):
            page = signed_in(person).get(path).content.decode()
            for advice in ("Create the first one", "add its first product", "Add a product"):
                assert advice not in page
            assert (words in page) is (name == "tom" or path == "/customers/")


def test_five_contacts_are_shown_and_the_others_on_request(scoped, ada, harbour):
    for number in range(7):
        factories.make_contact(harbour, f"Contact {number}")
    page = signed_in(ada).get(f"/customers/{harbour.pk}/").content.decode()
    before, folded = page.split("Show all 7 contacts")
    assert ("Contact 4" in before, "Contact 5" in before) == (True, False)
    assert "Contact 6" in folded


def test_create_and_delete_return_to_the_list_as_it_was(scoped, ada, harbour):
    client = signed_in(ada)
    under = {"HX-Request": "true", "HX-Current-URL": "http://testserver/customers/?product=hybrid&q=a"}
    sent = form_of(client, "/customers/create/") | FIELDS | {"name": "New One"}
    created = client.post("/customers/create/", sent, headers=under)
    assert created["HX-Redirect"] == "/customers/?product=hybrid&q=a"
    page = client.get(created["HX-Redirect"]).content.decode()
    assert "New One has been created. The search and filters of this list may leave it out." in page
    deleted = client.post(f"/customers/{harbour.pk}/delete/", headers=under)
    assert (deleted.status_code, deleted["HX-Trigger"]) == (204, "dialog:done")
    elsewhere = under | {"HX-Current-URL": "https://evil.example/other/?q=a"}
    sent = form_of(client, "/customers/create/") | FIELDS | {"name": "Second"}
    assert client.post("/customers/create/", sent, headers=elsewhere)["HX-Redirect"] == "/customers/?sort=-created"
