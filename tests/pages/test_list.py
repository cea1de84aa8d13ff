import re

import pytest
from django.urls import reverse

from customers.models import CustomerSummary
from msc.pages.models import TablePreference
from tests import factories
from tests.cast import signed_in
from tests.queries import counted

pytestmark = pytest.mark.urls("tests.pages.portal")

FRAGMENT = {"HX-Request": "true"}


@pytest.fixture
def office(ada):
    return signed_in(ada)


@pytest.fixture
def customers(scoped):
    return [factories.make_customer(scoped, name) for name in ("Émile", "Zebra", "anna", "Berta", "<b>Bold</b>")]


def names(answer):
    return re.findall(r'<th scope="row"><a [^>]*>(.*?)</a>', answer.content.decode())


def text(answer):
    return answer.content.decode()


def test_a_list_is_a_whole_page_in_its_usual_order(office, customers):
    answer = office.get("/shop/")
    assert answer.status_code == 200
    assert "<h1>Customers</h1>" in text(answer)
    assert names(answer) == ["&lt;b&gt;Bold&lt;/b&gt;", "anna", "Berta", "Émile", "Zebra"]
    assert "5 customers" in text(answer)


def test_the_same_address_answers_a_script_with_the_results_only(office, customers):
    answer = office.get("/shop/", headers=FRAGMENT)
    assert text(answer).lstrip().startswith("<section")
    assert "<html" not in text(answer)
    assert "HX-Request" in answer["Vary"]
    assert "no-store" in answer["Cache-Control"]


def test_going_back_in_history_gets_a_whole_page(office, customers):
    answer = office.get("/shop/", headers={**FRAGMENT, "HX-History-Restore-Request": "true"})
    assert "<html" in text(answer)


def test_a_stranger_is_sent_to_sign_in_and_back(client, db):
    sign_in = reverse("account_login")
    answer = client.get("/shop/?sort=name")
    assert (answer.status_code, answer["Location"]) == (
        302,
        f"{sign_in}?next=%2Fshop%2F%3Fsort%3Dname",
    )
    answer = client.get("/shop/", headers=FRAGMENT)
    assert (answer.status_code, answer["HX-Redirect"]) == (401, sign_in)


def test_support_staff_have_no_business_in_a_list(sam):
    assert signed_in(sam).get("/shop/").status_code == 403


def test_people_see_their_own_rows_only(eve, tom, harbour, sibling, foreign):
    assert names(signed_in(eve).get("/shop/")) == ["Foreign Foods"]
    assert names(signed_in(tom).get("/shop/")) == ["Harbour Logistics"]


@pytest.mark.parametrize(
    ("sort", "expected"),
    [
        ("name", ["&lt;b&gt;Bold&lt;/b&gt;", "anna", "Berta", "Émile", "Zebra"]),
        ("-name", ["Zebra", "Émile", "Berta", "anna", "&lt;b&gt;Bold&lt;/b&gt;"]),
    ],
)
def test_a_header_sorts_both_ways_without_regard_to_case_and_marks(office, customers, sort, expected):
    answer = office.get("/shop/", {"sort": sort})
    assert names(answer) == expected
    way = "descending" if sort.startswith("-") else "ascending"
    assert f'data-column="name" aria-sort="{way}"' in text(answer)


def test_the_first_click_puts_figures_and_dates_high_and_names_low_first(office, customers):
    page = text(office.get("/shop/?sort=products"))
    first = dict(re.findall(r'id="sort-(\w+)" href="\?sort=(-?)', page))
    assert first == {
        "name": "", "account": "", "products": "-", "hidden": "", "alerts": "-", "used": "-", "created": "-",
    }  # fmt: skip  # products are sorted, so theirs is the other direction
    assert 'id="sort-alerts" href="?sort=alerts"' in text(office.get("/shop/?sort=-alerts"))


def test_lines_of_several_parts_name_their_part(office, scoped):
    plan, customer = factories.make_plan(scoped), factories.make_customer(scoped, "Both")
    products = [{"p": product, "s": plan.pk} for product in ("hybrid", "saas")]
    CustomerSummary.objects.filter(pk=customer.pk).update(products=products)
    page = text(office.get("/customers/"))
    assert f'<span class="part-name">Hybrid Workloads: </span>{plan.name}' in page
    assert f'<span class="part-name">SaaS Apps and Endpoints: </span>{plan.name}' in page
    assert '<span class="part-name">Hybrid Workloads: </span>Hybrid Workloads' not in page


def test_nothing_below_nothing_and_a_way_on(office, scoped, rita):
    empty = text(office.get("/shop/"))
    assert 'class="pager"' not in empty
    assert len(re.findall(r'href="/shop/create/" data-dialog', empty)) == 2
    assert 'href="/shop/create/"' not in text(signed_in(rita).get("/shop/"))
    factories.make_customer(scoped, "One")
    unmatched = text(office.get("/shop/?q=nothing"))
    assert 'class="pager"' not in unmatched
    assert ">Show all customers</a>" in unmatched


def test_choices_of_one_field_are_one_group_of_chips(office, customers):
    page = text(office.get("/shop/?product=hybrid&product=saas&hidden=no"))
    assert '<summary class="chip">Product: 2' in page
    assert len(re.findall(r'aria-label="Remove filter [^"]+"', page)) == 3


def test_several_values_sort_by_the_lowest_or_the_highest_with_none_last(office, scoped):
    for name, low, high in (("low", 1, 9), ("middle", 2, 3), ("none", None, None)):
        summary = factories.make_customer(scoped, name).summary
        summary.quota_used_low, summary.quota_used_high = low, high
        summary.save()
    assert names(office.get("/shop/?sort=used")) == ["low", "middle", "none"]
    assert names(office.get("/shop/?sort=-used")) == ["low", "middle", "none"]


@pytest.mark.parametrize(
    "junk",
    [
        "sort=creator",
        "sort=--name",
        "sort=identity__phone",
        "sort=name&sort=-name",
        "page=0",
        "page=x",
        "page=²",
        "size=5000",
        "size=50&size=25",
    ],
)
def test_junk_in_sort_page_and_size_falls_back_with_a_notice(office, customers, junk):
    answer = office.get(f"/shop/?{junk}")
    assert len(names(answer)) == 5
    assert 'class="notice"' in text(answer)


def test_a_page_beyond_the_last_is_the_last(office, customers):
    answer = office.get("/shop/?page=999999999&size=25")
    assert len(names(answer)) == 5
    assert "so this is the last one" in text(answer)


def test_pages_have_the_asked_size(office, scoped):
    for number in range(26):
        factories.make_customer(scoped, f"Customer {number:02}")
    first, second = office.get("/shop/?size=25"), office.get("/shop/?size=25&page=2")
    assert (len(names(first)), len(names(second))) == (25, 1)
    assert names(second) == ["Customer 25"]
    assert "26\u201326 of 26 customers" in text(second)


def test_a_search_is_kept_in_box_and_addresses(office, customers):
    answer = office.get("/shop/?q=emile")
    assert names(answer) == ["Émile"]
    assert 'name="q" value="emile"' in text(answer)
    assert "?q=emile&amp;sort=-name" in text(answer)


def test_a_filter_shows_as_a_chip_that_removes_it(office, customers):
    answer = office.get("/shop/?hidden=no&sort=name")
    assert 'href="/shop/?sort=name" hx-get="/shop/?sort=name" aria-label="Remove filter Hidden: No"' in text(answer)
    assert '<span class="count">1<' in text(answer)


@pytest.mark.parametrize(
    "junk",
    [
        "hidden=perhaps",
        "hidden=yes&hidden=no",
        "product=hybrid&product=cloud",
        "person=999999",
        "person=x",
        "person=" + "9" * 400,
        "person=%C2%B2",
        "since=2026-13-40",
        "expires=8",
        "q=" + "a" * 201,
    ],
)
def test_a_junk_filter_shows_no_rows_and_says_so(office, customers, junk):
    answer = office.get(f"/shop/?{junk}")
    assert (answer.status_code, names(answer)) == (200, [])
    assert 'role="alert"' in text(answer)
    export = office.get(f"/shop/?{junk}&export=csv")
    assert export.status_code == 422


def test_a_foreign_choice_is_no_choice(office, customers, eve):
    answer = office.get("/shop/", {"person": eve.pk})
    assert (names(answer), "does not exist" in text(answer)) == ([], True)


def test_a_list_costs_the_same_queries_with_any_number_of_rows(office, scoped):
    def cost(rows):
        for number in range(rows):
            factories.make_customer(scoped, f"Customer {rows} {number}")
        with counted() as queries:
            assert office.get("/shop/").status_code == 200
        return queries

    cost(1)
    few, many = cost(3), cost(30)
    assert len(few) == len(many) == 5, many


def test_hidden_columns_cost_nothing(office, customers):
    with counted() as queries:
        office.get("/shop/")
    assert not [query for query in queries if "phone" in query and "customers_customeridentity" in query]


def test_an_empty_list_says_what_to_do(office, scoped):
    answer = office.get("/shop/")
    assert "No customers yet" in text(answer)
    assert "No customers match" in text(office.get("/shop/?q=nobody"))


def test_the_total_beyond_the_cap_is_counted_on_request(office, customers, monkeypatch):
    monkeypatch.setattr("msc.pages.paging.CAP", 3)
    assert "of 5 customers" in text(office.get("/shop/"))
    answer = office.get("/shop/?hidden=no&size=25")
    assert "of 3+ customers" in text(answer)
    assert "count=exact" in text(answer)
    assert "of 5 customers" in text(office.get("/shop/?hidden=no&count=exact"))


def test_buttons_and_row_menus_are_for_those_who_may(office, ada, rita, harbour):
    assert "Create Customer" in text(office.get("/shop/"))
    assert f"/shop/{harbour.pk}/delete/" in text(office.get("/shop/"))
    reader = text(signed_in(rita).get("/shop/"))
    assert "Create Customer" not in reader
    assert "More options" not in reader


def test_a_row_action_can_leave_rows_out(office, scoped):
    hidden = factories.make_customer(scoped, "Harbour", account_name="H-1")
    shown = text(office.get("/shop/"))
    assert f"/shop/{hidden.pk}/edit/" in shown
    assert f"/shop/{hidden.pk}/delete/" not in shown


def test_reading_a_list_writes_nothing(office, customers):
    office.get("/shop/?sort=-name&size=25")
    office.get("/shop/?panel=columns")
    assert not TablePreference.objects.exists()
