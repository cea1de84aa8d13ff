"""From a template folder and its facts to the subject, text and HTML of an e-mail."""

import re
from collections.abc import Mapping
from typing import NamedTuple

from css_inline import CSSInliner
from django.conf import settings
from django.template import Context, Engine

INLINER = CSSInliner(keep_at_rules=True, load_remote_stylesheets=False)


class Rendered(NamedTuple):
    """The three texts of one e-mail."""

    subject: str
    text: str
    html: str


def render(template: str, facts: Mapping[str, object]) -> Rendered:
    """Render ``templates/emails/<template>/``; only the HTML part is escaped."""
    everything = {"vendor": settings.MSC_VENDOR_NAME, "origin": settings.MSC_ORIGIN, **facts}
    # Split and joined it is plain text on one line: what `_fill` returns counts as safe HTML, which a subject is not.
    subject = " ".join(_fill(f"emails/{template}/subject.txt", everything, escape=False).split())
    text = _fill(f"emails/{template}/body.txt", everything, escape=False)
    html = _fill(f"emails/{template}/body.html", {**everything, "subject": subject}, escape=True)
    return Rendered(subject, re.sub(r"\n{3,}", "\n\n", text.strip()) + "\n", INLINER.inline(html))


def _fill(name: str, facts: Mapping[str, object], *, escape: bool) -> str:
    return Engine.get_default().get_template(name).render(Context(dict(facts), autoescape=escape))
