"""Every e-mail has its three parts, and none can be broken by what stands in them."""

import re
from pathlib import Path

import pytest
from django.conf import settings

from msc.mail.rendering import render

FOLDER = Path(settings.BASE_DIR) / "templates" / "emails"
TEMPLATES = sorted(path.name for path in FOLDER.iterdir() if path.is_dir())


def test_there_are_emails():
    assert {"customer_created", "sign_in_code", "invitation"} <= set(TEMPLATES)


@pytest.mark.parametrize("template", TEMPLATES)
def test_an_email_has_a_subject_a_text_and_html(template):
    assert {path.name for path in (FOLDER / template).iterdir()} == {"subject.txt", "body.txt", "body.html"}
    for part, base in (("body.txt", "emails/base.txt"), ("body.html", "emails/base.html")):
        assert (FOLDER / template / part).read_text().startswith(f'{{% extends "{base}" %}}')


@pytest.mark.parametrize("template", TEMPLATES)
def test_an_email_runs_nothing_and_loads_nothing(template):
    sources = "".join(path.read_text() for path in (FOLDER / template).iterdir())
    assert not re.search(r"\|\s*safe|autoescape|<script|<img|<link|url\(|style=", sources)


@pytest.mark.parametrize("template", TEMPLATES)
def test_an_email_renders_to_one_line_of_subject_and_whole_html(template):
    subject, text, html = render(template, {})
    assert "\n" not in subject
    assert "&#" not in text
    assert not re.search(r"\n{3,}", text)
    assert html.count("<body") == html.count("</body>") == 1
    assert "prefers-color-scheme: dark" in html
