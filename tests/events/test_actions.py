"""Every action and every kind of e-mail that the code writes has words for people."""

import ast
from pathlib import Path

from msc.events.actions import ACTIONS, sentence_of, words_of
from msc.mail.kinds import KINDS

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("msc", "serviceplans", "customers", "tenants", "health")


def literals(keyword):
    """Return each text that is written as `keyword="..."` anywhere, with its file."""
    for package in PACKAGES:
        for path in (ROOT / package).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.Call):
                    for given in node.keywords:
                        if given.arg == keyword and isinstance(given.value, ast.Constant):
                            yield str(given.value.value), path.name


def test_every_action_that_is_recorded_has_words():
    unknown = {(action, name) for action, name in literals("action") if "." in action and action not in ACTIONS}
    assert not unknown


def test_every_kind_of_email_that_is_queued_has_words():
    unknown = {(kind, name) for kind, name in literals("kind") if "." in kind and kind not in KINDS}
    assert not unknown


def test_an_action_without_words_is_read_as_it_is_written():
    assert words_of("tenant.wound_up") == "wound up tenant"
    assert sentence_of("session.opened", "", "") == "An anonymous visitor signed in"


def test_a_person_who_signs_in_is_told_of_once():
    assert sentence_of("session.opened", "ada@x.example", "ada@x.example") == "ada@x.example signed in"
    assert (
        sentence_of("session.refused", "", "ada@x.example")
        == "An anonymous visitor was refused at sign-in ada@x.example"
    )
