"""What is refused before any page or program reads it, and what every answer carries."""

import pytest
from django.test import Client

from tests.sign_in import client_of

SIGN_IN = "/account/sign-in/"
FORM = "application/x-www-form-urlencoded"

pytestmark = pytest.mark.django_db


@pytest.fixture
def stranger():
    client = Client(raise_request_exception=False)
    client.get(SIGN_IN)
    return client


@pytest.mark.parametrize("charset", ["latin-1", "windows-1252", "utf-16", "idna", "hex", "zlib", "rot13", "nonsense"])
@pytest.mark.parametrize("path", [SIGN_IN, "/api/v1/runs"])
def test_another_charset_than_utf8_is_refused(stranger, charset, path):
    for method in ("GET", "POST"):
        answer = stranger.generic(method, f"{path}?a=x", b"a=1", content_type=f"{FORM}; charset={charset}")
        assert answer.status_code == 400


@pytest.mark.parametrize("charset", ["utf8", "UTF-8", '"utf-8"', "us-ascii"])
def test_the_other_names_of_utf8_are_read(stranger, charset):
    assert stranger.generic("POST", SIGN_IN, b"login=x", content_type=f"{FORM}; charset={charset}").status_code == 422


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b"login=%ff%fe", FORM),
        (b"login=\xff", FORM),
        (
            b'--x\r\nContent-Disposition: form-data; name="login"\r\n\r\n\xff\r\n--x--',
            "multipart/form-data; boundary=x",
        ),
    ],
)
def test_a_form_that_is_not_utf8_is_refused(stranger, body, content_type):
    assert stranger.generic("POST", SIGN_IN, body, content_type=content_type).status_code == 400


def test_a_query_of_raw_bytes_that_are_not_utf8_is_refused(stranger):
    assert stranger.get("/account/sign-in/", QUERY_STRING="next=\xff").status_code == 400


@pytest.mark.parametrize(("path", "status"), [(SIGN_IN, 413), ("/customers/import/", 302)])
def test_a_large_body_is_refused_where_no_file_is_expected(stranger, path, status):
    file = b'--x\r\nContent-Disposition: form-data; name="f"; filename="f"\r\n\r\n' + b"x" * 2**21 + b"\r\n--x--"
    answer = stranger.generic("POST", path, file, content_type="multipart/form-data; boundary=x")
    assert answer.status_code == status


@pytest.mark.parametrize("prefix", ["/support", "/evil", "/static", "/metrics", "/x"])
def test_no_header_moves_an_address(ada, prefix):
    client = client_of(ada)
    moved = client.get("/settings/administrators/", SCRIPT_NAME=prefix, HTTP_SCRIPT_NAME=prefix)
    assert moved.status_code == 200
    assert moved.wsgi_request.path == "/settings/administrators/"


@pytest.mark.parametrize("path", [SIGN_IN, f"{SIGN_IN}?a=%00", "/nowhere", "/livez", "/static/nowhere", "/api/v1/runs"])
def test_every_answer_forbids_frames_and_devices(stranger, path):
    answer = stranger.get(path)
    assert answer["X-Frame-Options"] == "DENY"
    assert "camera=()" in answer["Permissions-Policy"]


def test_a_long_address_is_answered_by_the_portal(stranger):
    answer = stranger.get(f"{SIGN_IN}?q={'x' * 9_000}")
    assert (answer.status_code, b"Managed Services Center" in answer.content) == (400, True)


@pytest.mark.parametrize(("method", "path", "status"), [("GET", "/static/nowhere", 404), ("PATCH", "/metrics", 400)])
def test_an_address_without_a_session_refuses_people_who_have_one(ada, method, path, status):
    client = client_of(ada)
    client.raise_request_exception = False
    assert client.generic(method, path, b"a=%FF", content_type=FORM).status_code == status
