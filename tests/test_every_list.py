"""What holds for every list of the portal; a new list is found by its address and asks here for its rows."""

import csv
import html
import io
import itertools
import re
from collections.abc import Callable, Iterator

import pytest
from django.urls import NoReverseMatch, URLPattern, URLResolver, get_resolver, reverse
from django.utils import timezone

from customers.models import Customer, CustomerImport, ImportLine
from health.models import DataSource, UsageRecord
from health.statuses import UsageUnit
from msc.access import scope
from msc.access.actors import TaskActor
from msc.access.models import Msp
from msc.access.roles import Role
from msc.events import log
from msc.pages.filters import Choice, DayFilter, Exactly, MultiChoice, ScopedModelMultiChoice, Within
from msc.pages.list import ListPage
from msc.pages.models import TablePreference
from msc.people.models import ApiCredential
from tenants.models import Tenant
from tests import factories
from tests.cast import signed_in
from tests.queries import counted

numbers = itertools.count(1)
FRAGMENT = {"HX-Request": "true"}
MOST_QUERIES = 6


def _people(msp: Msp, number: int) -> None:
    for _ in range(number):
        factories.make_person(msp, Role.READ_ONLY)


def _changes(msp: Msp, number: int) -> None:
    person = factories.make_person(msp)
    for count in range(number):
        log.record(by=person, action="plan.edited", on=msp, label=f"Plan {count}", changes={"Name": ("a", "b")})


def _sign_ins(msp: Msp, number: int) -> None:
    person = factories.make_person(msp)
    for _ in range(number):
        log.record_sign_in(person, method="password, code")


def _emails(msp: Msp, number: int) -> None:
    for _ in range(number):
        factories.make_email(msp, f"p{next(numbers)}@northwind.example")


def _credentials(msp: Msp, number: int) -> None:
    person = factories.make_person(msp)
    for _ in range(number):
        ApiCredential.issue(msp=msp, name=f"Key {next(numbers)}", scopes=["runs:write"], created_by=person)


def _plans(msp: Msp, number: int) -> None:
    for _ in range(number):
        factories.make_plan(msp)


def _products(msp: Msp, number: int) -> None:
    plan = factories.make_plan(msp)
    for _ in range(number):
        factories.make_tenant(factories.make_customer(msp), plan)


def _customers(msp: Msp, number: int) -> None:
    for _ in range(number):
        factories.make_customer(msp)


def _history(msp: Msp, number: int) -> None:
    customer = Customer.objects.get(account_name=SUBJECT)
    for count in range(number):
        changes = {"Name": (count, count + 1)}
        log.record(by=TaskActor("test", msp.pk), action="plan.edited", customer_id=customer.pk, changes=changes)


def _import_lines(msp: Msp, number: int) -> None:
    pending = CustomerImport.objects.get()
    ImportLine.objects.bulk_create(
        ImportLine(msp=msp, customer_import=pending, number=next(numbers), verdict="new", cells=["a"] * 6)
        for _ in range(number)
    )


def _alerts(msp: Msp, number: int) -> None:
    for _ in range(number):
        factories.make_alert(factories.make_tenant(factories.make_customer(msp), factories.make_plan(msp)))


def _consumption(msp: Msp, number: int) -> None:
    for _ in range(number):
        tenant = factories.make_tenant(factories.make_customer(msp), factories.make_plan(msp))
        factories.make_usage(tenant, {msp.today(): "1.5"})


def _sources(msp: Msp, number: int) -> None:
    customer = Customer.objects.get(account_name=SUBJECT)
    tenant = Tenant.objects.filter(customer=customer).first() or factories.make_tenant(
        customer, factories.make_plan(msp)
    )
    for _ in range(number):
        name = f"server {next(numbers)}"
        states = {"strip": "S" * 28, "strip_on": msp.today(), "last_status": 2, "last_backup_at": timezone.now()}
        DataSource.objects.create(
            msp=msp,
            customer=customer,
            tenant=tenant,
            organization="Main",
            name=name,
            folded_name=name,
            workload="vmware",
            **states,
        )


def _refused(msp: Msp, number: int) -> None:
    person = factories.make_person(msp)
    key, _ = ApiCredential.issue(msp=msp, name=f"Key {next(numbers)}", scopes=["runs:write"], created_by=person)
    tenant = factories.make_tenant(factories.make_customer(msp), factories.make_plan(msp))
    for _ in range(number):
        factories.make_refused(key, tenant)


def _usage(msp: Msp, number: int) -> None:
    tenant = Tenant.objects.get(customer__account_name=SUBJECT)
    now = timezone.now()
    UsageRecord.objects.bulk_create(
        UsageRecord(
            msp=msp,
            tenant=tenant,
            day=msp.today(),
            workload="vmware",
            measure=f"Measure {next(numbers)}",
            amount=1,
            unit=UsageUnit.BYTES,
            cu=1,
            measured_at=now,
            reported_at=now,
        )
        for _ in range(number)
    )


#: What the lists belong to that are part of the page of one thing.
SUBJECT = "Subject"
SUBJECTS = {
    "customers:history": lambda msp, _: factories.make_customer(msp, SUBJECT),
    "health:customer": lambda msp, _: factories.make_customer(msp, SUBJECT),
    "health:usage": lambda msp, _: factories.make_tenant(
        factories.make_customer(msp, SUBJECT), factories.make_plan(msp)
    ),
    "customers:import": lambda msp, person: CustomerImport.objects.create(
        msp=msp, created_by=person, state="checked", file_name=SUBJECT
    ),
}
#: How the rows of each list are made, by the list's name.
ROWS: dict[str, Callable[[Msp, int], None]] = {
    "administrators": _people,
    "audit": _changes,
    "log-ins": _sign_ins,
    "outbox": _emails,
    "credentials": _credentials,
    "service-plans": _plans,
    "products": _products,
    "customers": _customers,
    "customer-history": _history,
    "import-lines": _import_lines,
    "alerts": _alerts,
    "consumption": _consumption,
    "sources": _sources,
    "refused": _refused,
    "usage": _usage,
}


def _lists(resolver: URLResolver, namespace: str = "") -> Iterator[tuple[str, type[ListPage]]]:
    for pattern in resolver.url_patterns:
        if isinstance(pattern, URLResolver):
            yield from _lists(pattern, f"{namespace}{pattern.namespace}:" if pattern.namespace else namespace)
        elif isinstance(pattern, URLPattern):
            found = getattr(pattern.callback, "view_class", None)
            if found is not None and issubclass(found, ListPage):
                yield f"{namespace}{pattern.name}", found


LISTS = dict(_lists(get_resolver()))


@pytest.fixture(params=LISTS, ids=str)
def url_name(request) -> str:
    return request.param


@pytest.fixture
def view(url_name) -> type[ListPage]:
    return LISTS[url_name]


@pytest.fixture
def address(url_name, scoped, ada) -> str:
    try:
        return reverse(url_name)
    except NoReverseMatch:
        subject = SUBJECTS[url_name](scoped, ada)
        path = [subject.customer_id, subject.pk] if isinstance(subject, Tenant) else [subject.pk]
        return reverse(url_name, args=path)


@pytest.fixture
def office(ada):
    return signed_in(ada)


@pytest.fixture
def fill(view, scoped):
    if view.name not in ROWS:
        pytest.fail(f"Say in ROWS how rows of the list {view.name!r} are made.")
    return lambda number: ROWS[view.name](scoped, number)


def rows_of(answer) -> list[str]:
    """Return the text of each row's first cell."""
    cells = re.findall(r'<th scope="row">(.*?)</th>', answer.content.decode(), re.DOTALL)
    return [html.unescape(re.sub(r"<[^>]+>", "", cell)).strip() for cell in cells]


def test_there_are_lists_and_no_two_share_a_name():
    names = [view.name for view in LISTS.values()]
    assert len(names) == len(set(names)) >= 3


def test_it_is_a_page_and_a_fragment(office, address, view, fill):
    fill(3)
    whole, part = office.get(address), office.get(address, headers=FRAGMENT)
    page = whole.content.decode()
    assert f"<h1>{view.title}</h1>" in page or f"<h1>{SUBJECT}</h1>" in page
    assert part.content.decode().lstrip().startswith("<section")
    assert rows_of(whole) == rows_of(part)
    assert len(rows_of(whole)) >= 3


def test_every_column_that_sorts_does_so_both_ways(office, address, view, fill):
    fill(3)
    total = len(rows_of(office.get(address)))
    for name, column in view.table.declared().items():
        for sort in (name, f"-{name}"):
            answer = office.get(address, {"sort": sort})
            assert (answer.status_code, len(rows_of(answer))) == (200, total), sort
            assert ("cannot be sorted that way" in answer.content.decode()) is not column.sortable, sort


def test_the_order_always_ends_with_the_primary_key(view):
    for name, column in view.table.declared().items():
        if column.sortable:
            for sort in (name, f"-{name}"):
                assert view.table.order(sort)[-1].expression.name == "pk"
    assert view.table.default_sort.removeprefix("-") in view.table.declared()


def test_a_row_costs_no_query(office, address, fill):
    def cost(more: int) -> list[str]:
        fill(more)
        office.get(address)
        with counted() as queries:
            assert office.get(address, {"size": 250}).status_code == 200
        return queries

    few, many = cost(3), cost(30)
    assert len(few) == len(many) <= MOST_QUERIES, "\n".join(many)


def _good(found) -> str | None:
    if isinstance(found, ScopedModelMultiChoice):
        return next((str(pk) for pk, _ in found.matching("")), None)
    if isinstance(found, MultiChoice | Choice | Within):
        return next((str(value) for value, _ in found.extra["choices"]), None)
    return "2026-01-31" if isinstance(found, DayFilter) else None


def test_every_filter_takes_its_own_values_and_refuses_junk(office, address, view, fill, ada):
    fill(3)
    for name, found in view.filters(None, view.model.objects.for_user(ada), user=ada).filters.items():
        good = _good(found)
        if good is not None:
            answer = office.get(address, {name: good})
            assert (answer.status_code, 'role="alert"' in answer.content.decode()) == (200, False), name
            assert "Remove filter" in answer.content.decode(), name
        is_text = name == "q" or isinstance(found, Exactly)
        junk = "a" * 201 if is_text else "no such choice"
        answer = office.get(address, {name: junk})
        assert (answer.status_code, rows_of(answer)) == (200, []), name
        assert 'role="alert"' in answer.content.decode(), name
        assert office.get(address, {name: junk, "export": "csv"}).status_code == 422, name


def test_a_search_of_anything_is_answered(office, address, fill):
    fill(1)
    for text in ("a", "%", "_", "\\", "'", '"', "é", "株", "🚀", "a" * 200, "   ", "(", "[", "NaN", "null"):
        assert office.get(address, {"q": text}).status_code == 200, text


def test_its_windows_open_and_its_choices_answer(office, address, view, fill, ada):
    fill(1)
    for panel in ("filters", "columns", "export"):
        assert office.get(address, {"panel": panel}).status_code == 200
        assert office.get(address, {"panel": panel}, headers=FRAGMENT).content.decode().startswith("<form")
    for name, found in view.filters.base_filters.items():
        wanted = 200 if isinstance(found, ScopedModelMultiChoice) else 404
        assert office.get(address, {"choices": name, "term": "a"}).status_code == wanted


def test_every_column_can_be_shown_and_a_hidden_one_is_absent(office, address, view, fill):
    fill(3)
    every = list(view.table.declared())
    office.post(f"{address}?panel=columns", {"order": every, "shown": every})
    shown = re.findall(r'<th scope="col" data-column="(\w+)"', office.get(address).content.decode())
    assert shown == every
    office.post(f"{address}?panel=columns", {"order": every, "shown": []})
    shown = re.findall(r'<th scope="col" data-column="(\w+)"', office.get(address).content.decode())
    assert shown == [name for name, column in view.table.declared().items() if column.always]


def test_junk_that_is_stored_is_ignored(office, address, view, fill, ada):
    fill(1)
    TablePreference.objects.create(
        user=ada, msp=ada.msp, list_name=view.name, shown=["gone", 7, None], widths={"gone": 100, "x": "wide"}
    )
    assert len(rows_of(office.get(address))) >= 1


@pytest.mark.django_db(transaction=True)
def test_the_file_has_the_rows_of_the_screen(address, view, ada, northwind):
    with scope.entered("portal", msp=northwind.pk):
        ROWS[view.name](northwind, 3)
    office = signed_in(ada)
    screen = rows_of(office.get(address))
    body = b"".join(office.get(address, {"export": "all"}).streaming_content).decode("utf-8-sig")
    lines = list(csv.reader(io.StringIO(body)))
    assert lines[0] == [column.heading for column in view.table.declared().values()]
    assert len(lines) - 1 == len(screen)
