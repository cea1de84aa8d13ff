"""The trimming of style sheets: what no page can use goes, everything else stays as it was."""

import pytest

from msc.frontend import MODULES
from msc.stylesheet import Vocabulary, trimmed, vocabulary

KNOWN = vocabulary(['<p class="card btn w-50 status-{{ state }}">'])


class Everything(Vocabulary):
    def knows(self, name):
        return True


@pytest.mark.parametrize(
    "rule",
    [
        "a{color:red}",
        ".card{color:red}",
        ".card .btn:hover{color:red}",
        ".card:not(.unknown){color:red}",
        ".card:is(.unknown,.other) a{color:red}",
        ".card:not(:is([class^=bg-],.other,.unknown))>a,.btn{color:red}",
        ":root,[data-theme=dark]{--x:1}",
        ".status-failed{color:red}",
        '.card{background:url("data:image/svg+xml,{.unknown{}}")}',
        "@media print{.card{color:red}}",
        "@keyframes turn{to{rotate:1turn}}",
        '@charset "utf-8";',
        "/*! licence {.unknown{}} */",
    ],
)
def test_what_a_page_can_use_stays(rule):
    assert trimmed(rule, KNOWN) == rule


@pytest.mark.parametrize(
    "rule",
    [
        ".unknown{color:red}",
        ".card.unknown{color:red}",
        ".card .unknown a{color:red}",
        ".w-50\\%{width:50%}",
        "@media print{.unknown{color:red}}",
        "@supports (x:y){@media print{.unknown{}}}",
    ],
)
def test_what_no_page_can_use_goes(rule):
    assert trimmed(rule, KNOWN) == ""


def test_of_a_list_of_selectors_the_usable_ones_stay():
    assert (
        trimmed(".card,.unknown,a:is(.x,.y),.other{color:red}b{top:0}", KNOWN) == ".card,a:is(.x,.y){color:red}b{top:0}"
    )


def test_a_sheet_of_which_everything_is_used_stays_as_it_is():
    sheet = (MODULES / "@tabler/core/dist/css/tabler.min.css").read_text().rstrip("\n")
    assert trimmed(sheet, Everything(frozenset(), ())).rstrip("\n") == sheet
