"""Opening an MSP: everything at once, or nothing."""

import pytest
from django.core.management import CommandError, call_command

from customers.models import Customer
from msc.access import scope
from msc.access.actors import TaskActor
from msc.access.models import Msp, User
from msc.errors import DomainError
from msc.mail.models import OutboxMessage
from msc.onboarding import open_msp
from serviceplans.models import OfferedProduct, ServicePlan, StorageRegion
from tenants.models import Tenant

FIELDS = {
    "name": "Bright Backups",
    "slug": "bright",
    "time_zone": "Asia/Kolkata",
    "address": "1 MG Road\nBengaluru",
    "phone": "+91 80 4567 8900",
    "products": ["hybrid", "saas"],
    "email": "Asha@bright.example",
    "first_name": "Asha",
    "last_name": "Rao",
}


def opened(names=("westeurope", "us-east-1"), **fields):
    with scope.entered("support"):
        by_name = {region.name: region for region in StorageRegion.objects.filter(name__in=names)}
    regions = [by_name[name] for name in names]
    return open_msp(by=TaskActor("test"), regions=regions, **{**FIELDS, **fields})


def test_an_msp_opens_with_administrator_sandbox_plan_and_products(db):
    msp = opened()
    with scope.entered("portal", msp=msp.pk):
        person = User.objects.get()
        assert (person.email, person.role) == ("asha@bright.example", "msp_admin")
        plan = ServicePlan.objects.get()
        assert (plan.name, plan.is_default) == ("Default Service Plan", True)
        assert set(plan.products.values_list("product", "edition")) == {
            ("hybrid", "enterprise"),
            ("saas", "enterprise"),
        }
        sandbox = Customer.objects.get()
        assert sandbox.is_sandbox
        assert sandbox.identity.address == "1 MG Road\nBengaluru"
        tenants = Tenant.objects.order_by("product")
        assert [(t.product, t.tenant_type, t.service_plan) for t in tenants] == [
            ("hybrid", "sandbox", plan),
            ("saas", "sandbox", plan),
        ]
        assert tenants[0].regions.get().region.name == "us-east-1"
    with scope.entered("worker"):
        assert list(OutboxMessage.objects.values_list("to", "kind")) == [("asha@bright.example", "person.invited")]


def test_an_msp_of_one_product_has_a_sandbox_of_it(db):
    msp = opened(products=["saas"], names=("westeurope",))
    with scope.entered("portal", msp=msp.pk):
        assert list(Tenant.objects.values_list("product", flat=True)) == ["saas"]
        assert list(OfferedProduct.objects.values_list("product", flat=True)) == ["saas"]


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"name": " "}, "name"),
        ({"slug": "Two Words"}, "slug"),
        ({"slug": ""}, "slug"),
        ({"time_zone": "Mars/Olympus"}, "time_zone"),
        ({"address": ""}, "address"),
        ({"phone": "12"}, "phone"),
        ({"products": []}, "products"),
        ({"products": ["hybrid", "toaster"]}, "products"),
        ({"names": ("westeurope",)}, "hybrid_regions"),
        ({"names": ()}, "hybrid_regions"),
        ({"email": "nobody"}, "email"),
        ({"first_name": ""}, "first_name"),
    ],
)
def test_a_wrong_field_opens_nothing(db, fields, field):
    with pytest.raises(DomainError) as refused:
        opened(**fields)
    assert refused.value.field == field
    with scope.entered("support"):
        assert not Msp.objects.exists()


def test_name_address_and_administrator_are_taken_once(db):
    opened()
    for fields, field in (
        ({}, "email"),
        ({"email": "b@bright.example", "slug": "other"}, "name"),
        ({"email": "b@bright.example", "name": "Other"}, "slug"),
    ):
        with pytest.raises(DomainError) as refused:
            opened(**fields)
        assert refused.value.field == field
    with scope.entered("support"):
        assert Msp.objects.count() == 1


def test_support_staff_open_one_within_their_request(db, sam):
    with scope.entered("support"):
        region = StorageRegion.objects.get(name="us-east-1")
        msp = open_msp(by=sam, regions=[region], **FIELDS)
        assert Msp.objects.get() == msp
        assert Customer.objects.get().account_name == "Sandbox"


def test_the_command_opens_an_msp_and_refuses_in_words(db, capsys):
    arguments = [
        "Bright Backups",
        *("--slug=bright", "--time-zone=Asia/Kolkata", "--address=1 MG Road", "--phone=+918045678900"),
        *("--email=asha@bright.example", "--first-name=Asha", "--last-name=Rao"),
        *("--product=hybrid", "--product=saas", "--region=aws:us-east-1"),
    ]
    call_command("open_msp", *arguments)
    assert "Bright Backups is open." in capsys.readouterr().out
    with pytest.raises(CommandError, match="already belongs to somebody"):
        call_command("open_msp", *arguments)
    with pytest.raises(CommandError, match="There is no storage region aws:moon"):
        call_command("open_msp", *arguments, "--region=aws:moon")


def test_the_sandbox_products_stand_in_the_list(db):
    msp = opened()
    with scope.entered("portal", msp=msp.pk):
        entries = Customer.objects.get().summary.products
    assert [(entry["p"], entry["y"]) for entry in entries] == [("hybrid", "sandbox"), ("saas", "sandbox")]
