import re
import threading

import pytest
from django.db import connection

from customers.models import Customer
from msc.access import scope
from tests.cast import signed_in

pytestmark = [pytest.mark.urls("tests.pages.portal"), pytest.mark.django_db(transaction=True)]


def test_twenty_equal_submits_make_one_thing(ada, northwind):
    page = signed_in(ada).get("/shop/create/").content.decode()
    key = re.search(r'name="submit_key" value="([^"]+)"', page)[1]
    clients = [signed_in(ada) for _ in range(20)]
    together, places = threading.Barrier(20), []

    def submit(client):
        together.wait()
        places.append(client.post("/shop/create/", {"account_name": "Acme", "submit_key": key}).get("Location"))
        connection.close()

    threads = [threading.Thread(target=submit, args=(client,)) for client in clients]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with scope.entered("portal", msp=northwind.pk):
        made = Customer.objects.for_msp(northwind.pk).get()
    assert places == [f"/shop/{made.pk}/"] * 20
