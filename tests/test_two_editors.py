"""Two people open the same form: what only one of them changed is kept, and what both did is asked about."""

from datetime import timedelta

import pytest

from customers.models import Customer
from msc.access.roles import Role
from tests import factories
from tests.cast import signed_in

URLS = {
    "customer": "/customers/{customer}/edit/",
    "contact": "/customers/{customer}/contacts/{contact}/edit/",
    "product": "/customers/{customer}/products/{product}/edit/",
    "plan": "/service-plans/{plan}/edit/",
    "administrator": "/settings/administrators/{rita}/edit/",
    "settings": "/settings/",
}
CASES = {
    "customer": ({"address": "2 Pier\r\nKiel"}, {"name": "Harbour Group"}),
    "contact": ({"job_role": "Head of IT"}, {"name": "Carla Curie"}),
    "product": ({"license_expiry": "{later}"}, {"quota": "70"}),
    "plan": ({"hybrid_retention_max_days": "90"}, {"name": "Silver"}),
    "administrator": ({"last_name": "Reads"}, {"first_name": "Margarita"}),
    "settings": ({"address": "1 Lane\r\nKiel"}, {"quota_warning_percent": "70"}),
}


@pytest.fixture
def bob(northwind):
    return factories.make_person(northwind, Role.MSP_ADMIN, email="bob@northwind.example", name="Bob Busy")


@pytest.fixture
def places(scoped, ada, rita, harbour):
    plan = factories.make_plan(scoped, "Gold")
    product = factories.make_tenant(harbour, plan, "hybrid", tenant_type="commercial")
    today = scoped.today()
    product.quota_periods.create(msp=scoped, quota=50, effective_on=today, end_on=today + timedelta(days=90))
    contact = factories.make_contact(harbour, "Carla Contact", is_primary=True)
    return {
        "customer": harbour.pk,
        "contact": contact.pk,
        "product": product.pk,
        "plan": plan.pk,
        "rita": rita.pk,
        "later": (product.license_expiry - timedelta(days=3)).isoformat(),
    }


def opened(client, url):
    """Open a form and return what a browser would send of it untouched."""
    page = client.get(url)
    form = page.context["form"]
    values = {name: form[name].value() for name in form.fields}
    sent = {name: "on" if value is True else value for name, value in values.items() if value not in (None, "", False)}
    return sent | {"opened_with": page.context["opened_with"]}


@pytest.mark.parametrize("thing", sorted(URLS))
def test_what_only_one_of_both_changed_is_merged(ada, bob, places, thing):
    url = URLS[thing].format(**places)
    theirs, mine = ({name: text.format(**places) for name, text in part.items()} for part in CASES[thing])
    confirmed = {"confirm_impact": "on"} if thing == "plan" else {}
    client, other = signed_in(ada), signed_in(bob)
    sent, sent_by_other = opened(client, url), opened(other, url)
    assert other.post(url, sent_by_other | theirs | confirmed).status_code == 302
    answer = client.post(url, sent | mine | confirmed, follow=True)
    assert answer.status_code == 200
    assert "Bob Busy changed" in answer.content.decode()
    now = opened(client, url)
    for name, text in (theirs | mine).items():
        assert str(now[name]).replace("\r\n", "\n") == text.replace("\r\n", "\n")


@pytest.mark.parametrize("thing", sorted(URLS))
def test_what_both_changed_is_asked_about_and_can_be_overwritten(ada, bob, places, thing):
    url = URLS[thing].format(**places)
    (untouched, _), (field, mine) = (next(iter(part.items())) for part in CASES[thing])
    changed = {"quota": "60", "quota_warning_percent": "60"}.get(field, "Theirs Alone")
    confirmed = {"confirm_impact": "on"} if thing == "plan" else {}
    client, other = signed_in(ada), signed_in(bob)
    sent, sent_by_other = opened(client, url), opened(other, url)
    assert other.post(url, sent_by_other | {field: changed} | confirmed).status_code == 302
    answer = client.post(url, sent | {field: mine} | confirmed)
    assert answer.status_code == 409
    merge = answer.context["told"].merge
    assert [(one.theirs, one.mine) for one in merge.contested] == [(changed, mine)]
    page = answer.content.decode()
    for words in ("Bob Busy changed this while you were editing it.", changed, mine):
        assert words in page
    form = answer.context["form"]
    again = sent | {
        field: form[field].value(),
        "version": form["version"].value(),
        "opened_with": answer.context["opened_with"],
    }
    assert client.post(url, again | confirmed).status_code == 302
    now = opened(client, url)
    assert (str(now[field]), now.get(untouched)) == (mine, sent.get(untouched))


def test_values_are_shown_as_on_the_page(ada, bob, tom, places, harbour):
    client, other = signed_in(ada), signed_in(bob)
    url = URLS["product"].format(**places)
    sent = opened(client, url)
    days = [sent["license_expiry"] - timedelta(days=days) for days in (3, 4)]
    other.post(url, opened(other, url) | {"license_expiry": days[0]})
    answer = client.post(url, sent | {"license_expiry": days[1]})
    shown = {field.label: (field.theirs, field.mine) for field in answer.context["told"].merge.contested}
    assert shown == {"License Expiry Date": tuple(f"{day.day} {day:%b %Y}" for day in days)}

    url = URLS["customer"].format(**places)
    sent = opened(client, url)
    other.post(url, opened(other, url) | {"hide_name": "on", "account_name": "Blue Falcon", "tenant_admins": []})
    una = factories.make_person(harbour.msp, Role.TENANT_ADMIN, name="Una Unger", email="una@northwind.example")
    answer = client.post(url, sent | {"hide_name": "on", "account_name": "Red Fox", "tenant_admins": [tom.pk, una.pk]})
    assert answer.status_code == 409
    shown = {field.label: (field.theirs, field.mine) for field in answer.context["told"].merge.contested}
    assert shown["Account Name"] == ("Blue Falcon", "Red Fox")
    assert shown["Tenant Admin"] == ("-", f"Tom Tenant ({tom.email}), Una Unger ({una.email})")
    assert Customer.objects.get(pk=harbour.pk).account_name == "Blue Falcon"


def test_a_form_without_what_it_was_opened_with_is_asked_about_everything(ada, bob, places):
    client, other = signed_in(ada), signed_in(bob)
    url = URLS["administrator"].format(**places)
    sent = opened(client, url)
    other.post(url, opened(other, url) | {"last_name": "Reads"})
    for junk in ("", "x", "[1]", '{"last_name": 3}', "null"):
        answer = client.post(url, sent | {"first_name": "Margarita", "opened_with": junk})
        assert answer.status_code == 409
        assert [field.label for field in answer.context["told"].merge.contested] == ["First name", "Last name"]


def test_nothing_is_lost_when_the_merge_breaks_a_rule(ada, bob, places, harbour):
    client, other = signed_in(ada), signed_in(bob)
    url = URLS["customer"].format(**places)
    sent = opened(client, url)
    other.post(url, opened(other, url) | {"hide_name": "on", "account_name": "Blue Falcon"})
    answer = client.post(url, sent | {"name": "Blue Falcon", "address": "2 Pier"})
    assert answer.status_code == 422
    page = answer.content.decode()
    assert "Bob Busy changed this while you were editing it." in page
    assert 'value="Blue Falcon"' in page
    assert "2 Pier" in page
    harbour.refresh_from_db()
    assert (harbour.name_hidden, harbour.identity.name) == (True, "Harbour Logistics")
