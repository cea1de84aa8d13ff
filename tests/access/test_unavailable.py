"""A request that loses the database in its middle is told to come again; this module stands in for the URLs."""

import pytest
from django.db import connection
from django.http import HttpResponse
from django.urls import path

from msc import urls
from msc.access.models import Msp
from tests.sign_in import client_of

pytestmark = pytest.mark.django_db(transaction=True)


def lost(_request):
    """Make the connection break, as a restart of PostgreSQL does, and go on."""
    connection.connection.close()
    return HttpResponse(str(Msp.objects.count()))


def wrong(_request):
    raise ZeroDivisionError


urlpatterns = [path("lost/", lost), path("wrong/", wrong), *urls.urlpatterns]
handler500 = urls.handler500


@pytest.fixture
def client(settings, ada):
    settings.ROOT_URLCONF = __name__
    client = client_of(ada)
    client.raise_request_exception = False
    return client


def test_a_connection_lost_in_a_view_means_come_again(client):
    answer = client.get("/lost/")
    assert (answer.status_code, answer["Retry-After"]) == (503, "5")
    assert client.get("/customers/").status_code == 200


def test_any_other_error_is_an_error(client):
    assert client.get("/wrong/").status_code == 500
