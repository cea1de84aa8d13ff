"""Every page, list, file, alert and rollup means the same quota on every day, in the MSP's time zone."""

import csv
import io
from datetime import datetime, time, timedelta
from decimal import Decimal

import pytest
import time_machine

from health import alerts, rollups
from health.models import TenantHealth
from msc.access.models import Msp
from tenants import tasks
from tests.factories import make_tenant, make_usage
from tests.sign_in import client_of

pytestmark = pytest.mark.django_db

FIRST, SECOND = ("100", 0, 10), ("500", 20, 30)
#: Day, counted from the first quota's effective date, and clock; the quota that counts, how much is used, the alert.
MOMENTS = [
    (-1, "23:59", "100", None, None),
    (0, "00:01", "100", Decimal(85), "warning"),
    (10, "23:59", "100", Decimal(85), "warning"),
    (11, "00:01", "500", None, None),
    (19, "23:59", "500", None, None),
    (20, "00:01", "500", Decimal(90), "critical"),
    (30, "23:59", "500", Decimal(90), "critical"),
    (31, "00:01", "500", Decimal(90), "critical"),
]


def line(client, address: str) -> dict[str, str]:
    """Return the only line of a list's file."""
    text = b"".join(client.get(address).streaming_content).decode("utf-8-sig")
    (found,) = csv.DictReader(io.StringIO(text))
    return found


def shown_on_page(client, address: str, title: str):
    (panel,) = (panel for panel in client.get(address).context["panels"] if panel.title == title)
    return panel.context


@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "Europe/Berlin", "Pacific/Pago_Pago"])
def test_all_name_the_same_quota_around_its_days(ada, harbour, scoped, plan, program, zone):
    Msp.objects.filter(pk=scoped.pk).update(time_zone=zone)
    scoped.refresh_from_db()
    harbour.msp = scoped
    begin = scoped.today() + timedelta(days=3)
    tenant = make_tenant(harbour, plan, expiry=begin + timedelta(days=400))
    for amount, first, last in (FIRST, SECOND):
        tenant.quota_periods.create(
            msp=scoped, quota=amount, effective_on=begin + timedelta(first), end_on=begin + timedelta(last)
        )
    make_usage(tenant, {begin: "85", begin + timedelta(days=20): "450", begin + timedelta(days=31): "7"})
    while rollups.drain(scoped):
        pass
    for offset, clock, quota, used, alert in MOMENTS:
        day = begin + timedelta(days=offset)
        with time_machine.travel(datetime.combine(day, time.fromisoformat(clock), scoped.zone), tick=False):
            now = datetime.now(scoped.zone)
            tasks.follow_quotas_at(now)
            rollups.keep_up(scoped, now)
            alerts.evaluate(scoped, now)
            client = client_of(ada)
            moment = (zone, offset, clock)
            card = shown_on_page(client, f"/customers/{harbour.pk}/", "Product Details")["cards"][0]["quota"]
            assert (card["period"].quota, card["used"]) == (Decimal(quota), used), moment
            for address in ("/customers/?export=all", "/customers/products/?export=all", "/consumption/?export=all"):
                row = line(client, address)
                assert Decimal(row["Quota (CU)"]) == Decimal(quota), (moment, address)
                assert (Decimal(row["Quota Used (%)"]) if row["Quota Used (%)"] else None) == used, (moment, address)
            assert TenantHealth.objects.get().quota_used_percent == used, moment
            found = [one["severity"] for one in program.get("alerts", type="quota", state="active").json()["results"]]
            assert found == ([alert] if alert else []), moment
