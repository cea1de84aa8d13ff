"""The OpenAPI document: schemathesis finds no difference between it and what the API does."""

import os
from urllib.parse import parse_qs, urlsplit

import hypothesis
import pytest
import schemathesis
from django.core import signals
from django.db import close_old_connections
from schemathesis.config import SchemathesisConfig

from msc.access import scope
from msc.requests import Application
from serviceplans.models import StorageRegion
from tests.health.conftest import run, usage

pytestmark = [pytest.mark.django_db, pytest.mark.timeout(600)]
DOCUMENT = "/api/v1/openapi.json"
# API_EXAMPLES=15 sends more, and the limits of every parameter as well, which takes a minute and more of CPU time.
EXAMPLES = int(os.environ.get("API_EXAMPLES", "2"))


@pytest.fixture
def filled(program, hybrid, saas):
    program.post("runs", [run(hybrid, f"j{n}", status="failed" if n % 2 else "successful") for n in range(3)])
    program.post("usage", [usage(hybrid)])
    return hybrid


@pytest.fixture
def cursor(program, filled):
    link = program.get("runs", page_size=1).json()["next"]
    return parse_qs(urlsplit(link).query)["cursor"][0]


@pytest.fixture
def application(cursor):
    """Django as the web server calls it; its requests leave the connection of the test alone, as Django's client does."""
    ends = (signals.request_started, signals.request_finished)
    for signal in ends:
        signal.disconnect(close_old_connections)
    yield Application()
    for signal in ends:
        signal.connect(close_old_connections)


@pytest.fixture
def api_schema(program, filled, plan, tom, northwind, cursor, application, settings):
    settings.MSC_API_CALLS_PER_MINUTE = 1_000_000
    with scope.entered("portal", msp=northwind.pk):
        region = StorageRegion.objects.filter(offers__msp=northwind).values_list("pk", flat=True).first()
    known = {
        "cursor": cursor,
        "customer": [filled.customer_id],
        "tenant": [filled.pk],
        "plan": [plan.pk],
        "admin": [tom.pk],
        "region": [region],
    }
    # A document cannot say which ids exist: the known ones are sent. Which records are kept, each answer of 422 says.
    config = SchemathesisConfig.from_dict(
        {
            "parameters": {f"query.{name}": value for name, value in known.items()},
            "phases": {"coverage": {"enabled": "API_EXAMPLES" in os.environ}},
            "checks": {"positive_data_acceptance": {"expected-statuses": ["2xx", "422"]}},
        }
    )
    schema = schemathesis.openapi.from_wsgi(DOCUMENT, application, config=config)
    schema.secret = program.client.defaults["HTTP_AUTHORIZATION"]
    return schema


schema = schemathesis.pytest.from_fixture("api_schema")


@schema.parametrize()
@hypothesis.settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(hypothesis.HealthCheck),
)
def test_the_api_does_what_its_document_says(case, api_schema):
    case.call_and_validate(headers={"Authorization": api_schema.secret, "Accept-Encoding": "identity"})
