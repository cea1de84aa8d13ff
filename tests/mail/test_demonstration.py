"""The page on which a demonstration shows its e-mails, and that no other portal has it."""

import pytest
from django.urls import NoReverseMatch, include, path, reverse

from msc.mail import sending

urlpatterns = [path("demo/mail/", include("msc.mail.urls"))]
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def demonstration(settings, tmp_path):
    settings.MSC_DEMO = True
    settings.EMAIL_URL = f"file://{tmp_path}/mail folder"
    settings.ROOT_URLCONF = __name__


@pytest.fixture
def delivered(queue, demonstration):
    queue("one", name="<script>alert(1)</script> & Söhne")
    sending.deliver(seconds=5)


def test_mails_are_listed_newest_first(queue, demonstration, client):
    assert "No e-mail yet" in client.get("/demo/mail/").text
    for key in ("first", "second"):
        queue(key, to=f"{key}@northwind.example")
        sending.deliver(seconds=5)
    page = client.get("/demo/mail/").text
    assert page.index("second@northwind.example") < page.index("first@northwind.example")
    assert page.count("Customer Harbour created") == 2


def test_a_mail_is_shown_as_text_and_in_a_sandbox(delivered, client, tmp_path):
    (name,) = [path.name for path in (tmp_path / "mail folder").iterdir()]
    page = client.get(f"/demo/mail/{name}/")
    assert "&lt;script&gt;alert(1)&lt;/script&gt; &amp; Söhne" in page.text
    assert "sandbox" in page.text
    assert "<script>alert" not in page.text
    html = client.get(f"/demo/mail/{name}/html/")
    assert html.headers["Content-Security-Policy"].startswith("sandbox; default-src 'none'")
    assert html.headers["X-Frame-Options"] == "SAMEORIGIN"
    assert html.headers["Cache-Control"] == "no-store"
    assert "Söhne" in html.text


@pytest.mark.parametrize("name", ["x.eml", "..%2Fsettings.py", "20261124T070346995192-9b020e07.eml", "%2e%2e"])
def test_no_other_file_is_read(delivered, client, name):
    for address in (f"/demo/mail/{name}/", f"/demo/mail/{name}/html/"):
        assert client.get(address).status_code == 404


def test_outside_a_demonstration_there_is_no_such_page(demonstration, settings, client):
    settings.MSC_DEMO = False
    assert client.get("/demo/mail/").status_code == 404


def test_a_portal_that_is_no_demonstration_has_no_such_address():
    with pytest.raises(NoReverseMatch):
        reverse("mail:list")


def test_the_pages_take_no_post(demonstration, client):
    assert client.post("/demo/mail/").status_code == 405


def test_the_files_are_their_owners_alone(delivered, tmp_path):
    folder = tmp_path / "mail folder"
    (file,) = folder.iterdir()
    assert (folder.stat().st_mode & 0o777, file.stat().st_mode & 0o777) == (0o700, 0o600)
