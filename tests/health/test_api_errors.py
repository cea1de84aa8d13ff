"""Whatever goes wrong at the API, its answer is a problem document (RFC 9457) and no copy of it is kept."""

import base64

import pytest
from django.db import OperationalError
from django.test import Client

from health.models import Run
from tests.health.conftest import run

pytestmark = pytest.mark.django_db


def problem(answer, status):
    assert answer.status_code == status, answer.content
    assert answer["Content-Type"] == "application/problem+json"
    assert answer["Cache-Control"] == "no-store"
    body = answer.json()
    assert (body["type"], body["status"]) == ("about:blank", status)
    assert body["title"]
    assert body["detail"]
    return body


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("get", "nowhere", 404),
        ("get", "customers/1", 404),
        ("get", "runs?q=%00", 400),
        ("get", "runs?q=%ff", 400),
        ("get", "runs?colour=red", 400),
        ("get", f"runs?q={'x' * 9_000}", 414),
        ("post", "runs", 400),
        ("delete", "runs", 405),
        ("put", "usage", 405),
        ("options", "runs", 405),
        ("trace", "customers", 405),
        ("get", "runs/restic", 405),
        ("delete", "openapi.json", 405),
    ],
)
def test_a_wrong_request_is_answered_with_a_problem(program, method, path, status):
    problem(getattr(program.client, method)(f"/api/v1/{path}"), status)


def test_a_body_beyond_the_limit_is_a_problem(program):
    problem(program.client.post("/api/v1/runs", b" " * (12 * 2**20 + 1), content_type="application/json"), 413)


def test_a_wrong_method_names_the_right_ones(program):
    assert program.client.delete("/api/v1/runs")["Allow"] == "GET, HEAD, POST"
    assert program.client.get("/api/v1/runs/borg")["Allow"] == "POST"


def test_a_call_without_a_credential_is_a_problem(client):
    assert problem(client.get("/api/v1/runs"), 401)["title"] == "Unauthorized"
    problem(client.get("/api/v1/nowhere"), 404)


@pytest.mark.parametrize("accept", ["text/html", "application/xml", "nonsense", "image/*"])
def test_the_answer_is_json_whatever_the_client_accepts(program, accept):
    assert program.client.get("/api/v1/runs", headers={"accept": accept})["Content-Type"] == "application/json"
    problem(program.client.get("/api/v1/nowhere", headers={"accept": accept}), 404)


@pytest.mark.parametrize(("error", "status"), [(ZeroDivisionError, 500), (OperationalError, 503)])
def test_a_fault_of_the_portal_is_a_problem(program, monkeypatch, error, status):
    def fail(*_):
        raise error

    program.client.raise_request_exception = False
    monkeypatch.setattr(Run.objects, "for_user", fail)
    problem(program.get("runs"), status)


def cursor(text):
    return base64.b64encode(text.encode("utf-8", "surrogateescape")).decode()


@pytest.mark.parametrize("path", ["customers", "tenants", "plans", "runs", "usage", "alerts"])
@pytest.mark.parametrize(
    "place",
    [
        "p=abc",
        "p=1e400",
        "r=1&p=",
        "p=1' OR 1=1--",
        "p=NaN",
        "p=%00",
        "",
        "p=",
        "p=-1",
        "p=01",
        "p=1.5",
        "p=+1",
        "r=2&p=1",
        "p=1&r=1",
        "p=" + "9" * 19,
        "p=" + "9" * 400,
        "p=1&p=2",
        "p=1&x=2",
        "o=1001",
        "o=-1",
        "o=01",
        "r=0&p=1",
        "p=\u0663",
        "r=1&&p=1",
    ],
)
def test_a_cursor_made_by_hand_is_refused(program, path, place):
    found = problem(program.get(path, cursor=cursor(place)), 400)
    assert [one["field"] for one in found["errors"]] == ["cursor"]


@pytest.mark.parametrize("text", ["x", "cA", "cD0x=", "cD0x====", " cD0x", "cD0x\n", "é", "-"])
def test_a_cursor_that_is_no_base64_of_ours_is_refused(program, text):
    assert problem(program.get("runs", cursor=text), 400)["errors"][0]["field"] == "cursor"


def test_the_cursors_of_answers_lead_both_ways(program, hybrid):
    program.post("runs", [run(hybrid, f"j{n}") for n in range(5)])
    pages, link = [], "/api/v1/runs?page_size=2"
    while link:
        pages.append(program.client.get(link).json())
        link = pages[-1]["next"]
    assert [len(page["results"]) for page in pages] == [2, 2, 1]
    back = program.client.get(pages[2]["previous"]).json()
    assert back["results"] == pages[1]["results"]
    assert program.client.get(back["previous"]).json()["results"] == pages[0]["results"]


@pytest.mark.parametrize(
    "size",
    [
        "0",
        "501",
        "0005009999",
        "000005",
        "00000100000000000000000000",
        "1e2",
        "+5",
        "-5",
        " 5",
        "\u0665",
        "",
        "5.0",
        "9" * 5_000,
    ],
)
def test_a_page_size_beyond_the_limit_is_refused_however_written(program, size):
    assert problem(program.get("runs", page_size=size), 400)["errors"][0]["field"] == "page_size"


def test_a_page_of_people_below_the_api_is_html():
    assert Client().get("/api/v1/docs/?a=%00")["Content-Type"].startswith("text/html")
