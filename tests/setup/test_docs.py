"""What the documents promise about set-up is so."""

import re

from msc.portal import PROCESSES, ROOT

OPERATIONS = (ROOT / "docs" / "operations.md").read_text()
NOT_SETTINGS = {"PATH", "DJANGO_SETTINGS_MODULE"}


def test_every_setting_is_explained():
    sources = [path.read_text() for path in (ROOT / "msc").rglob("*.py")]
    calls = r"(?:env\.\w+\(|environ(?:\.get\(|\[))\s*\"([A-Z_]+)\""
    read = {name for source in sources for name in re.findall(calls, source)} - NOT_SETTINGS
    assert "DATABASE_URL" in read
    assert {name for name in read if f"`{name}`" not in OPERATIONS} == set()


def test_no_setting_is_explained_that_does_not_exist():
    rows = re.findall(r"^\| (`[A-Z_`, ]+`) \|", OPERATIONS, re.MULTILINE)
    explained = {name for row in rows for name in re.findall(r"[A-Z_]{4,}", row)}
    sources = "".join(path.read_text() for path in (ROOT / "msc").rglob("*.py"))
    assert {name for name in explained if f'"{name}"' not in sources} == set()


def test_the_commands_of_an_installation_are_those_of_make_run():
    assert [command for command in PROCESSES.values() if f".venv/bin/{command}" not in OPERATIONS] == []


def test_links_from_document_to_document_lead_somewhere():
    documents = [ROOT / "README.md", ROOT / "CHANGELOG.md", *(ROOT / "docs").rglob("*.md")]
    links = [
        (document, link)
        for document in documents
        for link in re.findall(r"\]\((?!https?:)([^)#]+\.md)", document.read_text())
    ]
    assert [f"{document.name}: {link}" for document, link in links if not (document.parent / link).exists()] == []
