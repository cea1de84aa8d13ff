"""The support site speaks as the portal does: words, dates, sizes and labels."""

import pytest
from django.utils import timezone

from health.models import DataSource, Run
from health.statuses import RunKind, RunStatus
from msc.access import scope
from msc.access.actors import Origin
from msc.events import log
from msc.events.models import Event
from tests import factories
from tests.support.browser import support_client

pytestmark = pytest.mark.django_db


def text_of(client, path):
    answer = client.get(path)
    assert answer.status_code == 200
    return answer.content.decode()


@pytest.fixture
def run(harbour):
    tenant = factories.make_tenant(harbour, factories.make_plan(harbour.msp, "Gold"))
    source = DataSource.objects.create(
        msp=harbour.msp, customer=harbour, tenant=tenant, organization="x", name="x", folded_name="x", workload="vmware"
    )
    now = timezone.now()
    return Run.objects.create(
        msp=harbour.msp,
        tenant=tenant,
        data_source=source,
        job_id="j",
        kind=RunKind.BACKUP,
        status=RunStatus.SUCCESSFUL,
        ended_at=now,
        moment=now,
        changed_at=now,
        reported_at=now,
        size_bytes=10_400_000_000,
    )


def test_yes_and_no_are_words_and_dates_the_portals(sam, harbour):
    text = text_of(support_client(sam), "/support/customers/customer/")
    created = harbour.created_at
    assert "icon-no" not in text
    assert ">No</td>" in text
    assert f"{created.day} {created:%b} {created.year}, {created:%H:%M}" in text
    assert "a.m." not in text
    assert "p.m." not in text


def test_a_size_is_readable_and_a_label_says_what_it_means(sam, run):
    text = text_of(support_client(sam), f"/support/health/run/{run.pk}/change/")
    assert "9.7\xa0GB" in text
    assert "10400000000" not in text
    assert "Moment" not in text_of(support_client(sam), "/support/health/run/")
    assert "Slug" not in text_of(support_client(sam), "/support/access/msp/")


def test_an_event_of_an_unknown_visitor_says_not_signed_in(sam, northwind):
    with scope.entered("portal", msp=northwind.pk):
        log.record(by=log.Stranger(Origin(None, "r1"), "x@y.example", northwind.pk), action="session.refused")
    with scope.entered("support"):
        event = Event.objects.latest("pk")
    text = text_of(support_client(sam), f"/support/events/event/{event.pk}/change/")
    assert "Not signed in" in text
    assert "stranger" not in text


def test_no_breadcrumb_is_doubled_and_titles_name_the_list(sam, northwind):
    text = text_of(support_client(sam), "/support/customers/customer/")
    crumbs = text.split('<div class="breadcrumbs">')[1].split("</div>")[0]
    assert crumbs.count("Customers") == 1
    assert "<title>Customers | Support</title>" in text


def test_the_start_page_searches(sam, harbour):
    client = support_client(sam)
    assert 'formaction="/support/access/msp/"' in text_of(client, "/support/")
    assert "Harbour Logistics" in text_of(client, "/support/customers/customer/?q=harbour")
