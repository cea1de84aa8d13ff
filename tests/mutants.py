"""Takes every stone out of the first wall, one by one, and tells which are missed by no test: `make mutants`.

A stone is a call in the portal's source that narrows rows to the asking person (`for_user`) or asks for a right
(`can`, `require`, `permit`). Row-level security is switched off, so that nothing else holds what the stone held. The tests
of a module run once as usual, which shows who passes which stone; then each of these stones is taken out (`for_user` returns
everything, a right is held by everybody) and the tests that pass it run again until one of them fails.

It is a pytest plugin: `python -m pytest -n 0 -p tests.mutants TESTS`. MUTANTS=msc/people,tenants looks at these sources
alone.
"""

import ast
import os
import sys
import time
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from types import CodeType, FrameType

import pytest
from _pytest.runner import runtestprotocol
from django.apps import apps

from msc import stack
from msc.access.querysets import ScopedQuerySet
from msc.access.row_security import SCOPED
from tests.stack import DATABASE, superuser_url

ROOT = Path(__file__).resolve().parent.parent
SOURCES = ("msc", "serviceplans", "customers", "tenants", "health")
ASKS = ("for_user", "can", "require", "permit")
#: Functions that only hand the question on: the stone is where they are called.
HANDING_ON = {("msc/access/permits.py", "require"), ("tenants/ground.py", "permit")}
#: Django's managers hand a call on to the queryset.
MANAGER = "django/db/models/manager.py"
#: Stones that nothing can miss, each with the reason.
EQUIVALENT: dict[str, str] = {
    **dict.fromkeys(
        (
            "customers/panels.py contacts: Contact.objects.for_user(user)",
            "customers/views.py ContactDelete.customer: Customer.objects.for_user(self.user)",
            "customers/views.py contact_of: Contact.objects.for_user(user)",
            "customers/views_assignments.py AssignedCustomers.customers: Assignment.objects.for_user(self.user)",
            "customers/views_imports.py ImportPage.scoped: ImportLine.objects.for_user(user)",
            "health/consumption.py use_of: Tenant.objects.for_user(user)",
            "health/consumption.py use_of: TenantDay.objects.for_user(user)",
            "health/panels.py alerts: Alert.objects.for_user(user)",
            "health/panels.py sources: DataSource.objects.for_user(user)",
            "health/views.py CustomerHealth.scoped: DataSource.objects.for_user(user)",
            "health/views.py CustomerHealth._tenants: Alert.objects.for_user(self.user)",
            "health/views.py CustomerHealth._tenants: Tenant.objects.for_user(self.user)",
            "health/views_alerts.py AlertPage.get: Alert.objects.for_user(self.user)",
            "msc/people/views_administrators.py AdministratorPage.panels: Event.objects.for_user(self.user)",
            "serviceplans/filters.py PlanFilters.filter_queryset: PlanProduct.objects.for_user(self.user)",
            "tenants/filters.py TenantFilters.filter_queryset: Customer.objects.for_user(self.user)",
            "tenants/panels.py history: Event.objects.for_user(user)",
            "tenants/panels.py products: Tenant.objects.for_user(user)",
            "tenants/views/adding.py ProductChoice.missing: Tenant.objects.for_user(self.user)",
        ),
        "the rows are narrowed to a thing that for_user has given",
    ),
    **dict.fromkeys(
        (
            'health/panels.py alerts: user.can("alert.view")',
            'health/panels.py consumption: user.can("consumption.view")',
            'health/panels.py sources: user.can("health.view")',
        ),
        "every role holds the right",
    ),
    **dict.fromkeys(
        (
            "customers/dictionaries.py names: ServicePlan.objects.for_user(user)",
            "customers/dictionaries.py names: User.objects.for_user(user)",
        ),
        "names are looked up by the ids of rows that for_user has given",
    ),
    **dict.fromkeys(
        (
            "customers/imports.py confirm: CustomerImport.objects.for_user(by)",
            "customers/imports.py discard: CustomerImport.objects.for_user(by)",
        ),
        "_permit has compared the MSP",
    ),
    **dict.fromkeys(
        (
            "health/subscriptions.py subscribe: AlertSubscription.objects.for_user(by)",
            "health/views_alerts.py Subscription.initial: AlertSubscription.objects.for_user(self.user)",
        ),
        "a person's own row",
    ),
    "customers/filters.py CustomerFilters.found: Customer.objects.for_user(self.user)": "its rows are not read",
    "health/views_consumption.py Consumption.filterset: Tenant.objects.for_user(self.user)": "its rows are not read",
    "tenants/views/plans.py PlanEdit.more: Tenant.objects.for_user(self.user)": "who may edit plans sees the whole MSP",
}

Place = tuple[str, int, int]  # file, and where the call ends


@dataclass(eq=False)
class Stone:
    """A call, and the tests that pass it."""

    path: str
    line: int
    asks: str
    within: str
    source: str
    killer: str = ""
    passed_by: dict[pytest.Item, float] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.path}:{self.line} {self.within}: {self.source}"


def stones(path: Path) -> Iterator[tuple[Place, Stone]]:
    """Yield the stones of a file, each under the places where Python may say that the call ends."""
    name, text = str(path.relative_to(ROOT)), path.read_text()
    for owner, node in _calls(ast.parse(text)):
        called = node.func
        asks = called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", "")
        if asks not in ASKS or (name, owner.rpartition(".")[2]) in HANDING_ON:
            continue
        source = " ".join((ast.get_source_segment(text, node) or "").split())
        stone = Stone(name, node.lineno, asks, owner, source)
        for end in (node, called):
            yield (name, end.end_lineno or 0, end.end_col_offset or 0), stone


def _calls(tree: ast.AST, owner: str = "") -> Iterator[tuple[str, ast.Call]]:
    for node in ast.iter_child_nodes(tree):
        named = isinstance(node, ast.ClassDef | ast.FunctionDef)
        within = f"{owner}.{node.name}".lstrip(".") if named else owner
        if isinstance(node, ast.Call):
            yield within, node
        yield from _calls(node, within)


STONES: dict[Place, Stone] = {
    place: stone
    for app in SOURCES
    for path in sorted((ROOT / app).rglob("*.py"))
    if not {"migrations", "demo", "tests"} & set(path.parts)
    for place, stone in stones(path)
    if stone.path.startswith(tuple(os.environ.get("MUTANTS", "").split(",")))
}


@cache
def _ends(code: CodeType) -> list[tuple[int | None, int | None]]:
    return [(end_line, end_column) for _, end_line, _, end_column in code.co_positions()]


def asking() -> Stone | None:
    """Return the stone whose call has led here."""
    frame: FrameType | None = sys._getframe(3)  # past this function, `holds`, and what stands in the place of the asked
    while frame is not None:
        path = frame.f_code.co_filename
        if path.endswith(MANAGER):
            frame = frame.f_back
            continue
        if not path.startswith(str(ROOT)):
            return None
        name = path[len(str(ROOT)) + 1 :]
        if (name, frame.f_code.co_name) in HANDING_ON:
            frame = frame.f_back
            continue
        line, column = _ends(frame.f_code)[frame.f_lasti // 2]
        return STONES.get((name, line or 0, column or 0))
    return None


class Trial:
    """Which stone is out, and which ones the test that runs has passed."""

    def __init__(self) -> None:
        self.out: Stone | None = None
        self.runs = False
        self.passed: set[Stone] = set()

    def holds(self) -> bool:
        """Note the stone that asks; tell whether it is in its place."""
        if not self.runs:
            return True
        stone = asking()
        if stone is None:
            return True
        self.passed.add(stone)
        return stone is not self.out


TRIAL = Trial()


def loosen() -> None:
    """Let every question go by the trial."""
    for queryset in [ScopedQuerySet, *_subclasses(ScopedQuerySet)]:
        if "for_user" in vars(queryset):
            queryset.for_user = _narrowed_unless_out(vars(queryset)["for_user"])
    for model in (apps.get_model("access", "User"), apps.get_model("people", "ApiCredential")):
        model.can = _granted_when_out(model.can)


def _subclasses(of: type) -> Iterator[type]:
    for one in of.__subclasses__():
        yield one
        yield from _subclasses(one)


def _narrowed_unless_out(narrow):
    def for_user(rows, user):
        return narrow(rows, user) if TRIAL.holds() else rows.all()

    return for_user


def _granted_when_out(may):
    def can(person, permission):
        return may(person, permission) if TRIAL.holds() else True

    return can


# -- The plugin ---------------------------------------------------------------------------------------------------


@pytest.fixture(scope="session", autouse=True)
def _second_wall_down(django_db_setup):
    with stack.connect(superuser_url(DATABASE)) as superuser:
        for table in SCOPED:
            superuser.execute(f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY")


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_call(item):
    TRIAL.runs = True
    yield
    TRIAL.runs = False


@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop(session):
    if session.testsfailed or session.config.option.collectonly:
        return None
    loosen()
    by_module = defaultdict(list)
    for item in session.items:
        by_module[item.parent].append(item)
    for module, items in by_module.items():
        began = time.monotonic()
        sound = [item for item in items if _run_as_usual(session, item)]
        dropped = [item.nodeid for item in items if item not in sound]
        print(f"\n{module.nodeid}: {len(sound)} tests, {time.monotonic() - began:.0f} s", flush=True)
        killed = sum(_try(session, stone, sound) for stone in set(STONES.values()) if not stone.killer)
        print(
            f"\n{module.nodeid}: {len(sound)} tests, {killed} more stones are missed, {time.monotonic() - began:.0f} s"
        )
        for name in dropped:
            print(f"  needs the second wall, left out: {name}", flush=True)
    session._setupstate.teardown_exact(None)
    return _report(session)


def _run_as_usual(session, item) -> bool:
    TRIAL.passed = set()
    began = time.monotonic()
    passes = _passes(session, item)
    if passes:
        for stone in TRIAL.passed:
            stone.passed_by[item] = time.monotonic() - began
    return passes


def _try(session, stone: Stone, items: list[pytest.Item]) -> bool:
    """Run the tests that pass the stone without it, the quickest first, until one fails."""
    passing = [item for item in items if item in stone.passed_by]
    for item in sorted(passing, key=stone.passed_by.__getitem__):
        TRIAL.out = stone
        passes = _passes(session, item)
        TRIAL.out = None
        if not passes:
            stone.killer = item.nodeid
            return True
    if passing:
        print(f"  not missed by {len(passing)} tests: {stone}", flush=True)
    return False


def _passes(session, item) -> bool:
    session._setupstate.teardown_exact(item.parent)
    item._initrequest()
    reports = runtestprotocol(item, nextitem=item.parent, log=False)
    return all(not report.failed for report in reports)


def _report(session) -> bool:
    every = sorted(set(STONES.values()), key=lambda stone: (stone.path, stone.line))
    left = [stone for stone in every if not stone.killer]
    for asks in ASKS:
        those = [stone for stone in every if stone.asks == asks]
        print(f"{asks}: {sum(bool(stone.killer) for stone in those)} of {len(those)} are missed when they are out")
    for stone in left:
        key = f"{stone.path} {stone.within}: {stone.source}"
        print(f"  {'passed' if stone.passed_by else 'NEVER PASSED'}  {stone}  {EQUIVALENT.get(key, '')}")
    session.testsfailed = sum(f"{one.path} {one.within}: {one.source}" not in EQUIVALENT for one in left)
    return True
