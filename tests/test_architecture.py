"""What a review remarked twice: rules of the house that a program can hold."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.apps import apps
from django.db import models

from msc.access.querysets import ScopedQuerySet
from msc.access.row_security import SCOPED

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("msc", "serviceplans", "customers", "tenants", "health")
SOURCES = sorted(
    path for package in PACKAGES for path in (ROOT / package).rglob("*.py") if "migrations" not in path.parts
)
TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))
LONGEST_FUNCTION = 50
LONGEST_FILE = 400


def _name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def _functions(tree: ast.Module) -> Iterator[ast.FunctionDef]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef))


@pytest.mark.parametrize("path", SOURCES, ids=_name)
def test_a_file_is_one_subject_and_a_function_one_idea(path):
    text = path.read_text()
    assert text.count("\n") <= LONGEST_FILE
    long = [f.name for f in _functions(ast.parse(text)) if (f.end_lineno or 0) - f.lineno >= LONGEST_FUNCTION]
    assert not long
    assert path.name not in ("utils.py", "helpers.py", "misc.py")


@pytest.mark.parametrize("path", SOURCES, ids=_name)
def test_nothing_is_imported_inside_a_function(path):
    inside = [
        f"{function.name}:{node.lineno}"
        for function in _functions(ast.parse(path.read_text()))
        for node in ast.walk(function)
        if isinstance(node, ast.Import | ast.ImportFrom)
    ]
    assert not inside


FORBIDDEN_CALLS = re.compile(
    r"(?<!def )\bsend_mail\(|\.delay\(|\.apply_async\(|@receiver\b|\.connect\(sender|mark_safe\(request|\.extra\("
)


@pytest.mark.parametrize("path", SOURCES, ids=_name)
def test_no_request_talks_to_the_queue_or_to_smtp_and_no_signal_hides_a_change(path):
    assert not FORBIDDEN_CALLS.findall(path.read_text())


def _reads_without_scope(tree: ast.Module) -> Iterator[str]:
    """Find `Model.objects.<anything>` whose next call is none of those that scope it."""
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.Attribute)
            and isinstance(node.value, ast.Attribute)
            and node.value.attr == "objects"
            and node.attr not in ("for_user", "for_msp")
        ):
            yield f"line {node.lineno}: .objects.{node.attr}"


#: Catalogues and support staff's pages read without a person's scope, on purpose.
UNSCOPED_READS_ALLOWED = ("StorageRegion.objects",)


@pytest.mark.parametrize(
    "path",
    [
        path
        for path in SOURCES
        if re.match(r"(views|filters|forms|tables|api)\w*\.py$", path.name) or "views" in path.parts
    ],
    ids=_name,
)
def test_pages_read_only_through_the_persons_scope(path):
    text = path.read_text()
    for allowed in UNSCOPED_READS_ALLOWED:
        text = text.replace(allowed, "catalogue")
    assert not list(_reads_without_scope(ast.parse(text)))


def _portal_models() -> list[type[models.Model]]:
    return [model for model in apps.get_models() if model.__module__.split(".")[0] in PACKAGES]


#: Read only through the row they belong to, never listed for a person.
PART_OF_ANOTHER_ROW = {"events_eventdetail", "mail_outboxbody"}


@pytest.mark.parametrize("model", _portal_models(), ids=lambda model: model._meta.label)
def test_a_model_that_belongs_to_an_msp_says_how_it_is_scoped(model):
    if model._meta.db_table not in SCOPED or model._meta.db_table in PART_OF_ANOTHER_ROW:
        return
    if not issubclass(model._default_manager.get_queryset().__class__, ScopedQuerySet):
        pytest.fail(f"{model.__name__}.objects knows no for_user")
    for path in filter(None, (model.scope_msp, model.scope_customer)):
        model._default_manager.none().filter(**{f"{path}__in": [1]})


@pytest.mark.parametrize("path", TEMPLATES, ids=_name)
def test_a_page_has_no_inline_style_script_or_handler(path):
    if "emails" in path.parts:
        return
    text = path.read_text()
    assert not re.findall(r"<style|\sstyle=|<script(?![^>]*\bsrc=)(?![^>]*application/json)|\son[a-z]+=\"", text)
