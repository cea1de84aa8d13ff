"""restic's and borg's own output, from real repositories through a real server, and as text from elsewhere."""

import json
import os
import shutil
import subprocess
from datetime import timedelta
from pathlib import Path

import pytest

from health import tools
from health.models import Run
from health.statuses import RunKind, RunStatus
from msc.access import scope
from tests.factories import make_customer, make_plan, make_tenant
from tests.health.conftest import at, issue

NOW = at("2026-11-24T08:00:00Z")
needs_restic = pytest.mark.skipif(not shutil.which("restic"), reason="restic is not installed")
needs_borg = pytest.mark.skipif(not shutil.which("borg"), reason="borg is not installed")

SUMMARY = {
    "message_type": "summary",
    "total_files_processed": 2,
    "total_bytes_processed": 100006,
    "data_added": 101051,
    "total_duration": 90.5,
    "snapshot_id": "b676056e",
}
RESTIC = json.dumps({"message_type": "status", "percent_done": 0}) + "\n" + json.dumps(SUMMARY) + "\n"
PLAIN_RESTIC = """using parent snapshot 84c6db21

Files:           0 new,     0 changed,     2 unmodified
processed 2 files, 97.662 KiB in 0:00
snapshot 73029a22 saved
"""
ARCHIVE = {
    "archive": {
        "id": "eb327add" * 8,
        "duration": 12.5,
        "stats": {"original_size": 100491, "deduplicated_size": 468, "nfiles": 2},
    }
}
BORG = json.dumps(ARCHIVE, indent=4) + "\n"
PLAIN_BORG = f"""Archive name: a3
Archive fingerprint: {"43e95b01" * 8}
                       Original size      Compressed size    Deduplicated size
This archive:              100.49 kB            100.47 kB                458 B
"""


def record(tool: str, text: str, **parameters: str) -> dict:
    call = tools.call_of(parameters, NOW)
    given = {"tenant": "1", "organization": "Kiel", "source": "srv-1", **parameters}
    return tools.record_of(tools.TOOLS[tool], text, call, given, NOW)


@pytest.mark.parametrize(
    ("tool", "text", "code", "expected"),
    [
        ("restic", RESTIC, "0", ("successful", "b676056e", 100006, 101051)),
        ("restic", RESTIC, "", ("successful", "b676056e", 100006, 101051)),
        ("restic", RESTIC, "3", ("completed_with_errors", "b676056e", 100006, 101051)),
        ("restic", RESTIC, "1", ("failed", "b676056e", 100006, 101051)),
        (
            "restic",
            "nothere does not exist, skipping\n" + RESTIC,
            "0",
            ("completed_with_errors", "b676056e", 100006, 101051),
        ),
        (
            "restic",
            RESTIC.replace('processed": 2', 'processed": 0'),
            "0",
            ("completed_with_errors", "b676056e", 100006, 101051),
        ),
        ("restic", PLAIN_RESTIC, "0", ("successful", "73029a22", 100006, None)),
        ("borg", BORG, "0", ("successful", "eb327add" * 8, 100491, 468)),
        ("borg", BORG, "1", ("completed_with_errors", "eb327add" * 8, 100491, 468)),
        ("borg", BORG, "105", ("completed_with_errors", "eb327add" * 8, 100491, 468)),
        ("borg", BORG, "2", ("failed", "eb327add" * 8, 100491, 468)),
        (
            "borg",
            "nothere: [Errno 2] No such file\n" + BORG,
            "1",
            ("completed_with_errors", "eb327add" * 8, 100491, 468),
        ),
        ("borg", PLAIN_BORG, "0", ("successful", "43e95b01" * 8, 100490, 458)),
    ],
)
def test_an_output_becomes_a_record(tool, text, code, expected):
    found = record(tool, text, **({"exit": code} if code else {}))
    assert (found["status"], found["job_id"], found["bytes"], found["bytes_transferred"]) == expected


@pytest.mark.parametrize("tool", ["restic", "borg"])
def test_an_empty_output_of_a_failure_needs_a_job_and_the_exit_code(tool):
    assert record(tool, "", exit="2", job="unit-1")["status"] == "failed"
    for missing in ({"exit": "2"}, {"job": "unit-1"}):
        with pytest.raises(tools.Refused):
            record(tool, "", **missing)


def test_what_went_wrong_is_kept_in_words():
    text = "Fatal: unable to open config file\nIs there a repository at the following location?\nnorepo\n"
    assert record("restic", text, exit="1", job="x")["message"] == (
        "Fatal: unable to open config file / Is there a repository at the following location? / norepo"
    )


def test_the_end_follows_from_start_and_duration():
    found = record("restic", RESTIC, exit="0", started="1795500000")
    assert at(found["ended_at"]) - at(found["started_at"]) == timedelta(seconds=90.5)
    assert record("restic", RESTIC, exit="0", started="2026-11-24T07:00:00 01:00")["started_at"].startswith(
        "2026-11-24T06:00"
    )


@pytest.mark.parametrize(
    "text",
    [
        "{" * 50_000,
        '{"a":' * 5_000,
        "[[[",
        '{"message_type": "summary", "total_duration": "x", "snapshot_id": 7}',
        "\x00\x01",
        "{}\n" * 1000,
        '{"archive": []}',
        '{"archive": {"stats": 3, "id": null}}',
        "9" * 100_000,
    ],
)
@pytest.mark.parametrize("tool", ["restic", "borg"])
def test_no_output_breaks_the_reader(tool, text):
    assert record(tool, text, exit="0", job="j")["job_id"] == "j"


@pytest.mark.parametrize("code", ["-1", "256", "x", "1.0", "\u0661", "9" * 300])
def test_an_exit_code_is_a_number_of_a_process(code):
    with pytest.raises(tools.Refused):
        record("restic", RESTIC, exit=code)


@pytest.mark.django_db
def test_the_same_output_sent_again_changes_nothing_though_it_has_no_end(program, hybrid, scoped):
    path = f"runs/restic?tenant={hybrid.pk}&organization=Kiel&source=srv-1&exit=1&job=unit-1"
    assert program.post(path, "", "text/plain").json()["created"] == 1
    ended = Run.objects.get().ended_at
    assert program.post(path, "", "text/plain").json()["unchanged"] == 1
    assert Run.objects.get().ended_at == ended


@pytest.mark.django_db
def test_a_call_that_cannot_be_kept_says_which_parameter_is_wrong(program, hybrid):
    answer = program.post("runs/restic?organization=Kiel&source=srv-1&exit=0", RESTIC, "text/plain")
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "tenant")
    answer = program.post(f"runs/restic?tenant={hybrid.pk}&organization=Kiel&exit=0", RESTIC, "text/plain")
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "source")
    assert program.post("runs/restic?colour=red", RESTIC, "text/plain").status_code == 400


class Shell:
    """A machine on which a backup tool runs and curl pipes what it prints into the portal."""

    def __init__(self, folder: Path, server: str, secret: str, tenant: int) -> None:
        self.folder, self.server, self.tenant = folder, server, tenant
        self.environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(folder),
            "RESTIC_PASSWORD": "only-for-the-tests",
            "RESTIC_REPOSITORY": str(folder / "restic"),
            "BORG_REPO": str(folder / "borg"),
            "BORG_BASE_DIR": str(folder),
            "MSC_TOKEN": secret,
            "LC_ALL": "C.UTF-8",
        }
        (folder / "data").mkdir()
        (folder / "data" / "a").write_text("hello")
        (folder / "data" / "b").write_bytes(os.urandom(50_000))

    def run(self, command: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["bash", "-c", command],
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    def report(self, tool: str, command: str, **parameters: str) -> tuple[int, int]:
        """Run the tool, pipe its output as the guide does, and return its exit code and the status of the answer."""
        query = "&".join(
            f"{name}={value}"
            for name, value in {"tenant": str(self.tenant), "organization": "Kiel", **parameters}.items()
        )
        done = self.run(
            f'set -o pipefail; out=$(mktemp); {command} >"$out" 2>&1; code=$?; '
            'curl -s -o answer -w "%{http_code}" -H "Authorization: Bearer $MSC_TOKEN" --data-binary @"$out" '
            f'"{self.server}/api/v1/runs/{tool}?{query}&exit=$code"; exit $code'
        )
        return done.returncode, int(done.stdout or 0)


@pytest.fixture
def tenant(transactional_db, northwind):
    """A committed tenant: the server runs outside the test's transaction."""
    with scope.entered("portal", msp=northwind.pk):
        return make_tenant(make_customer(northwind, "Harbour Logistics"), make_plan(northwind))


@pytest.fixture
def machine(tenant, ada, portal, tmp_path):
    return Shell(tmp_path, portal, issue(ada)[1], tenant.pk)


def kept(tenant) -> dict[str, tuple]:
    """Return what the portal keeps of each source: kind, status, size and message."""
    with scope.entered("portal", msp=tenant.msp_id):
        rows = Run.objects.values_list("data_source__name", "kind", "status", "size_bytes", "message")
        return {source: (kind, status, size, message) for source, kind, status, size, message in rows}


@needs_restic
def test_real_restic_runs_arrive_as_they_are_failures_included(machine, tenant):
    assert machine.run("restic init").returncode == 0
    assert machine.report("restic", "restic backup --json data", source="good") == (0, 200)
    assert machine.report("restic", "restic backup data", source="plain") == (0, 200)
    assert machine.report("restic", "restic backup --json data gone", source="one-gone")[1] == 200
    code, status = machine.report("restic", "restic backup --json gone", source="all-gone", job="unit-1")
    assert (code != 0, status) == (True, 200)
    code, status = machine.report(
        "restic", "RESTIC_REPOSITORY=nowhere restic backup --json data", source="no-repo", job="unit-2"
    )
    assert (code != 0, status) == (True, 200)
    restored = machine.report(
        "restic", "restic restore latest --target out", source="restored", job="unit-3", kind="restore"
    )
    assert restored == (0, 200)
    found = kept(tenant)
    assert {source: (kind, status) for source, (kind, status, _, _) in found.items()} == {
        "good": (RunKind.BACKUP, RunStatus.SUCCESSFUL),
        "plain": (RunKind.BACKUP, RunStatus.SUCCESSFUL),
        "one-gone": (RunKind.BACKUP, RunStatus.WITH_ERRORS),
        "all-gone": (RunKind.BACKUP, RunStatus.FAILED),
        "no-repo": (RunKind.BACKUP, RunStatus.FAILED),
        "restored": (RunKind.RESTORE, RunStatus.SUCCESSFUL),
    }
    assert found["good"][2] == 50_005
    assert "do not exist" in found["all-gone"][3]
    assert "repository" in found["no-repo"][3]


@needs_borg
def test_real_borg_runs_arrive_as_they_are_failures_included(machine, tenant):
    assert machine.run("borg init -e none").returncode == 0
    assert machine.report("borg", "borg create --json ::a1 data", source="good") == (0, 200)
    assert machine.report("borg", "borg create --stats ::a2 data", source="plain") == (0, 200)
    assert machine.report("borg", "borg create --json ::a3 data gone", source="one-gone") == (1, 200)
    assert machine.report("borg", "borg --log-json create --json ::a4 data gone", source="logged") == (1, 200)
    assert machine.report("borg", "borg create --json ::a1 data", source="taken", job="unit-1") == (2, 200)
    assert machine.report("borg", "borg extract ::a1", source="restored", job="unit-2", kind="restore") == (0, 200)
    found = kept(tenant)
    assert {source: (kind, status) for source, (kind, status, _, _) in found.items()} == {
        "good": (RunKind.BACKUP, RunStatus.SUCCESSFUL),
        "plain": (RunKind.BACKUP, RunStatus.SUCCESSFUL),
        "one-gone": (RunKind.BACKUP, RunStatus.WITH_ERRORS),
        "logged": (RunKind.BACKUP, RunStatus.WITH_ERRORS),
        "taken": (RunKind.BACKUP, RunStatus.FAILED),
        "restored": (RunKind.RESTORE, RunStatus.SUCCESSFUL),
    }
    assert found["good"][2] > 50_000
    assert "already exists" in found["taken"][3]


def blocks(language: str) -> list[str]:
    guide = (Path(__file__).parents[2] / "docs" / "guide" / "connect.md").read_text()
    return [part.split("```", 1)[0] for part in guide.split(f"```{language}\n")[1:]]


@needs_restic
def test_the_guides_script_loses_nothing_while_the_portal_is_away(machine, tenant):
    script = next(block for block in blocks("sh") if block.startswith("#!/bin/bash"))
    (machine.folder / "msc-run").write_text(script)
    (machine.folder / "header").write_text(f"Authorization: Bearer {machine.environment['MSC_TOKEN']}")
    machine.environment |= {
        "MSC_SPOOL": str(machine.folder / "spool"),
        "MSC_HEADER": "header",
        "MSC_URL": "http://127.0.0.1:9",
    }
    assert machine.run("restic init").returncode == 0

    def back_up(source: str, what: str) -> int:
        query = f"tenant={tenant.pk}&organization=Kiel&source={source}"
        return machine.run(f"bash msc-run restic '{query}' restic backup --json {what}").returncode

    assert back_up("away", "data") == 0
    assert back_up("away-failed", "gone") == 1
    assert kept(tenant) == {}
    # The portal is back: the next run sends what waits.
    for waiting in (machine.folder / "spool").glob("*.curl"):
        waiting.write_text(waiting.read_text().replace("http://127.0.0.1:9", machine.server))
    machine.environment["MSC_URL"] = machine.server
    assert back_up("back", "data") == 0
    assert {source: status for source, (_, status, _, _) in kept(tenant).items()} == {
        "away": RunStatus.SUCCESSFUL,
        "away-failed": RunStatus.FAILED,
        "back": RunStatus.SUCCESSFUL,
    }
    assert list((machine.folder / "spool").iterdir()) == []
