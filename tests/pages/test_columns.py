import re

import pytest

from msc.access import scope
from msc.pages.models import TablePreference
from tests.cast import signed_in

pytestmark = pytest.mark.urls("tests.pages.portal")

FRAGMENT = {"HX-Request": "true"}


@pytest.fixture
def office(ada):
    return signed_in(ada)


def shown(client):
    return re.findall(r'<th scope="col" data-column="(\w+)"', client.get("/shop/").content.decode())


DEFAULT = ["name", "account", "products", "hidden", "alerts", "used", "created"]


def test_columns_are_shown_in_the_order_that_was_saved(office, harbour):
    assert shown(office) == DEFAULT
    answer = office.post(
        "/shop/?panel=columns&sort=name", {"order": ["phone", "name", "account"], "shown": ["account", "phone"]}
    )
    assert (answer.status_code, answer["Location"]) == (302, "/shop/?sort=name")
    assert shown(office) == ["phone", "name", "account"]
    assert "tel:+49431123456" in office.get("/shop/").content.decode()


def test_saving_from_the_dialog_closes_it(office, harbour):
    answer = office.post("/shop/?panel=columns", {"order": ["name"]}, headers=FRAGMENT)
    assert (answer.status_code, answer["HX-Trigger"]) == (204, "dialog:done")


def test_a_standing_column_cannot_be_hidden_and_an_unknown_one_is_dropped(office, harbour):
    office.post("/shop/?panel=columns", {"order": ["alerts", "secret"], "shown": ["alerts", "secret"]})
    assert shown(office) == ["name", "alerts"]


def test_reset_deletes_what_was_saved(office, harbour):
    office.post("/shop/?panel=columns", {"order": ["alerts"], "shown": ["alerts"]})
    office.post("/shop/?panel=columns", {"order": ["alerts"], "shown": ["alerts"], "reset": "1"})
    assert shown(office) == DEFAULT
    assert not TablePreference.objects.exists()


def test_a_column_moves_without_javascript_and_nothing_is_saved_yet(office, harbour):
    answer = office.post(
        "/shop/?panel=columns", {"order": ["name", "alerts", "phone"], "shown": ["phone"], "move": "up:phone"}
    )
    names = re.findall(r'name="order" value="(\w+)"', answer.content.decode())
    assert names[:3] == ["name", "phone", "alerts"]
    assert re.search(r'name="shown" value="phone" checked', answer.content.decode())
    assert not TablePreference.objects.exists()


@pytest.mark.parametrize("move", ["up:nothing", "sideways:phone", "", "up"])
def test_a_junk_move_changes_nothing(office, harbour, move):
    answer = office.post("/shop/?panel=columns", {"order": ["name", "phone"], "move": move})
    assert answer.status_code == 200


def test_widths_are_kept_within_bounds_and_for_known_columns(office, harbour, ada):
    answer = office.post("/shop/?panel=widths", {"name": "300", "alerts": "9999", "used": "x", "evil": "200"})
    assert answer.status_code == 204
    assert TablePreference.objects.get().widths == {"name": 300, "alerts": 900}
    page = office.get("/shop/").content.decode()
    assert '<col data-column="name" data-default="240" width="300">' in page
    assert 'class="list sized"' in page
    office.post("/shop/?panel=widths", {"name": ""})
    assert TablePreference.objects.get().widths == {"alerts": 900}


def test_widths_are_typed_in_the_window_and_an_empty_one_is_the_default_again(office, harbour):
    typed = {"order": ["name", "alerts"], "shown": ["alerts"], "width-name": "300", "width-alerts": "90"}
    office.post("/shop/?panel=columns", typed)
    assert TablePreference.objects.get().widths == {"name": 300, "alerts": 90}
    window = office.get("/shop/?panel=columns").content.decode()
    assert re.search(r'name="width-name"[^>]* value="300"', window)
    moved = office.post("/shop/?panel=columns", typed | {"width-name": "320", "move": "up:alerts"}).content.decode()
    assert re.search(r'name="width-name"[^>]* value="320"', moved)
    office.post("/shop/?panel=columns", typed | {"width-name": ""})
    assert TablePreference.objects.get().widths == {"alerts": 90}


def test_columns_and_widths_do_not_disturb_each_other(office, harbour):
    office.post("/shop/?panel=widths", {"name": "300"})
    office.post("/shop/?panel=columns", {"order": ["name", "alerts"], "shown": ["alerts"]})
    office.post("/shop/?panel=widths", {"alerts": "90"})
    stored = TablePreference.objects.get()
    assert (stored.shown, stored.widths) == (["name", "alerts"], {"name": 300, "alerts": 90})


@pytest.mark.parametrize(
    ("columns", "widths"),
    [([1, None, {}], []), ("name", {"name": "wide", "alerts": True}), ({}, {"name": 10**9}), (["gone"], None)],
)
def test_junk_that_is_stored_is_ignored(office, harbour, ada, columns, widths):
    TablePreference.objects.create(user=ada, msp=ada.msp, list_name="customers", shown=columns, widths=widths or {})
    assert shown(office) in (DEFAULT, ["name"])


def test_each_person_has_their_own_columns(office, harbour, rita):
    office.post("/shop/?panel=columns", {"order": ["phone"], "shown": ["phone"]})
    assert shown(signed_in(rita)) == DEFAULT


def test_another_msp_sees_no_preference(office, harbour, eve):
    office.post("/shop/?panel=columns", {"order": ["phone"], "shown": ["phone"]})
    with scope.entered("portal", msp=eve.msp_id, person=eve.pk):
        assert not TablePreference.objects.exists()


def test_the_windows_are_pages_and_fragments(office, harbour):
    for panel in ("filters", "columns", "export"):
        page = office.get(f"/shop/?panel={panel}&sort=-name").content.decode()
        part = office.get(f"/shop/?panel={panel}&sort=-name", headers=FRAGMENT).content.decode()
        assert "<html" in page
        assert part.lstrip().startswith("<form")


def test_an_unknown_window_saves_nothing(office, harbour):
    assert office.post("/shop/?panel=rows", {"name": "x"}).status_code == 400
    assert office.get("/shop/?panel=rows").status_code == 200


def test_the_filter_window_lists_what_the_person_may_choose_only(office, harbour, eve):
    page = office.get("/shop/?panel=filters&q=har&sort=-name").content.decode()
    assert "ada arnold" in page
    assert "eve eastgate" not in page
    assert '<input type="hidden" name="q" value="har">' in page


def test_choices_are_found_as_one_types(office, harbour, eve):
    answer = office.get("/shop/?choices=person&term=ADA")
    assert [choice["text"] for choice in answer.json()["choices"]] == ["ada arnold"]
    assert office.get("/shop/?choices=person&term=eve").json() == {"choices": []}
    assert office.get("/shop/?choices=hidden").status_code == 404


def test_many_choices_are_searched_with_and_without_javascript(office, harbour, monkeypatch):
    monkeypatch.setattr("msc.pages.panels.TYPE_AHEAD_FROM", 1)
    page = office.get("/shop/?panel=filters&find-person=tom").content.decode()
    assert "tom tenant" in page
    assert "ada arnold" not in page
