"""restic's and borg's own output, from real repositories through a real server, and as text from elsewhere."""

import itertools
import json
import shlex
import shutil
from datetime import timedelta
from pathlib import Path

import pytest

from health import tools
from health.models import Run
from msc.access import scope
from tests.factories import make_customer, make_plan, make_tenant
from tests.health.conftest import at, issue
from tests.machine import SCRIPT, Machine

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
        ("restic", RESTIC, "0", ("successful", 100006, 101051)),
        ("restic", RESTIC, "", ("successful", 100006, 101051)),
        ("restic", RESTIC, "3", ("completed_with_errors", 100006, 101051)),
        ("restic", RESTIC, "1", ("failed", 100006, 101051)),
        ("restic", "nothere does not exist, skipping\n" + RESTIC, "0", ("completed_with_errors", 100006, 101051)),
        ("restic", RESTIC.replace('processed": 2', 'processed": 0'), "0", ("completed_with_errors", 100006, 101051)),
        ("restic", PLAIN_RESTIC, "0", ("successful", 100006, None)),
        ("borg", BORG, "0", ("successful", 100491, 468)),
        ("borg", BORG, "1", ("completed_with_errors", 100491, 468)),
        ("borg", BORG, "105", ("completed_with_errors", 100491, 468)),
        ("borg", BORG, "2", ("failed", 100491, 468)),
        ("borg", "nothere: [Errno 2] No such file\n" + BORG, "1", ("completed_with_errors", 100491, 468)),
        ("borg", PLAIN_BORG, "0", ("successful", 100490, 458)),
        # borgmatic: one archive per repository, each of the same files.
        ("borg", json.dumps([ARCHIVE]), "0", ("successful", 100491, 468)),
        ("borg", json.dumps([ARCHIVE, ARCHIVE]), "0", ("successful", 100491, 936)),
    ],
)
def test_an_output_becomes_a_record(tool, text, code, expected):
    found = record(tool, text, **({"exit": code} if code else {}))
    assert (found["kind"], found["status"], found["bytes"], found["bytes_transferred"]) == ("backup", *expected)


CHECK = "create exclusive lock for repository\nload indexes\ncheck all packs\n\nno errors were found\n"
FORGET = "Applying Policy: keep 1 latest snapshots\nkeep 1 snapshots:\n1 snapshots\n"
STATS = '{"total_size":3,"total_file_count":2,"snapshots_count":1}\n'
INFO = PLAIN_BORG + "Hostname: srv-1\nCommand line: borg create ::a3 data\n"


@pytest.mark.parametrize(
    ("tool", "text", "parameters", "kind", "status"),
    [
        # No command that is no backup counts as one.
        ("restic", "", {"exit": "0"}, "other", "successful"),
        ("restic", "x", {"exit": "0"}, "other", "successful"),
        ("restic", "[]", {"exit": "0"}, "other", "successful"),
        ("restic", "snapshot 73029a22 saved\n", {"exit": "0"}, "other", "successful"),  # of restic copy
        ("restic", "Warning: x\n", {"exit": "3"}, "other", "completed_with_errors"),
        ("borg", "", {"exit": "0"}, "other", "successful"),
        ("borg", "warning\n", {"exit": "1"}, "other", "completed_with_errors"),
        ("borg", INFO, {"exit": "0"}, "other", "successful"),
        ("borg", "", {"exit": "0", "kind": "restore"}, "other", "successful"),
        # Maintenance is told by its words, or declared.
        ("restic", CHECK, {"exit": "0"}, "maintenance", "successful"),
        ("restic", CHECK, {"exit": "1"}, "maintenance", "failed"),
        ("restic", FORGET, {"exit": "0"}, "maintenance", "successful"),
        ("restic", STATS, {"exit": "0"}, "maintenance", "successful"),
        ("restic", "Stats in restore-size mode:\n", {"exit": "0"}, "maintenance", "successful"),
        ("restic", '{"message_type":"summary","num_errors":0}', {"exit": "0"}, "maintenance", "successful"),
        ("restic", "Fatal: unable to create lock\n", {"exit": "1", "kind": "maintenance"}, "maintenance", "failed"),
        ("borg", "Starting repository check\n", {"exit": "0"}, "maintenance", "successful"),
        ("borg", "compaction freed about 1 kB repository space.\n", {"exit": "0"}, "maintenance", "successful"),
        # A backup that failed says so without a summary, a silent one is declared, and a backup before a check counts.
        ("restic", "Fatal: wrong password or no key found\n", {"exit": "1"}, "backup", "failed"),
        ("restic", "", {"exit": "130"}, "backup", "cancelled"),
        ("borg", "", {"exit": "2"}, "backup", "failed"),
        ("borg", "", {"exit": "0", "summary": "none"}, "backup", "successful"),
        ("borg", "", {"exit": "1", "summary": "none"}, "backup", "completed_with_errors"),
        ("borg", "", {"exit": "0", "summary": "none", "kind": "restore"}, "restore", "successful"),
        ("restic", RESTIC + CHECK, {"exit": "0"}, "backup", "successful"),
        ("restic", "restoring <Snapshot 1> to out\n", {"exit": "0"}, "restore", "successful"),
    ],
)
def test_only_a_summary_makes_a_successful_backup(tool, text, parameters, kind, status):
    found = record(tool, text, **parameters)
    assert (found["kind"], found["status"]) == (kind, status)
    if kind in ("other", "maintenance"):
        assert (found["bytes"], found["bytes_transferred"]) == (None, None)


BORGMATIC = """repo-2: Error running actions for repository
summary:
An error occurred
Error running actions for repository
Repository repo-2 does not exist.
Error running configuration

Need some help? https://torsion.org/borgmatic/#issues
"""


def test_the_exit_code_1_of_borgmatic_is_a_failure():
    failed = record("borg", BORGMATIC, exit="1", summary="none")
    assert (failed["kind"], failed["status"]) == ("backup", "failed")
    assert failed["message"].endswith("Repository repo-2 does not exist. / Error running configuration")
    assert record("borg", PLAIN_BORG + BORGMATIC, exit="1")["status"] == "completed_with_errors"


def test_a_start_is_a_running_run_that_its_end_replaces():
    started = record("restic", "", status="running", started="1795500000", job="j")
    assert (started["status"], started["job_id"], started.get("ended_at")) == ("running", "j", None)
    with pytest.raises(tools.Refused, match="status"):
        record("restic", "", status="failed")


def test_a_silent_backup_is_declared_by_one_word():
    with pytest.raises(tools.Refused, match="summary"):
        record("borg", "", exit="0", summary="some")


@pytest.mark.parametrize("tool", ["restic", "borg"])
def test_an_output_without_a_summary_needs_the_exit_code(tool):
    assert record(tool, "", exit="2")["status"] == "failed"
    with pytest.raises(tools.Refused, match="exit"):
        record(tool, "", job="unit-1")


def test_a_report_without_a_job_has_the_same_id_whenever_it_is_sent_and_no_other_run_has_it():
    first = record("restic", "Fatal: locked\n", exit="1", started="1795500000")["job_id"]
    assert first.startswith("restic-")
    assert record("restic", "Fatal: locked\n", exit="1", started="1795500000")["job_id"] == first
    others = [
        record("restic", "Fatal: locked\n", exit="1", started="1795500001"),
        record("restic", "Fatal: locked\n", exit="1", started="1795500000", source="srv-2"),
        record("restic", "Fatal: locked\n", exit="1", started="1795500000", tenant="2"),
        record("restic", "Fatal: locked\n", exit="1", started="1795500000", kind="maintenance"),
        record("borg", "Fatal: locked\n", exit="1", started="1795500000"),
        record("restic", "Fatal: locked\n", exit="1"),
        record("restic", "Fatal: wrong password\n", exit="1"),
        record("restic", "Fatal: locked\n", exit="1", ended="1795500000"),
        record("restic", "Fatal: locked\n", exit="1", ended="1795500001"),
    ]
    assert len({first, *(other["job_id"] for other in others)}) == 10


@pytest.mark.parametrize(
    "text",
    [
        "processed 5 files, 1.2.3 GiB in 0:01",
        "processed 5 files, . GiB in 0:01",
        f"processed 5 files, {'9' * 400} GiB in 0:01",
        "processed 5 files, 999999999 PiB in 0:01",
        f"processed {'9' * 5000} files, 1 GiB in 0:01",
        "processed 5 files, 1 KB in 0:01",
        "This archive:   1.2.3 GB   1 GB   1 GB",
        "This archive:   . GB   1 GB   1 GB",
        f"This archive:   {'9' * 400} GB   1 GB   1 GB",
        "This archive:   999999999 PB   1 GB   999999999 PB",
        '{"message_type":"summary","total_bytes_processed":1e999,"data_added":NaN,"total_duration":1e400}',
        '{"message_type":"summary","total_bytes_processed":' + "9" * 5000 + "}",
        '{"message_type":"error","error":{"Op":7,"Err":-5},"item":["x"]}',
        '{"message_type":"error","error":{"Err":199}}',
        '{"archive":{"duration":-Infinity,"stats":{"original_size":-1,"deduplicated_size":1.5,"nfiles":"0"}}}',
        "\x1b[2K\x1b]0;title\x07\x1b",
    ],
    ids=itertools.count(),
)
@pytest.mark.django_db
@pytest.mark.parametrize("tool", ["restic", "borg"])
def test_odd_numbers_in_a_text_are_answered_and_not_believed(program, hybrid, tool, text):
    path = f"runs/{tool}?tenant={hybrid.pk}&organization=Kiel&source=srv-1&exit=1&started=1795500000"
    for body in (text, text.encode() + b"\xff\xfe\x00", text.encode("utf-16")):
        assert program.post(path, body, "text/plain").status_code == 200


def test_what_went_wrong_is_kept_in_words():
    text = "Fatal: unable to open config file\nIs there a repository at the following location?\nnorepo\n"
    assert record("restic", text, exit="1", job="x")["message"] == (
        "Fatal: unable to open config file / Is there a repository at the following location? / norepo"
    )


def test_an_error_is_told_in_words_once_per_file_and_without_the_terminals_escapes():
    error = {"message_type": "error", "error": {"Op": "open", "Path": "/srv/a", "Err": 13}, "item": "/srv/a"}
    twice = "".join(json.dumps(error | {"during": during}) + "\n" for during in ("scan", "archival"))
    found = record("restic", twice + RESTIC + "Warning: at least one source file could not be read\n", exit="3")
    assert (found["errors"], found["message"]) == (
        1,
        "/srv/a: open: Permission denied / Warning: at least one source file could not be read",
    )
    found = record("restic", "\x1b[2Ksignal interrupt received, cleaning up\n", exit="130")
    assert found["message"] == "signal interrupt received, cleaning up"


def test_a_policy_needs_no_name():
    assert record("restic", RESTIC, exit="0", interval_hours="24")["policy"] == {"name": "", "interval_hours": 24}


def test_a_run_ends_neither_in_the_future_nor_before_it_started():
    late = RESTIC.replace("90.5", "86000")
    assert record("restic", late, exit="0", started="1795507200")["ended_at"] == "2026-11-24T08:00:00+00:00"
    ahead = record("restic", RESTIC, exit="0", started="2026-11-24T08:03:00Z")
    assert ahead["ended_at"] == ahead["started_at"] == "2026-11-24T08:03:00+00:00"


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
    assert record(tool, text, exit="1", job="j")["job_id"] == "j"


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


@pytest.fixture
def machine(transactional_db, northwind, ada, portal, tmp_path):
    """A machine with a committed tenant: the server runs outside the test's transaction."""
    with scope.entered("portal", msp=northwind.pk):
        tenant = make_tenant(make_customer(northwind, "Harbour Logistics"), make_plan(northwind))
    return Machine(tmp_path, portal, issue(ada)[1], tenant)


@needs_restic
def test_restic_reports_through_the_guides_script(machine):
    assert machine.run("restic init").returncode == 0
    assert machine.report("restic backup --json data", "good").returncode == 0
    assert machine.report("restic backup --json gone", "bad").returncode != 0
    assert machine.outcomes() == {"good": ("Backup", "Successful"), "bad": ("Backup", "Failed")}
    assert machine.kept()["good"].size_bytes == 50_005
    assert machine.waiting() == []


@needs_borg
def test_borg_reports_through_the_guides_script(machine):
    assert machine.run("borg init -e none").returncode == 0
    assert machine.report("borg create ::a1 data", "good").returncode == 0
    assert machine.report("borg create ::a1 data", "bad").returncode == 2
    assert machine.report("borg prune --keep-last 1", "prune").returncode == 0
    assert machine.outcomes() == {
        "good": ("Backup", "Successful"),
        "bad": ("Backup", "Failed"),
        "prune": ("Maintenance", "Successful"),
    }
    assert machine.waiting() == []


GUIDE = Path(__file__).parents[2] / "docs" / "guide" / "connect.md"


def test_the_guide_shows_the_script_as_it_is():
    assert SCRIPT.read_text() in GUIDE.read_text()


@needs_restic
def test_the_guides_one_liner_reports_a_failure(machine):
    line = GUIDE.read_text().split("```sh\nout=", 1)[1].split("```", 1)[0]
    line = ("out=" + line).replace("https://msc.example", machine.environment["MSC_URL"])
    line = line.replace("/etc/msc.header", machine.environment["MSC_HEADER"]).replace(
        "tenant=7", f"tenant={machine.tenant.pk}"
    )
    line = line.replace("organization=Main", "organization=Kiel").replace("/srv", "/nowhere")
    done = machine.run(f"bash -c {shlex.quote(line)}", HOSTNAME="srv-1")
    assert done.returncode != 0, done
    with scope.entered("portal", msp=machine.tenant.msp_id):
        assert Run.objects.get().get_status_display() == "Failed"
