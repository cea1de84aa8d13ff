"""No form speaks in Django's own words; every text says what to do."""

import re

import pytest

from tests.cast import signed_in
from tests.factories import make_plan

pytestmark = pytest.mark.django_db
DJANGOS = re.compile(
    r"This field is required|Ensure (this|that)|Select a valid|is not a valid value|Enter a valid date"
)


def texts(answer) -> list[str]:
    found = re.findall(r'class="field-error".*?</div>', answer.content.decode(), re.DOTALL)
    return [re.sub(r"<[^>]+>", "", one).strip() for one in found]


def test_product_plan_and_filter_forms_say_what_to_do(ada, harbour, scoped):
    plan = make_plan(scoped)
    client = signed_in(ada)
    product = {
        "service_plan": "999999999",
        "tenant_type": "nonsense",
        "license_expiry": "tomorrow",
        "regions": ["nonsense"],
        "quota": "-1.23456",
        "m365_users": "-1",
        "endpoints_users": "many",
    }
    plans = {"name": "", "hybrid_included": "on", "hybrid_edition": "nonsense", "hybrid_cu_per_tb_month": "-1"}
    answers = [
        client.post(f"/customers/{harbour.pk}/products/add/saas/", product),
        client.post(f"/service-plans/{plan.pk}/edit/", plans | {"hybrid_retention_min_days": "0"}),
        client.get("/customers/?type=nonsense&product=nonsense&panel=filters"),
    ]
    for answer in answers:
        assert texts(answer), answer.request["PATH_INFO"]
        assert not DJANGOS.search(answer.content.decode()), texts(answer)
    said = " ".join(text for answer in answers for text in texts(answer))
    for text in (
        "This option cannot be chosen any more. Choose from the list.",
        "“nonsense” cannot be chosen. Choose from the list.",
        "Enter a date in the form YYYY-MM-DD.",
        "Enter 0 or more.",
        "Enter a whole number.",
        "Fill in this field.",
    ):
        assert text in said
