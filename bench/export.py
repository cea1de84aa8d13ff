"""The CSV export of everything beside COPY of the same joined and ordered query."""

import time
from dataclasses import dataclass

import psycopg

from bench.web import WebServer

#: What the default columns of the list are made of, in the order of the list.
_COPY = """
COPY (
    SELECT i.name, s.products, c.account_name, i.phone, i.address, c.created_at
    FROM customers_customer c
    JOIN customers_customeridentity i ON i.customer_id = c.id
    JOIN customers_customersummary s ON s.customer_id = c.id
    WHERE c.msp_id = %d AND c.deleted_at IS NULL
    ORDER BY i.folded_name, c.id
) TO STDOUT (FORMAT csv)
"""


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


def measure_export(server: WebServer, path: str, owner_url: str, msp: int, rows: int) -> ExportFigure:
    """Export everything three times and keep the fastest, COPY likewise, in turns."""
    exports, copies = [], []
    server.get("/bench/static/")
    server.forget_peak_memory()
    before = server.peak_memory()
    for _ in range(3):
        exports.append(server.get(path))
        copies.append(_copy(owner_url, msp))
    if any(answer.status != 200 for answer in exports):
        raise RuntimeError(f"{path} answered {exports[0].status}")
    best = min(exports, key=lambda answer: answer.seconds)
    return ExportFigure(best.seconds, min(copies), best.first_byte, server.peak_memory() - before, rows)


def _copy(owner_url: str, msp: int) -> float:
    with psycopg.connect(owner_url) as link:
        began = time.perf_counter()
        with link.cursor().copy((_COPY % msp).encode()) as copy:
            for _ in copy:
                pass
        return time.perf_counter() - began
