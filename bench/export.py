"""The CSV export of everything beside COPY of the same joined and ordered query."""

import time
from dataclasses import dataclass

import psycopg
from django.urls import reverse
from psycopg import ClientCursor

from bench.dataset import Dataset
from bench.web import WebServer
from customers.models import Customer
from customers.tables import CustomerTable
from msc.access import scope
from msc.pages import preferences
from msc.pages.tables import Reading


@dataclass(frozen=True)
class ExportFigure:
    """Seconds of export and COPY, seconds to the first byte, bytes of growth of the worker's peak, rows."""

    seconds: float
    copy_seconds: float
    first_byte: float
    memory_growth: int
    rows: int

    @property
    def ratio(self) -> float:
        return self.seconds / self.copy_seconds


def measure_export(server: WebServer, login_url: str, data: Dataset) -> ExportFigure:
    """Export everything three times and keep the fastest, COPY likewise, in turns."""
    path, copied = reverse("customers:list") + "?export=csv", _statement(login_url, data)
    exports, copies = [], []
    server.get("/bench/static/")
    server.forget_peak_memory()
    before = server.peak_memory()
    for _ in range(3):
        exports.append(server.get(path))
        copies.append(_copy(login_url, data, copied))
    if any(answer.status != 200 for answer in exports):
        raise RuntimeError(f"{path} answered {exports[0].status}")
    best = min(exports, key=lambda answer: answer.seconds)
    return ExportFigure(best.seconds, min(copies), best.first_byte, server.peak_memory() - before, data.customers)


def _statement(login_url: str, data: Dataset) -> str:
    """Return the statement that reads all fields of the list's usual columns, in the list's usual order."""
    columns = preferences.arranged(CustomerTable)
    rows = CustomerTable.prepare(Customer.objects.for_user(data.admin), columns)
    ordered = rows.order_by(*CustomerTable.order(CustomerTable.default_sort))
    with scope.entered("portal", msp=data.msp.pk, person=data.admin.pk):
        sql, parameters = ordered.values_list(*Reading(columns).fields).query.sql_with_params()
    with psycopg.connect(login_url) as link:
        return ClientCursor(link).mogrify(sql.encode(), parameters)


def _copy(login_url: str, data: Dataset, statement: str) -> float:
    with psycopg.connect(login_url) as link:
        link.execute(
            "SELECT set_config('role', 'msc_portal', true), set_config('app.msp', %s, true)", [str(data.msp.pk)]
        )
        began = time.perf_counter()
        with link.cursor().copy(f"COPY ({statement}) TO STDOUT (FORMAT csv)".encode()) as copy:
            for _ in copy:
                pass
        return time.perf_counter() - began
