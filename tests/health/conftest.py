"""What tests of health share: tenants of Northwind, a credential of its and a program that calls with it."""

import json
from datetime import UTC, datetime

import pytest
from django.test import Client

from msc.access import scope
from msc.people.models import ApiCredential, CredentialScope
from serviceplans.catalogue import Product
from tests.factories import make_plan, make_tenant


class Program:
    """A program that calls the API with a credential, as curl does."""

    def __init__(self, secret: str) -> None:
        self.client = Client(headers={"authorization": f"Bearer {secret}"})

    def post(self, path: str, body, content_type: str = "application/json"):
        data = body if isinstance(body, (bytes, str)) else json.dumps(body)
        return self.client.post(f"/api/v1/{path}", data, content_type=content_type)

    def get(self, path: str, **query):
        return self.client.get(f"/api/v1/{path}", query)


def issue(person, *scopes: str, **fields) -> tuple[ApiCredential, str]:
    with scope.entered("portal", msp=person.msp_id):
        return ApiCredential.issue(
            msp=person.msp,
            name=f"tool {person.pk} {len(scopes)}",
            scopes=scopes or CredentialScope.values,
            created_by=person,
            **fields,
        )


@pytest.fixture
def program(ada) -> Program:
    return Program(issue(ada)[1])


@pytest.fixture
def plan(scoped):
    return make_plan(scoped)


@pytest.fixture
def hybrid(harbour, plan):
    """The Hybrid Workloads tenant of Harbour Logistics."""
    return make_tenant(harbour, plan)


@pytest.fixture
def saas(harbour, plan):
    """The SaaS Apps and Endpoints tenant of Harbour Logistics."""
    return make_tenant(harbour, plan, Product.SAAS)


@pytest.fixture
def foreign_tenant(foreign, eastgate):
    with scope.entered("portal", msp=eastgate.pk):
        return make_tenant(foreign, make_plan(eastgate))


def run(tenant, job: str = "j1", **fields):
    """Return a record of a run that went well."""
    return {
        "tenant": getattr(tenant, "pk", tenant),
        "organization": "Kiel",
        "data_source": "srv-1",
        "workload": "file_server",
        "job_id": job,
        "kind": "backup",
        "status": "successful",
        "started_at": "2026-11-20T01:00:00+01:00",
        "ended_at": "2026-11-20T02:00:00+01:00",
        "bytes": 1000,
    } | fields


def usage(tenant, **fields):
    return {
        "tenant": getattr(tenant, "pk", tenant),
        "day": "2026-11-20",
        "workload": "file_server",
        "measure": "Stored data",
        "usage_amount": "1000000000000",
        "unit": "bytes",
        "cu_consumed": "1.5",
    } | fields


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)
