"""What programs read: the MSP's rows by pages and filters, and nothing from hostile parameters."""

import pytest
import time_machine

from health.records import _POLICY_FIELDS, _RUN_FIELDS, _USAGE_FIELDS
from tests.health.conftest import at, run, usage

pytestmark = pytest.mark.django_db
PATHS = ("customers", "tenants", "plans", "runs", "usage", "alerts")
HOSTILE = (
    "a\x00b",
    "'",
    '"',
    "\\",
    "%",
    "%00",
    "é" * 100,
    "🚀",
    "-1",
    "0",
    "9" * 400,
    "1e9",
    "NaN",
    "null",
    "None",
    "[]",
    "{}",
    "2026-02-30",
    "0000-00-00",
    "9999-12-31",
    "../..",
    "a" * 2_000,
    "\u0661",
    "\u202e",
    "true",
    " ",
    "1;DROP TABLE health_run",
)


@pytest.fixture(autouse=True)
def _now():
    with time_machine.travel(at("2026-11-24T08:00:00Z"), tick=False):
        yield


@pytest.fixture
def sent(program, hybrid, saas):
    program.post("runs", [run(hybrid, f"j{n}", status="failed" if n % 2 else "successful") for n in range(5)])
    program.post("runs", [run(saas, "m", workload="m365", kind="restore")])
    program.post("usage", [usage(hybrid)])


def jobs(answer) -> list[str]:
    return [row["job_id"] for row in answer.json()["results"]]


def test_runs_are_read_newest_first_by_pages(program, sent):
    first = program.get("runs", page_size=4)
    assert jobs(first) == ["m", "j4", "j3", "j2"]
    rest = program.client.get(first.json()["next"])
    assert jobs(rest) == ["j1", "j0"]
    assert rest.json()["next"] is None


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"status": "failed"}, ["j3", "j1"]),
        ({"status": ["failed", "successful"], "product": "hybrid"}, ["j4", "j3", "j2", "j1", "j0"]),
        ({"kind": "restore"}, ["m"]),
        ({"workload": "m365"}, ["m"]),
        ({"since": "2026-11-21"}, []),
        ({"until": "2026-11-19"}, []),
        ({"since": "2026-11-20", "until": "2026-11-20", "kind": "restore"}, ["m"]),
    ],
)
def test_runs_are_filtered_as_on_the_pages(program, sent, query, found):
    assert jobs(program.get("runs", **query)) == found


def test_a_record_reads_as_it_was_sent(program, sent, hybrid):
    row = program.get("runs", kind="backup", status="failed").json()["results"][0]
    assert {
        name: row[name] for name in ("tenant", "organization", "data_source", "workload", "kind", "status", "bytes")
    } == {
        "tenant": hybrid.pk,
        "organization": "Kiel",
        "data_source": "srv-1",
        "workload": "file_server",
        "kind": "backup",
        "status": "failed",
        "bytes": 1000,
    }
    assert program.get("usage").json()["results"][0]["cu_consumed"] == "1.500000"


def test_every_list_is_readable(program, sent, harbour, hybrid, saas, plan):
    counts = {path: len(program.get(path).json()["results"]) for path in PATHS}
    assert counts == {"customers": 1, "tenants": 2, "plans": 1, "runs": 6, "usage": 1, "alerts": 0}
    assert program.get("customers").json()["results"][0]["name"] == "Harbour Logistics"


@pytest.mark.parametrize("path", PATHS)
def test_no_parameter_breaks_a_list(program, sent, path):
    names = [
        "cursor",
        "page_size",
        "q",
        "customer",
        "tenant",
        "product",
        "status",
        "kind",
        "since",
        "state",
        "severity",
        "type",
        "x",
        "format",
        "limit",
    ]
    for name in names:
        for value in HOSTILE:
            assert program.get(path, **{name: value}).status_code in (200, 400), (name, value)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("page_size", "0"),
        ("page_size", "501"),
        ("cursor", "x"),
        ("status", "done"),
        ("colour", "red"),
        ("since", "soon"),
        ("tenant", "999999"),
    ],
)
def test_a_wrong_parameter_is_named(program, sent, name, value):
    answer = program.get("runs", **{name: value})
    assert answer.status_code == 400
    assert [one["field"] for one in answer.json()["errors"]] == [name]


@pytest.mark.parametrize("path", ["runs", "usage", "runs/restic", "customers"])
@pytest.mark.parametrize("method", ["put", "patch", "delete"])
def test_other_methods_are_refused(program, path, method):
    assert getattr(program.client, method)(f"/api/v1/{path}").status_code in (403, 405)


def test_the_document_names_every_field_that_intake_knows(client):
    schemas = client.get("/api/v1/openapi.json").json()["components"]["schemas"]
    assert set(schemas["RunIn"]["properties"]) == _RUN_FIELDS
    assert set(schemas["UsageIn"]["properties"]) == _USAGE_FIELDS
    assert set(schemas["PolicyIn"]["properties"]) == _POLICY_FIELDS
