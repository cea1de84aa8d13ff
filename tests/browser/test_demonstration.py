"""Every page of every role with the demonstration's data: nothing is wider than its window, and no text is cut."""

import contextlib
from collections.abc import Iterator

import pytest
from django.core.management import call_command
from django.urls import NoReverseMatch, reverse

from customers.models import Customer
from msc.access import scope
from msc.access.models import User
from tests.chromium import stands
from tests.test_every_list import LISTS

pytestmark = [pytest.mark.needs("chromium"), pytest.mark.django_db(transaction=True), pytest.mark.timeout(600)]

READERS = ("ada", "tom", "rita", "eve")
WIDTHS = (1280, 360)
#: Pages besides the lists, by name; a customer's number is added where an address asks for one.
PAGES = ("customers:page", "tenants:detail", "serviceplans:page", "people:settings", "profile")
#: What is wider than its place, and text that ends before its end. What is hidden from sight on purpose is no text there.
FAULTS = """() => {
  const shown = part => part.clientWidth > 1 && !part.closest(".visually-hidden, .part-name, .tool-word, svg");
  const clips = part => ["hidden", "clip"].includes(getComputedStyle(part).overflowX);
  const wide = [...document.querySelectorAll("main, .table-region, .panel-body, .tabs")]
    .filter(part => part.scrollWidth > part.clientWidth).map(part => `${part.className || part.tagName} is too wide`);
  const cut = [...document.querySelectorAll("main *")]
    .filter(part => shown(part) && clips(part))
    .filter(part => part.scrollWidth > part.clientWidth || part.scrollHeight > part.clientHeight + 2)
    .map(part => `cut: ${part.textContent.trim().slice(0, 60)}`);
  const page = document.documentElement.scrollWidth > innerWidth ? ["the page is too wide"] : [];
  return [...page, ...wide, ...new Set(cut)];
}"""


@pytest.fixture
def demonstration(settings, tmp_path) -> None:
    settings.MSC_DEMO, settings.VAR_DIR = True, tmp_path
    call_command("load_demo", verbosity=0)


def _addresses(person: User) -> Iterator[str]:
    with scope.entered("portal", msp=person.msp_id, person=person.pk):
        busy = Customer.objects.for_user(person).order_by("-summary__open_alerts", "pk").first()
        tenant, plan = busy.tenants.first(), busy.tenants.first().service_plan
    keys = {"serviceplans:page": [[plan.pk]], "customers:import": []}
    for name in (*LISTS, *PAGES):
        for args in keys.get(name, ([], [busy.pk], [busy.pk, tenant.pk])):
            with contextlib.suppress(NoReverseMatch):
                yield reverse(name, args=args)
                break


def test_no_page_is_wider_than_its_window_and_no_text_is_cut(demonstration, window):
    wrong, seen = [], 0
    for reader in READERS:
        with scope.entered("support"):
            person = User.objects.select_related("msp").get(email__startswith=f"{reader}@")
        page = window(person)
        for address in _addresses(person):
            page.set_viewport_size({"width": WIDTHS[0], "height": 800})
            answer = page.goto(address)
            if answer is None or answer.status == 403:
                continue
            assert answer.status == 200, address
            stands(page)
            page.evaluate("document.fonts.ready")
            seen += 1
            for width in WIDTHS:
                page.set_viewport_size({"width": width, "height": 800})
                wrong += [f"{reader} {address} {width}: {fault}" for fault in page.evaluate(FAULTS)]
        page.close()
    assert seen > 40
    assert not wrong, "\n".join(wrong)
