"""Changing quotas: coming ones, overlaps and removals, in the form and in the service; nothing happens unasked."""

from datetime import date, timedelta
from decimal import Decimal

import pytest

from msc.errors import Conflict, DomainError
from msc.events.models import Event
from tenants import ground, quota_changes, services
from tenants.models import QuotaPeriod
from tenants.rules import Quota
from tests import factories
from tests.cast import signed_in

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


@pytest.fixture
def today(scoped):
    return scoped.today()


@pytest.fixture
def plan(scoped):
    return factories.make_plan(scoped)


@pytest.fixture
def tenant(harbour, plan, today):
    """A product with 100 CU for 60 days, begun 30 days ago."""
    return factories.make_tenant(
        harbour, plan, expiry=today + 400 * DAY, quota=("100", today - 30 * DAY, today + 29 * DAY)
    )


@pytest.fixture
def renewed(tenant, today):
    """The same product with 500 CU that follow."""
    grant(tenant, "500", today + 30 * DAY, today + 89 * DAY)
    return tenant


def grant(tenant, amount: str, first: date, last: date) -> None:
    tenant.quota_periods.create(msp_id=tenant.msp_id, quota=amount, effective_on=first, end_on=last)


def address(tenant, query: str = "") -> str:
    return f"/customers/{tenant.customer_id}/products/{tenant.pk}/edit/{query}"


def fields(tenant, amount="", first="", last="", **others):
    quota = {"quota": amount, "quota_effective_on": first, "quota_end_on": last}
    terms = {"service_plan": tenant.service_plan_id, "tenant_type": tenant.tenant_type}
    return {**terms, "license_expiry": tenant.license_expiry, "version": tenant.version, **quota, **others}


def standing(tenant) -> list[tuple[str, date, date]]:
    rows = tenant.quota_periods.filter(replaced_at=None).order_by("effective_on")
    return [(f"{row.quota.normalize():f}", row.effective_on, row.end_on) for row in rows]


def period(tenant, amount: str) -> str:
    return f"period_{tenant.quota_periods.get(quota=amount, replaced_at=None).pk}"


def last_event(tenant) -> Event:
    return Event.objects.for_object(tenant).newest_first().first()


def test_a_coming_quota_is_an_edit_and_is_shown(ada, tom, tenant, today):
    client = signed_in(ada)
    first, last = today + 30 * DAY, today + 89 * DAY
    assert client.post(address(tenant), fields(tenant, "500", first, last)).status_code == 302
    tenant.refresh_from_db()
    assert tenant.version == 2
    event = last_event(tenant)
    assert event.action == "tenant.edited"
    words = quota_changes.words_of(Quota(Decimal(500), first, last))
    assert event.changes == {"Other Quotas": [None, [words]]}
    for page in (f"/customers/{tenant.customer_id}/", f"/customers/{tenant.customer_id}/products/{tenant.pk}/"):
        text = client.get(page).content.decode()
        assert "Coming Quota" in text, page
        assert "500 CU" in text, page
    form = client.get(address(tenant)).content.decode()
    assert 'value="100"' in form
    assert "Coming: 500 CU" in form
    # An editor who opened the form before is told.
    stale = signed_in(tom).post(address(tenant), fields(tenant, "100", today - 30 * DAY, today + 40 * DAY, version=1))
    assert stale.status_code == 409
    assert standing(tenant)[1] == ("500", first, last)


def test_the_form_as_it_is_shown_changes_nothing(ada, renewed, today):
    answer = signed_in(ada).post(address(renewed), fields(renewed, "100", today - 30 * DAY, today + 29 * DAY))
    assert answer.status_code == 302
    renewed.refresh_from_db()
    assert (renewed.version, renewed.quota_periods.count()) == (1, 2)


def test_emptying_asks_about_each_quota_and_keeps_what_was_typed(ada, renewed, today):
    client = signed_in(ada)
    typed = fields(renewed, license_expiry=today + 500 * DAY)
    asked = client.post(address(renewed), typed)
    assert asked.status_code == 422
    both = {period(renewed, "100"), period(renewed, "500")}
    assert set(asked.context["form"].errors) == both
    text = asked.content.decode()
    assert f'value="{(today + 500 * DAY).isoformat()}"' in text
    assert "End it today" in text
    assert len(standing(renewed)) == 2
    answers = {period(renewed, "100"): "end", period(renewed, "500"): "remove"}
    assert client.post(address(renewed), typed | answers).status_code == 302
    assert standing(renewed) == [("100", today - 30 * DAY, today)]
    changes = last_event(renewed).changes
    assert changes["Quota End Date"] == [(today + 29 * DAY).isoformat(), today.isoformat()]
    assert changes["Other Quotas"][1] is None
    assert "500 CU" in changes["Other Quotas"][0][0]


def test_emptying_may_keep_the_present_quota_and_remove_the_coming_one(ada, renewed, today):
    answers = {period(renewed, "100"): "keep", period(renewed, "500"): "remove"}
    assert signed_in(ada).post(address(renewed), fields(renewed) | answers).status_code == 302
    assert standing(renewed) == [("100", today - 30 * DAY, today + 29 * DAY)]
    renewed.refresh_from_db()
    assert renewed.version == 2


@pytest.mark.parametrize(
    ("answer", "left"),
    [
        ("end", [("100", -30, 9), ("200", 10, 99)]),
        ("remove", [("200", 10, 99)]),
    ],
)
def test_an_overlap_is_offered_as_a_cut_of_the_earlier_quota(ada, tenant, today, answer, left):
    client = signed_in(ada)
    typed = fields(tenant, "200", today + 10 * DAY, today + 99 * DAY)
    asked = client.post(address(tenant), typed)
    assert asked.status_code == 422
    (question,) = asked.context["form"].questions
    assert question.answers["end"] == f"End it on {quota_changes.absolute(today + 9 * DAY)}"
    assert standing(tenant) == [("100", today - 30 * DAY, today + 29 * DAY)]
    assert client.post(address(tenant), typed | {question.field: "nonsense"}).status_code == 422
    assert client.post(address(tenant), typed | {question.field: answer}).status_code == 302
    assert standing(tenant) == [(amount, today + first * DAY, today + last * DAY) for amount, first, last in left]


def test_the_present_quota_may_be_corrected_and_ends_before_a_coming_one_when_asked(ada, renewed, today):
    client = signed_in(ada)
    typed = fields(renewed, "150", today - 30 * DAY, today + 45 * DAY)
    asked = client.post(address(renewed), typed)
    (question,) = asked.context["form"].questions
    assert list(question.answers) == ["keep", "remove"]
    assert client.post(address(renewed), typed | {question.field: "keep"}).status_code == 302
    assert standing(renewed) == [
        ("150", today - 30 * DAY, today + 29 * DAY),
        ("500", today + 30 * DAY, today + 89 * DAY),
    ]


def test_a_quota_of_one_day_cannot_be_left_over(ada, tenant, today):
    asked = signed_in(ada).post(address(tenant), fields(tenant, "200", today - 29 * DAY, today + 99 * DAY))
    (question,) = asked.context["form"].questions
    assert list(question.answers) == ["remove"]


def test_a_renewal_proposes_the_days_that_follow(ada, renewed, today):
    form = signed_in(ada).get(address(renewed, "?renew=1")).context["form"]
    assert form.initial["quota"] == "500"
    assert form.initial["quota_effective_on"] == today + 90 * DAY
    assert form.initial["quota_end_on"] == today + 149 * DAY


@pytest.mark.parametrize(
    ("first", "last", "today", "proposed"),
    [
        ((2026, 1, 1), (2026, 12, 31), (2026, 11, 24), ((2027, 1, 1), (2027, 12, 31))),
        ((2024, 2, 1), (2024, 2, 29), (2024, 2, 10), ((2024, 3, 1), (2024, 3, 31))),
        ((2026, 11, 24), (2026, 12, 31), (2026, 11, 24), ((2027, 1, 1), (2027, 2, 7))),
        ((2025, 1, 1), (2025, 12, 31), (2026, 11, 24), ((2026, 11, 24), (2027, 11, 23))),
        ((2026, 11, 24), (2199, 12, 31), (2026, 11, 24), None),
    ],
)
def test_the_days_that_follow(first, last, today, proposed):
    stored = QuotaPeriod(quota=Decimal(9), effective_on=date(*first), end_on=date(*last))
    found = quota_changes.renewal_of([stored], date(*today))
    assert (found and (found.effective_on, found.end_on)) == (proposed and tuple(date(*day) for day in proposed))


def stored(pk: int, amount: int, first: date, last: date) -> QuotaPeriod:
    return QuotaPeriod(pk=pk, quota=Decimal(amount), effective_on=first, end_on=last)


def test_answers_that_were_not_asked_for_change_nothing():
    first, last, today = date(2026, 1, 1), date(2026, 12, 31), date(2026, 6, 1)
    present, coming = stored(1, 100, first, last), stored(2, 500, date(2027, 1, 1), date(2027, 12, 31))
    corrected = Quota(Decimal(120), first, last)
    found = quota_changes.change(corrected, [present, coming], {1: "end", 2: "remove"}, today)
    assert (list(found.replaced), list(found.granted)) == ([1], [corrected])
    # The present quota, prolonged into the coming one that is kept, stays the row that it is.
    prolonged = Quota(Decimal(100), first, date(2027, 3, 31))
    assert quota_changes.change(prolonged, [present, coming], {2: "keep"}, today) == quota_changes.Change()


def test_of_several_overlapped_quotas_each_gets_its_own_answer():
    today = date(2026, 6, 1)
    periods = [
        stored(1, 100, date(2026, 1, 1), date(2026, 6, 30)),
        stored(2, 200, date(2026, 7, 1), date(2026, 9, 30)),
        stored(3, 300, date(2026, 10, 1), date(2026, 12, 31)),
    ]
    wanted = Quota(Decimal(9), date(2026, 6, 15), date(2027, 6, 30))
    found = quota_changes.change(wanted, periods, {1: "end", 2: "remove", 3: "keep"}, today)
    assert list(found.replaced) == [1, 2]
    assert list(found.granted) == [
        Quota(Decimal(100), date(2026, 1, 1), date(2026, 6, 14)),
        Quota(Decimal(9), date(2026, 6, 15), date(2026, 9, 30)),
    ]


def edit(by, tenant, quota, version=1, **answers):
    return services.edit_tenant(
        by=by,
        tenant=tenant,
        version=version,
        plan=tenant.service_plan,
        tenant_type=tenant.tenant_type,
        license_expiry=tenant.license_expiry,
        regions=[row.region for row in tenant.regions.select_related("region")],
        quota=quota,
        **answers,
    )


def test_the_service_refuses_what_was_not_asked_and_an_outdated_version(ada, renewed, today):
    overlapping = Quota(Decimal(1), today + 10 * DAY, today + 20 * DAY)
    for quota in (None, overlapping):
        with pytest.raises(DomainError, match="Choose what happens to 100 CU"):
            edit(ada, renewed, quota)
    assert len(standing(renewed)) == 2
    later = Quota(Decimal(9), today + 90 * DAY, today + 99 * DAY)
    edit(ada, renewed, later)
    with pytest.raises(Conflict):
        edit(ada, renewed, later)
    assert ground.current_quota(renewed) == Quota(Decimal(100), today - 30 * DAY, today + 29 * DAY)


@pytest.mark.parametrize(("first", "last"), [("0001-01-01", "2026-12-31"), ("2026-12-01", "9999-12-31")])
def test_days_far_away_are_refused_beside_their_field(ada, tenant, first, last):
    answer = signed_in(ada).post(address(tenant), fields(tenant, "5", first, last))
    assert answer.status_code == 422
    assert "Enter a day between 1970 and 2199." in answer.content.decode()
