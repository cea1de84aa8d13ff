import re

import pytest

from customers.models import Customer
from msc.access import scope
from msc.pages.models import Submission
from tests import factories
from tests.cast import signed_in

pytestmark = pytest.mark.urls("tests.pages.portal")

FRAGMENT = {"HX-Request": "true"}


@pytest.fixture
def office(ada):
    return signed_in(ada)


def text(answer):
    return answer.content.decode()


def key_of(answer):
    return re.search(r'name="submit_key" value="([^"]+)"', text(answer))[1]


def test_a_form_is_a_page_or_the_inside_of_a_dialog(office, scoped):
    page, part = office.get("/shop/create/"), office.get("/shop/create/", headers=FRAGMENT)
    assert "<html" in text(page)
    assert "<h1" in text(page)
    assert text(part).startswith("<form")
    assert 'hx-post="/shop/create/"' in text(part)
    assert "HX-Request" in part["Vary"]


def test_an_invalid_form_comes_back_with_what_was_typed(office, scoped):
    answer = office.post("/shop/create/", {"account_name": "", "note": "kept <here>"}, headers=FRAGMENT)
    assert answer.status_code == 422
    assert "kept &lt;here&gt;" in text(answer)
    assert 'aria-invalid="true" aria-describedby="id_account_name_helptext id_account_name_error"' in text(answer)
    assert 'id="id_account_name_error"' in text(answer)


def test_success_goes_on_with_a_message(office, scoped):
    key = key_of(office.get("/shop/create/"))
    answer = office.post("/shop/create/", {"account_name": "Acme", "submit_key": key}, follow=True)
    assert answer.redirect_chain[0][1] == 302
    assert "Acme is created." in text(answer)


def test_success_in_a_dialog_closes_it_and_the_results_bring_the_message(office, harbour):
    answer = office.post(
        f"/shop/{harbour.pk}/edit/", {"account_name": "Harbour", "version": harbour.version}, headers=FRAGMENT
    )
    assert (answer.status_code, answer["HX-Trigger"]) == (204, "dialog:done")
    results = text(office.get("/shop/", headers=FRAGMENT))
    assert 'hx-swap-oob="innerHTML:#messages"' in results
    assert "Saved." in results
    assert "Saved." not in text(office.get("/shop/", headers=FRAGMENT))


def test_a_rule_is_told_beside_its_field_or_above_the_form(office, scoped):
    key = key_of(office.get("/shop/create/"))
    beside = office.post("/shop/create/", {"account_name": "taken", "submit_key": key})
    assert beside.status_code == 422
    assert re.search(r'id="id_account_name_error">.*There is a customer of that name', text(beside), re.DOTALL)
    above = office.post("/shop/create/", {"account_name": "refused", "submit_key": key})
    assert re.search(r'role="alert">.*No more customers.*href="/shop/">See the list', text(above), re.DOTALL)


def test_a_refused_form_keeps_its_key_and_can_be_sent_again(office, scoped):
    key = key_of(office.get("/shop/create/"))
    refused = office.post("/shop/create/", {"account_name": "taken", "submit_key": key})
    assert key_of(refused) == key
    assert not Submission.objects.exists()
    assert office.post("/shop/create/", {"account_name": "free", "submit_key": key}).status_code == 302


def test_the_second_submit_goes_to_what_the_first_made(office, scoped):
    key = key_of(office.get("/shop/create/"))
    first = office.post("/shop/create/", {"account_name": "Acme", "submit_key": key})
    second = office.post("/shop/create/", {"account_name": "Acme", "submit_key": key})
    third = office.post("/shop/create/", {"account_name": "Acme", "submit_key": key}, headers=FRAGMENT)
    assert first["Location"] == second["Location"] == third["HX-Redirect"]
    assert Customer.objects.for_msp(scoped.pk).count() == 1


@pytest.mark.parametrize("key", ["", "x", "1.abc:def"])
def test_a_form_without_a_key_of_its_own_makes_nothing(office, scoped, key):
    answer = office.post("/shop/create/", {"account_name": "Acme", "submit_key": key})
    assert answer.status_code == 422
    assert not Customer.objects.for_msp(scoped.pk).exists()
    again = office.post("/shop/create/", {"account_name": "Acme", "submit_key": key_of(answer)})
    assert again.status_code == 302


def test_a_key_is_its_persons_own(office, rita, eve, scoped):
    key = key_of(office.get("/shop/create/"))
    assert signed_in(eve).post("/shop/create/", {"account_name": "Acme", "submit_key": key}).status_code == 422


def test_a_conflict_shows_both_texts_and_lets_one_save_over_it(office, harbour):
    Customer.objects.filter(pk=harbour.pk).update(account_name="Theirs", version=7)
    address = f"/shop/{harbour.pk}/edit/"
    answer = office.post(address, {"account_name": "Mine", "note": "typed", "version": "1"}, headers=FRAGMENT)
    assert answer.status_code == 409
    for expected in ("Grace Hopper changed this while you were editing it.", "Theirs", "Mine", "typed"):
        assert expected in text(answer)
    assert 'name="version" value="7"' in text(answer)
    assert "Overwrite with my changes" in text(answer)
    assert office.post(address, {"account_name": "Mine", "version": "7"}).status_code == 302


def test_a_question_names_the_thing_and_what_will_happen(office, harbour):
    answer = office.get(f"/shop/{harbour.pk}/delete/", headers=FRAGMENT)
    for expected in ("Delete Harbour Logistics?", "Its contacts are erased.", "Yes, delete", "btn-danger"):
        assert expected in text(answer)
    done = office.post(f"/shop/{harbour.pk}/delete/", headers=FRAGMENT)
    assert (done.status_code, done["HX-Trigger"]) == (204, "dialog:done")
    assert office.get(f"/shop/{harbour.pk}/").status_code == 404


def test_a_question_that_has_no_answer_says_why(office, scoped):
    keeper = factories.make_customer(scoped, "Keeper")
    asked = office.get(f"/shop/{keeper.pk}/delete/")
    assert "A product stands in the way." in text(asked)
    assert "Yes, delete" not in text(asked)
    assert office.post(f"/shop/{keeper.pk}/delete/").status_code == 422
    assert office.get(f"/shop/{keeper.pk}/").status_code == 200


@pytest.mark.parametrize("path", ["edit/", "delete/", ""])
def test_a_foreign_thing_is_not_there(office, harbour, foreign, path):
    for method in (office.get, office.post):
        if path or method == office.get:
            assert method(f"/shop/{foreign.pk}/{path}").status_code == 404


def test_who_may_not_is_refused_before_anything_is_looked_at(rita, harbour, foreign):
    reader = signed_in(rita)
    for path in ("create/", f"{harbour.pk}/edit/", f"{foreign.pk}/edit/", f"{harbour.pk}/delete/", "settings/"):
        assert (reader.get(f"/shop/{path}").status_code, reader.post(f"/shop/{path}").status_code) == (403, 403)


def test_a_settings_page_stays_and_says_that_it_saved(office, scoped):
    assert "<h1>Settings</h1>" in text(office.get("/shop/settings/"))
    answer = office.post("/shop/settings/", {"account_name": "x"}, follow=True)
    assert "Saved." in text(answer)
    assert office.post("/shop/settings/", {}).status_code == 422


def test_a_detail_page_shows_its_panels(office, harbour):
    answer = office.get(f"/shop/{harbour.pk}/")
    assert "<h1>Harbour Logistics</h1>" in text(answer)
    assert 'id="panel-account-details">Account details' in text(answer)


def test_another_msp_sees_no_submission(office, scoped, eve):
    key = key_of(office.get("/shop/create/"))
    office.post("/shop/create/", {"account_name": "Acme", "submit_key": key})
    with scope.entered("portal", msp=eve.msp_id, person=eve.pk):
        assert not Submission.objects.exists()
