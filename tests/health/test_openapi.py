"""The OpenAPI document: a generated client reads every list by it, and its page shows the parameters."""

import importlib
import json
import subprocess
import sys

import pytest

from tests.cast import signed_in
from tests.health.conftest import run, usage

pytestmark = [pytest.mark.django_db, pytest.mark.timeout(600)]
DOCUMENT = "/api/v1/openapi.json"
LISTS = ("customers", "tenants", "plans", "runs", "usage", "alerts")


@pytest.fixture
def filled(program, hybrid, saas):
    program.post("runs", [run(hybrid, f"j{n}", status="failed" if n % 2 else "successful") for n in range(3)])
    program.post("usage", [usage(hybrid)])
    return hybrid


def test_a_generated_client_reads_every_list(program, filled, tmp_path, monkeypatch):
    document = tmp_path / "openapi.json"
    document.write_text(json.dumps(program.client.get(DOCUMENT).json()))
    command = [sys.executable, "-m", "openapi_python_client", "generate", "--meta=none", f"--path={document}"]
    generated = subprocess.run(
        [*command, f"--output-path={tmp_path / 'generated'}"], capture_output=True, text=True, timeout=300, check=False
    )
    assert generated.returncode == 0, generated.stdout + generated.stderr
    monkeypatch.syspath_prepend(str(tmp_path))
    found = {}
    for name in LISTS:
        page = importlib.import_module(f"generated.models.paginated_{_model(name)}_list")
        kind = next(one for key, one in vars(page).items() if key.startswith("Paginated"))
        read = kind.from_dict(program.get(name).json())
        found[name] = [type(row).__name__ for row in read.results]
        module = importlib.import_module(f"generated.api.{name}.read_{name}")
        assert {"cursor", "page_size"} <= module.sync.__kwdefaults__.keys()
    assert {name: len(rows) for name, rows in found.items()} == {
        "customers": 1,
        "tenants": 2,
        "plans": 1,
        "runs": 3,
        "usage": 1,
        "alerts": 0,
    }
    for name in [name for name in sys.modules if name.startswith("generated")]:
        del sys.modules[name]


def _model(name):
    return {"usage": "usage_out"}.get(name, f"{name[:-1]}_out")


def test_the_page_shows_the_parameters_of_a_list(rita):
    page = signed_in(rita).get("/api/v1/docs/").content.decode()
    reading = page.partition('id="read_runs"')[2].partition("</section>")[0]
    assert all(f"<code>{name}</code>" in reading for name in ("cursor", "page_size", "status", "since", "tenant"))
