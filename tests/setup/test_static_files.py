"""A server finds the static files that a newer release has collected since it started, and nothing beside them."""

import pytest
from django.http import HttpResponse
from django.test import RequestFactory

from msc.static_files import StaticFiles


@pytest.fixture
def collected(tmp_path, settings):
    settings.STATIC_ROOT = tmp_path / "static"
    (settings.STATIC_ROOT / "css").mkdir(parents=True)
    (tmp_path / "secret.css").write_text("secret")
    return settings.STATIC_ROOT


@pytest.fixture
def get(collected):
    """Ask a server that has started already."""
    server = StaticFiles(lambda _request: HttpResponse(status=404))

    def ask(path):
        request = RequestFactory().get("/")
        request.path_info = path
        return server(request)

    return ask


def test_a_newer_releases_file_is_served(get, collected):
    assert get("/static/css/portal.2.css").status_code == 404
    (collected / "css" / "portal.2.css").write_text("newer")
    for _ in range(2):
        response = get("/static/css/portal.2.css")
        assert (response.status_code, b"".join(response.streaming_content)) == (200, b"newer")
        assert response.headers["Content-Type"].startswith("text/css")


@pytest.mark.parametrize(
    "path",
    ["", "css", "css/", "../secret.css", "css/../../secret.css", "/secret.css", "css//a", "a\0b", "x" * 5000, "\udcff"],
)
def test_nothing_else_is_served(path, get):
    assert get(f"/static/{path}").status_code == 404
