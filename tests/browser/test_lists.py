"""How the lists look in a real browser."""

import pytest
from django.http import QueryDict

from msc.pages.preferences import Layout
from msc.pages.rendering import head, table_width
from tests.chromium import arrived
from tests.test_every_list import LISTS

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(300)]

CUT = """table => {
  document.querySelector("main").innerHTML = table;
  const cut = part => part.scrollWidth > part.clientWidth;
  return [...document.querySelectorAll("th")].filter(th => [...th.querySelectorAll(".head, .head-label")].some(cut))
    .map(th => th.textContent);
}"""


def test_no_header_is_cut_at_the_width_that_its_column_has_at_first(window, ada):
    page = window(ada)
    page.goto("/profile/")
    arrived(page, "Profile")
    for name, view in LISTS.items():
        layout = Layout(list(view.table.declared().values()), {})
        header = head(layout, view.table.default_sort, QueryDict(), menu=True)
        table = f'<table class="list sized" width="{table_width(layout, menu=True)}">{header}</table>'
        assert page.evaluate(CUT, table) == [], name
