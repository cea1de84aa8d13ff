"""Customers from a file: read politely, checked line by line, written all or nothing."""

import csv
import io
import re
from datetime import timedelta

import pytest
from celery.exceptions import SoftTimeLimitExceeded
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import ProgrammingError
from django.utils import timezone

from customers import imports, services, tasks
from customers.import_files import COLUMNS, decoded, read
from customers.models import Assignment, Customer, CustomerImport, CustomerSummary, ImportLine, ImportState
from msc import stack
from msc.access import scope
from msc.errors import DomainError
from msc.events.models import Event, EventDetail
from msc.mail.models import OutboxBody, OutboxMessage
from tests import factories
from tests.cast import signed_in
from tests.stack import DATABASE, superuser_url

HEADER = "Name,Account Name,Address,Phone Number,Tenant Admin\n"
GOOD = (
    'Harbour Logistics,,"1 Pier\nKiel",+49 431 123456,tom@northwind.example\nO\'Brien & Sons,,2 Quay,+353 1 234 5678,\n'
)


def rows(text):
    return [dict(line.cells) for line in read(text).lines]


def uploaded(by, text, *, work=True):
    pending = imports.upload(by=by, file_name="customers.csv", raw=text.encode())
    if work:
        tasks.work_on_imports()
        pending.refresh_from_db()
    return pending


def verdicts(pending):
    return list(ImportLine.objects.filter(customer_import=pending).order_by("number").values_list("verdict", "reason"))


# -- Reading ------------------------------------------------------------------------------------------------------


def test_commas_semicolons_bom_and_line_ends_are_all_the_same():
    expected = [{"name": "A, B; C", "address": "1\nKiel", "phone": "+49"}]
    for text in (
        'Name,Address,Phone Number\n"A, B; C","1\nKiel",+49\n',
        'Name;Address;Phone Number\r\n"A, B; C";"1\nKiel";+49\r\n',
        'sep=;\r\nName;Address;Phone Number\r\n"A, B; C";"1\nKiel";+49\r\n',
        '\n\nPHONE number\tCustomer Name\tAddress\n+49\t"A, B; C"\t"1\nKiel"',
    ):
        assert rows(decoded(b"\xef\xbb\xbf" + text.encode())) == expected


def test_lines_are_numbered_as_an_editor_does():
    table = read('Name,Address,Phone Number\n"a\nb",1,2\n\n"c\n\nd",3,4\ne,5,6\n')
    assert [line.number for line in table.lines] == [2, 5, 8]


def test_one_apostrophe_before_a_formula_is_taken_away_and_no_more():
    text = "Name,Address,Phone Number\n'=SUM(1),''+1,'+49 431 123456\n'Quoted',''s,'\n"
    assert [list(row.values()) for row in rows(text)] == [
        ["=SUM(1)", "'+1", "+49 431 123456"],
        ["'Quoted'", "''s", "'"],
    ]


def test_columns_of_the_export_that_cannot_be_imported_are_left_aside():
    table = read("Name,Product,Status,Address,Phone Number\na,b,c,d,e\n")
    assert table.ignored == ["Product", "Status"]


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (b"", "empty"),
        (b"\xef\xbb\xbf \n", "empty"),
        ("Name".encode("utf-16"), "not UTF-8"),
        ("Name,Address\n".encode("utf-16-le"), "not UTF-8"),
        (b"Name\x00,Address\n", "not UTF-8"),
        ("Näme".encode("latin-1"), "not UTF-8"),
        (b"x" * (5 * 1024 * 1024 + 1), "larger than 5 MB"),
        (b"Name,Phone Number\na,b\n", "Missing: Address"),
        (b"a,b,c\n1,2,3\n", "Missing: Name, Address, Phone Number"),
        (b"Name,Address,Phone Number\n", "no customers below"),
        (b"Name,Address,Phone Number\n,,\n", "no customers below"),
        (b"Name,Customer Name,Address,Phone Number\n", "twice"),
        (b'Name,Address,Phone Number\na,b,c\n"open,d,e\n', "from line 3 on"),
        (b'Name,Address,Phone Number\n"a"b,c,d\n', "from line 2 on"),
        (b"Name,Address,Phone Number\n" + b"x" * 200_000 + b",b,c\n", "too long"),
        (b"Name,Address,Phone Number\n" + b"a,b,c\n" * 50_001, "more than 50,000"),
        (b"a," * 300 + b"\n", "more than 200 columns"),
    ],
)
def test_what_cannot_be_read_is_refused_in_words(raw, words):
    with pytest.raises(DomainError, match=words) as refused:
        read(decoded(raw))
    assert refused.value.field == "file"


# -- Checking -----------------------------------------------------------------------------------------------------


def test_every_line_gets_its_verdict_before_anything_is_written(scoped, ada, tom, harbour):
    factories.make_customer(scoped, "Other", account_name="Blue Falcon")
    text = (
        HEADER
        + 'harbour logistics,,"1 Harbour Street, Kiel",+49 431 123456,Tom Tenant\n'  # as it is
        + 'Harbour Logistics,,"1 Harbour Street, Kiel",+49 431 123456,Tom Tenant\n'  # again
        + "New One,,1 Pier,+49 431 123456,\n"
        + "NEW one,,2 Pier,+49 431 123456,\n"  # twice in the file
        + "Blue Falcon,,1 Pier,+49 431 123456,\n"  # the account name of another
        + "Hidden,Red Fox,1 Pier,+49 431 123456,\n"
        + "Bare,,,+49 431 123456,\n"
        + "Phoneless,,1 Pier,0431,\n"
        + "Adminless,,1 Pier,+49 431 123456,Nobody\n"
        + "Wide,,1 Pier,+49 431 123456,,more\n"
        + "Short,,1 Pier\n"
    )
    before = Customer.objects.count()
    pending = uploaded(ada, text)
    assert (pending.state, pending.new_lines, pending.unchanged_lines, pending.error_lines) == ("checked", 2, 1, 8)
    assert Customer.objects.count() == before
    reasons = [reason for verdict, reason in verdicts(pending) if verdict == "error"]
    for reason, words in zip(
        reasons,
        (
            "Line 2 has the same name",
            "Line 4 has the same name",
            "Another customer has this account name",
            "Enter an address",
            "country code",
            "Nobody is not an active tenant administrator",
            "more cells than the header",
            "Enter a phone number",
        ),
        strict=True,
    ):
        assert words in reason


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ('"2 Pier",+49 431 123456,tom@northwind.example', "another address"),
        ('"1 Harbour Street, Kiel",+49 431 999999,tom@northwind.example', "another phone number"),
        ('"1 Harbour Street, Kiel",+49 431 123456,', "another tenant admin"),
    ],
)
def test_a_customer_that_exists_otherwise_is_an_error(scoped, ada, harbour, line, words):
    pending = uploaded(ada, f"Name,Address,Phone Number,Tenant Admin\nHarbour Logistics,{line}\n")
    assert words in verdicts(pending)[0][1]


@pytest.mark.parametrize(
    ("hide", "account", "outcome"),
    [
        ("", "", ("new", False, "Secret")),
        ("No", "Secret", ("new", False, "Secret")),
        ("yes", "Blue Falcon", ("new", True, "Blue Falcon")),
        ("yes", "", ("error", None, "Enter the account name")),
        ("yes", "SECRET", ("error", None, "would not hide it")),
        ("no", "Blue Falcon", ("error", None, "Hide the name, or leave this empty")),
        ("perhaps", "Blue Falcon", ("error", None, "write Yes or No")),
    ],
)
def test_hiding_follows_its_column(scoped, ada, hide, account, outcome):
    verdict, hidden, words = outcome
    text = f"Name,Hide Name,Account Name,Address,Phone Number\nSecret,{hide},{account},1 Pier,+49 431 123456\n"
    pending = uploaded(ada, text)
    assert verdicts(pending)[0][0] == verdict
    if verdict == "error":
        assert words in verdicts(pending)[0][1]
        return
    imports.confirm(by=ada, pending=pending)
    tasks.work_on_imports()
    customer = Customer.objects.get()
    assert (customer.name_hidden, customer.account_name) == (hidden, words)


def test_a_line_says_all_that_is_wrong_with_it(scoped, ada):
    pending = uploaded(ada, HEADER + "\u200b,,,0431,Nobody\n")
    reason = verdicts(pending)[0][1]
    for words in ("Enter a customer name.", "Enter an address.", "country code", "Nobody is not an active"):
        assert words in reason


# -- Writing ------------------------------------------------------------------------------------------------------


def test_a_confirmed_import_creates_everything_with_events_and_one_mail_each(scoped, ada, tom):
    pending = uploaded(ada, HEADER + GOOD)
    imports.confirm(by=ada, pending=pending)
    tasks.work_on_imports()
    pending.refresh_from_db()
    assert (pending.state, pending.new_lines, pending.content) == ("done", 2, "")
    assert not ImportLine.objects.exists()
    names = list(Customer.objects.order_by("pk").values_list("identity__name", "identity__address", "created_by"))
    assert names == [("Harbour Logistics", "1 Pier\nKiel", ada.pk), ("O'Brien & Sons", "2 Quay", ada.pk)]
    assert Assignment.objects.get().user == tom
    assert CustomerSummary.objects.get(customer__account_name="Harbour Logistics").admins == [tom.pk]
    created = Event.objects.filter(action="customer.created").order_by("pk")
    assert [event.customer_id for event in created] == list(
        Customer.objects.order_by("pk").values_list("pk", flat=True)
    )
    assert EventDetail.objects.get(pk=created[0].pk).changes["Customer Name"] == [None, "Harbour Logistics"]
    assert Event.objects.get(action="import.finished").detail == {"Created": 2, "Unchanged": 0}
    with scope.entered("worker"):
        mails = set(OutboxMessage.objects.values_list("to", "kind"))
    assert mails == {(ada.email, "import.finished"), (tom.email, "customer.assigned")}


def test_the_names_of_a_file_are_in_nothing_that_support_may_read(scoped, ada):
    pending = uploaded(
        ada, "Name,Account Name,Address,Phone Number\nSecret Hospital,Blue Falcon,1 Pier,+49 431 123456\n"
    )
    imports.confirm(by=ada, pending=pending)
    tasks.work_on_imports()
    with scope.entered("support"):
        assert "Secret" not in repr(
            [*Customer.objects.values(), *Event.objects.values(), *OutboxMessage.objects.values()]
        )


def test_what_changed_since_the_check_stops_all_of_it(scoped, ada, tom):
    pending = uploaded(ada, HEADER + GOOD)
    imports.confirm(by=ada, pending=pending)
    services.create_customer(by=ada, name="o'brien & sons", address="9 Elsewhere", phone="+49 431 123456")
    tasks.work_on_imports()
    pending.refresh_from_db()
    assert (pending.state, pending.new_lines, pending.error_lines) == ("checked", 1, 1)
    assert "Nothing was written" in pending.message
    assert Customer.objects.count() == 1


def test_twice_confirmed_or_with_errors_it_does_not_start(scoped, ada, tom):
    wrong = uploaded(ada, HEADER + "x,,,,\n")
    with pytest.raises(DomainError, match="cannot be started now"):
        imports.confirm(by=ada, pending=wrong)
    right = uploaded(ada, HEADER + GOOD)
    imports.confirm(by=ada, pending=right)
    with pytest.raises(DomainError, match="cannot be started now"):
        imports.confirm(by=ada, pending=right)
    with pytest.raises(DomainError, match="being worked on"):
        imports.discard(by=ada, pending=right)


def test_imported_again_everything_is_unchanged(scoped, ada, tom):
    pending = uploaded(ada, HEADER + GOOD)
    imports.confirm(by=ada, pending=pending)
    tasks.work_on_imports()
    again = uploaded(ada, HEADER + GOOD)
    assert (again.new_lines, again.unchanged_lines, again.error_lines) == (0, 2, 0)


def test_an_import_reports_what_it_wrote(scoped, ada, tom):
    first, second = uploaded(ada, HEADER + GOOD), uploaded(ada, HEADER + GOOD)
    for pending in (first, second):
        imports.confirm(by=ada, pending=pending)
    tasks.work_on_imports()
    for pending, created, unchanged in ((first, 2, 0), (second, 0, 2)):
        pending.refresh_from_db()
        assert (pending.new_lines, pending.unchanged_lines) == (created, unchanged)
        event = Event.objects.get(action="import.finished", object_id=pending.pk)
        assert event.detail == {"Created": created, "Unchanged": unchanged}
    with scope.entered("worker"):
        bodies = OutboxBody.objects.filter(message__kind="import.finished").order_by("pk")
        subjects = list(bodies.values_list("subject", flat=True))
    assert subjects == ["2 customers imported", "0 customers imported"]
    assert "No customer was created" in signed_in(ada).get(f"/customers/import/{second.pk}/").content.decode()


def test_an_import_is_one_line_of_the_audit_trail_that_unfolds(scoped, ada, tom):
    pending = uploaded(ada, HEADER + GOOD)
    imports.confirm(by=ada, pending=pending)
    tasks.work_on_imports()
    client = signed_in(ada)
    audit = client.get("/events/audit/").content.decode()
    assert "Imported 2 customers from customers.csv" in audit
    assert "Created the customer" not in audit
    event = Event.objects.get(action="import.finished")
    page = client.get(f"/events/{event.pk}/").content.decode()
    assert "created the customer Harbour Logistics" in page
    assert f'href="/customers/import/{pending.pk}/"' in page
    for query in ({"request": event.request_id}, {"q": "harbour"}, {"action": "customer.created"}):
        assert "Created the customer Harbour Logistics" in client.get("/events/audit/", query).content.decode()
    customer = Customer.objects.order_by("pk").first()
    history = client.get(f"/customers/{customer.pk}/history/").content.decode()
    assert "Created the customer Harbour Logistics" in history


def test_whoever_lost_the_right_imports_nothing(scoped, ada, northwind):
    factories.make_person(northwind)
    pending = uploaded(ada, HEADER + GOOD, work=False)
    type(ada).objects.filter(pk=ada.pk).update(is_active=False)
    tasks.work_on_imports()
    pending.refresh_from_db()
    assert pending.state == ImportState.FAILED


def test_an_import_that_breaks_the_task_is_given_up_and_the_next_goes_on(scoped, ada):
    broken = uploaded(ada, HEADER + GOOD, work=False)
    CustomerImport.objects.filter(pk=broken.pk).update(content="no longer a table")
    sound = uploaded(ada, HEADER + GOOD)
    broken.refresh_from_db()
    assert (broken.state, sound.state) == ("failed", "checked")
    assert "Nothing was written" in broken.message


def test_a_claim_that_fails_ends_the_task(transactional_db):
    with stack.connect(superuser_url(DATABASE)) as superuser:
        superuser.execute("REVOKE SELECT ON customers_customerimport FROM msc_worker")
        try:
            with pytest.raises(ProgrammingError, match="permission denied"):
                tasks.work_on_one_import()
        finally:
            superuser.execute("GRANT SELECT ON customers_customerimport TO msc_worker")


def test_a_task_that_runs_out_of_time_gives_its_import_up_and_takes_no_other(scoped, ada, monkeypatch):
    pending = uploaded(ada, HEADER + GOOD, work=False)
    monkeypatch.setattr(imports, "work_on", _out_of_time)
    assert not tasks.work_on_one_import()
    pending.refresh_from_db()
    assert pending.state == ImportState.FAILED


def _out_of_time(_claimed):
    raise SoftTimeLimitExceeded


def test_what_nobody_looked_after_for_a_week_is_forgotten(scoped, ada):
    old, fresh = uploaded(ada, HEADER + GOOD), uploaded(ada, HEADER + GOOD)
    CustomerImport.objects.filter(pk=old.pk).update(created_at=timezone.now() - timedelta(days=8))
    tasks.forget_imports()
    assert list(CustomerImport.objects.values_list("pk", flat=True)) == [fresh.pk]


def test_an_import_of_another_msp_is_worked_on_in_its_own_scope(scoped, ada, eve):
    with scope.entered("portal", msp=eve.msp_id):
        theirs = uploaded(
            eve, HEADER.replace(",Tenant Admin", "") + "Harbour Logistics,,1 Pier,+49 431 123456\n", work=False
        )
    mine = uploaded(ada, HEADER.replace(",Tenant Admin", "") + "Harbour Logistics,,1 Pier,+49 431 123456\n")
    assert mine.new_lines == 1
    with scope.entered("portal", msp=eve.msp_id):
        theirs.refresh_from_db()
        assert (theirs.state, theirs.new_lines) == ("checked", 1)


def test_fifty_real_names_survive_file_import_export_and_import_again(transactional_db, northwind, ada):
    names = [
        "Müller & Söhne <GmbH>", "株式会社日立製作所", "=1+1", "+Plus", "-Minus", "@At", "'Quoted'", "''Twice", "O'Brien", "🚀 Rocket",
        "Łódź S.A.", "Ñandú, Inc.", "a;b", 'He said "no"', "العربية", "x" * 200, "Ǆ Café", "50% off_", "back\\slash",
    ]  # fmt: skip
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(["Name", "Address", "Phone Number"])
    for name in names:
        writer.writerow(["'" + name if name[0] in "=+-@" else name, "1 Pier\nKiel", "+49 431 123456"])
    with scope.entered("portal", msp=northwind.pk):
        pending = imports.upload(by=ada, file_name="x.csv", raw=text.getvalue().encode())
    tasks.work_on_imports()
    with scope.entered("portal", msp=northwind.pk):
        pending.refresh_from_db()
        assert (pending.new_lines, pending.error_lines) == (len(names), 0)
        imports.confirm(by=ada, pending=pending)
    tasks.work_on_imports()
    with scope.entered("portal", msp=northwind.pk):
        assert set(Customer.objects.values_list("identity__name", flat=True)) == set(names)
    export = signed_in(ada).get("/customers/?export=csv&column=name&column=address&column=phone&column=account_name")
    raw = b"".join(export.streaming_content)
    with scope.entered("portal", msp=northwind.pk):
        again = imports.upload(by=ada, file_name="again.csv", raw=raw)
    tasks.work_on_imports()
    with scope.entered("portal", msp=northwind.pk):
        again.refresh_from_db()
        assert (again.new_lines, again.unchanged_lines, again.error_lines) == (0, len(names), 0)


# -- Pages --------------------------------------------------------------------------------------------------------


def test_the_pages_lead_from_file_to_customers(scoped, ada, tom):
    client = signed_in(ada)
    page = client.get("/customers/import/").content.decode()
    key = re.search(r'name="submit_key" value="([^"]+)"', page)[1]
    sent = {"submit_key": key, "file": SimpleUploadedFile("Kunden März.csv", (HEADER + GOOD).encode())}
    address = client.post("/customers/import/", sent).url
    assert "Being checked" in client.get(address).content.decode()
    tasks.work_on_imports()
    checked = client.get(address).content.decode()
    assert "Import 2 customers" in checked
    assert "O&#x27;Brien &amp; Sons" in checked
    assert client.post(address + "start/").url == address
    assert "Being imported" in client.get(address).content.decode()
    tasks.work_on_imports()
    assert "2 customers have been created" in client.get(address).content.decode()
    assert "Kunden März.csv" in client.get("/customers/import/").content.decode()


def test_a_file_that_cannot_be_read_is_refused_beside_its_field(scoped, ada):
    client = signed_in(ada)
    key = re.search(r'name="submit_key" value="([^"]+)"', client.get("/customers/import/").content.decode())[1]
    for content in ("Name\n", "", "\0"):
        response = client.post(
            "/customers/import/", {"submit_key": key, "file": SimpleUploadedFile("x.csv", content.encode())}
        )
        assert response.status_code == 422
        assert 'id="id_file_error"' in response.content.decode()
    assert client.post("/customers/import/", {"submit_key": key}).status_code == 422
    assert not CustomerImport.objects.exists()


def test_error_lines_come_as_a_file_that_can_be_imported_again(transactional_db, northwind, ada, tom):
    with scope.entered("portal", msp=northwind.pk):
        pending = imports.upload(by=ada, file_name="x.csv", raw=(HEADER + GOOD + "Bad,,1 Pier,0431,\n").encode())
    tasks.work_on_imports()
    client = signed_in(ada)
    page = client.get(f"/customers/import/{pending.pk}/").content.decode()
    address = re.search(r'href="(\?verdict=error[^"]+)"', page)[1].replace("&amp;", "&")
    raw = b"".join(client.get(f"/customers/import/{pending.pk}/{address}").streaming_content)
    lines = list(csv.reader(io.StringIO(raw.decode("utf-8-sig"))))
    assert lines[0] == ["Line", "Reason", *COLUMNS.values()]
    assert lines[1][:3] == ["5", lines[1][1], "Bad"]
    assert rows(raw.decode("utf-8-sig"))[0]["name"] == "Bad"


def test_the_template_can_be_read(scoped, ada):
    raw = signed_in(ada).get("/customers/import/template/").content
    assert read(decoded(raw) + "a,,,b,c,\n").lines[0].cells["name"] == "a"


def test_imports_are_the_msp_administrators_own(scoped, ada, tom, rita, eve):
    pending = uploaded(ada, HEADER + GOOD)
    for rest in ("", "start/", "discard/"):
        address = f"/customers/import/{pending.pk}/{rest}"
        assert signed_in(tom).get(address).status_code == 403
        assert signed_in(rita).post(address).status_code == 403
        assert signed_in(eve).get(address).status_code == 404
        assert signed_in(eve).post(address).status_code in (400, 404)
    assert CustomerImport.objects.get().state == "checked"


def test_a_discarded_import_leaves_nothing_of_its_file(scoped, ada):
    pending = uploaded(ada, HEADER + GOOD)
    assert signed_in(ada).post(f"/customers/import/{pending.pk}/discard/").url == "/customers/import/"
    assert not CustomerImport.objects.exists()
    assert not ImportLine.objects.exists()
