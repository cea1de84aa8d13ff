import csv
import io

import pytest

from msc.access import scope
from msc.access.models import User
from msc.events.models import Event
from msc.pages.columns import bare, neutralised
from msc.pages.export import CHUNK, RightsLost
from tests import factories
from tests.cast import signed_in

pytestmark = [pytest.mark.urls("tests.pages.portal"), pytest.mark.django_db(transaction=True)]


@pytest.fixture
def rows(northwind, ada):
    def make(*names):
        with scope.entered("portal", msp=northwind.pk):
            return [factories.make_customer(northwind, name) for name in names]

    return make


@pytest.fixture
def office(ada):
    return signed_in(ada)


def read(answer):
    body = b"".join(answer.streaming_content).decode("utf-8-sig")
    return list(csv.reader(io.StringIO(body)))


def events(ada):
    with scope.entered("portal", msp=ada.msp_id):
        return [(event.action, event.detail) for event in Event.objects.for_user(ada).order_by("pk")]


def test_the_file_has_what_the_screen_shows(office, rows, ada):
    rows("Berta", "Émile", "anna")
    answer = office.get("/shop/?export=csv&sort=-name")
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    assert answer["Content-Disposition"].startswith('attachment; filename="customers-20')
    lines = read(answer)
    assert lines[0] == ["Name", "Account name", "Product", "Hidden", "Open alerts", "Quota used (%)", "Created on"]
    assert [line[0] for line in lines[1:]] == ["Émile", "Berta", "anna"]
    assert events(ada) == [("export.finished", {"list": "customers", "promised": 3, "sent": 3})]


def test_the_file_begins_with_a_mark_that_spreadsheets_know(office, rows):
    rows("anna")
    assert b"".join(office.get("/shop/?export=csv").streaming_content).startswith(b"\xef\xbb\xbfName")


def test_the_file_has_the_ticked_columns_and_the_filtered_rows(office, rows):
    rows("Berta", "anna")
    answer = office.get("/shop/?export=csv&q=berta&column=phone&column=name&column=secret&column=phone")
    assert read(answer) == [["Phone number", "Name"], ["+49 431 123456", "Berta"]]


def test_all_columns_can_be_had_without_ticking_them(office, rows):
    rows("anna")
    assert len(read(office.get("/shop/?export=all"))[0]) == 10


def test_what_a_spreadsheet_would_run_is_neutralised(office, rows):
    rows("=1+1", "@cmd", "-2", "+3", "plain", "'=1", "'quoted'", "\uff1d1", "\uff0b1", "\uff0d1", "\uff20SUM")
    names = [line[0] for line in read(office.get("/shop/?export=csv"))[1:]]
    assert sorted(names) == [
        "''=1",
        "'+3",
        "'-2",
        "'=1+1",
        "'@cmd",
        "'quoted'",
        "'\uff0b1",
        "'\uff0d1",
        "'\uff1d1",
        "'\uff20SUM",
        "plain",
    ]


@pytest.mark.parametrize("text", ["", "'", "''", "=1", "'=1", "''=1", "'quoted'", "\t1", "'\t1", "-", "'-", "plain"])
def test_an_import_reads_what_an_export_wrote(text):
    assert bare(neutralised(text)) == text


def test_a_long_list_comes_whole_and_in_order(office, rows, monkeypatch):
    monkeypatch.setattr("msc.pages.export.CHUNK", 7)
    rows(*[f"Customer {number:03}" for number in range(30)])
    names = [line[0] for line in read(office.get("/shop/?export=csv&sort=-name"))[1:]]
    assert names == [f"Customer {number:03}" for number in reversed(range(30))]
    assert CHUNK == 1_000


def test_losing_the_right_on_the_way_cuts_the_file(rows, ada, rita, monkeypatch):
    monkeypatch.setattr("msc.pages.export.CHUNK", 1)
    rows("anna", "berta", "carl")
    pieces = iter(signed_in(rita).get("/shop/?export=csv").streaming_content)
    next(pieces), next(pieces)
    with scope.entered("portal", msp=rita.msp_id):
        User.objects.filter(pk=rita.pk).update(is_active=False)
    with pytest.raises(RightsLost):
        list(pieces)
    assert events(ada) == [("export.failed", {"list": "customers", "promised": 3, "sent": 1})]


def test_a_reader_who_goes_away_leaves_a_failed_export(office, rows, ada, monkeypatch):
    monkeypatch.setattr("msc.pages.export.CHUNK", 1)
    rows("anna", "berta")
    answer = office.get("/shop/?export=csv")
    pieces = iter(answer.streaming_content)
    next(pieces), next(pieces)
    answer.close()
    assert events(ada) == [("export.failed", {"list": "customers", "promised": 2, "sent": 1})]


def test_a_customer_that_is_no_longer_assigned_is_not_sent(rows, tom, ada, northwind, monkeypatch):
    monkeypatch.setattr("msc.pages.export.CHUNK", 1)
    first, second = rows("anna", "berta")
    with scope.entered("portal", msp=northwind.pk):
        for customer in (first, second):
            tom.assignments.create(msp=northwind, customer=customer)
    pieces = iter(signed_in(tom).get("/shop/?export=csv").streaming_content)
    next(pieces), next(pieces)
    with scope.entered("portal", msp=northwind.pk):
        tom.assignments.filter(customer=second).delete()
    assert b"berta" not in b"".join(pieces)
    assert events(ada) == [("export.finished", {"list": "customers", "promised": 2, "sent": 1})]


def test_another_msp_gets_nothing_of_ours(rows, eve):
    rows("anna")
    assert len(read(signed_in(eve).get("/shop/?export=csv"))) == 1


def test_the_window_states_the_exact_number(office, rows, monkeypatch):
    monkeypatch.setattr("msc.pages.paging.CAP", 1)
    rows("anna", "berta", "carl")
    page = office.get("/shop/?panel=export&hidden=no&page=2").content.decode()
    assert "<strong>3</strong> customers" in page
    assert '<input type="hidden" name="hidden" value="no">' in page
    assert 'name="page"' not in page
