"""What the portal keeps of each situation of restic, borg and borgmatic: the tables are those of the guide."""

import json
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from health.statuses import RunStatus
from msc.access import scope

pytestmark = pytest.mark.timeout(400)
MB = 2**20
UNREADABLE = "/proc/self/mem"


def wait_for(condition: Callable[[], bool]) -> None:
    for _ in range(150):
        if condition():
            return
        time.sleep(0.2)
    pytest.fail("this did not happen within 30 seconds")


def many_files(folder: Path, number: int) -> None:
    """Make files whose paths are so long that what a tool prints of each of them makes 20 MB."""
    deep = folder / "seed" / ("x" * 230) / ("y" * 230) / ("z" * 230)
    deep.mkdir(parents=True)
    for count in range(number):
        (deep / f"{count:06}{'f' * 180}").touch()


@pytest.mark.needs("restic")
def test_restic(machine):
    assert machine.run("restic init").returncode == 0
    wrong, nowhere = {"RESTIC_PASSWORD": "wrong"}, {"RESTIC_REPOSITORY": "nowhere"}
    codes = {
        "success": machine.report("restic backup --json data", "success"),
        "plain": machine.report("restic backup data", "plain"),
        "quiet": machine.report("restic backup --quiet data", "quiet"),
        "one missing": machine.report("restic backup --json data gone", "one missing"),
        "unreadable": machine.report(f"restic backup --json data {UNREADABLE}", "unreadable"),
        "all missing": machine.report("restic backup --json gone", "all missing"),
        "password": machine.report("restic backup --json data", "password", wrong),
        "repository": machine.report("restic backup --json data", "repository", nowhere),
        "restore": machine.report("restic restore latest --target out", "restore"),
        "check": machine.report("restic check", "check"),
        "check fails": machine.report("restic check", "check fails", wrong),
        "forget": machine.report("restic forget --keep-last 3", "forget"),
        "prune": machine.report("restic prune", "prune"),
        "stats": machine.report("restic stats --json", "stats"),
        "snapshots": machine.report("restic snapshots --json", "snapshots"),
        "in a script": machine.report('sh -c "restic check"', "in a script"),
        "no program": machine.report("/nowhere/restic backup data", "no program"),
    }
    failing = {"all missing", "password", "repository", "check fails", "no program", "unreadable"}
    assert {name for name, done in codes.items() if done.returncode} == failing
    assert all(": 200 " in done.stderr for done in codes.values()), codes
    assert machine.outcomes() == {
        "success": ("Backup", "Successful"),
        "plain": ("Backup", "Successful"),
        "quiet": ("Other", "Successful"),
        "one missing": ("Backup", "Completed with errors"),
        "unreadable": ("Backup", "Completed with errors"),
        "all missing": ("Backup", "Failed"),
        "password": ("Backup", "Failed"),
        "repository": ("Backup", "Failed"),
        "restore": ("Restore", "Successful"),
        "check": ("Maintenance", "Successful"),
        "check fails": ("Maintenance", "Failed"),
        "forget": ("Maintenance", "Successful"),
        "prune": ("Maintenance", "Successful"),
        "stats": ("Maintenance", "Successful"),
        "snapshots": ("Other", "Successful"),
        "in a script": ("Maintenance", "Successful"),
        "no program": ("Backup", "Failed"),
    }
    kept = machine.kept()
    assert kept["success"].size_bytes == 50_005
    assert (kept["unreadable"].errors, kept["unreadable"].message.split(" / ")[0]) == (
        1,
        f"{UNREADABLE}: read: Input/output error",
    )
    assert "wrong password" in kept["password"].message
    assert "do not exist" in kept["all missing"].message
    assert kept["quiet"].size_bytes is None
    assert machine.waiting() == []


@pytest.mark.needs("restic")
def test_a_locked_restic_repository(machine):
    machine.run("restic init")
    (machine.folder / "data" / "big").write_bytes(os.urandom(300_000))
    machine.run("restic backup data")
    # Reads one kilobyte a second, so that it holds its lock as long as it is needed.
    holder = machine.start("restic check --read-data --limit-download 1")
    try:
        wait_for(lambda: any((machine.folder / "restic" / "locks").iterdir()))
        done = machine.report("restic backup --json data", "locked")
    finally:
        os.killpg(holder.pid, signal.SIGKILL)
        holder.communicate()
    assert done.returncode != 0
    assert machine.outcomes() == {"locked": ("Backup", "Failed")}
    assert "already locked" in machine.kept()["locked"].message


@pytest.mark.needs("borg")
def test_borg(machine):
    assert machine.run("borg init -e repokey").returncode == 0
    wrong, nowhere = {"BORG_PASSPHRASE": "wrong"}, {"BORG_REPO": "nowhere"}
    codes = {
        "success": machine.report("borg create --json ::a1 data", "success"),
        "stats": machine.report("borg create --stats ::a2 data", "stats"),
        "silent": machine.report("borg create ::a3 data", "silent"),
        "one missing": machine.report("borg create --json ::a4 data gone", "one missing"),
        "logged": machine.report("borg --log-json create --json --progress ::a5 data gone", "logged"),
        "taken": machine.report("borg create --json ::a1 data", "taken"),
        "password": machine.report("borg create --json ::a6 data", "password", wrong),
        "repository": machine.report("borg create --json ::a6 data", "repository", nowhere),
        "restore": machine.report("borg extract ::a1", "restore"),
        "check": machine.report("borg check", "check"),
        "prune": machine.report("borg prune --keep-last 2 --list", "prune"),
        "compact": machine.report("borg compact", "compact"),
        "info": machine.report("borg info ::a5", "info"),
        "in a script": machine.report('sh -c "borg check"', "in a script"),
    }
    failing = {"taken", "password", "repository", "one missing", "logged"}
    assert {name for name, done in codes.items() if done.returncode} == failing
    assert all(": 200 " in done.stderr for done in codes.values()), codes
    assert machine.outcomes() == {
        "success": ("Backup", "Successful"),
        "stats": ("Backup", "Successful"),
        "silent": ("Backup", "Successful"),
        "one missing": ("Backup", "Completed with errors"),
        "logged": ("Backup", "Completed with errors"),
        "taken": ("Backup", "Failed"),
        "password": ("Backup", "Failed"),
        "repository": ("Backup", "Failed"),
        "restore": ("Restore", "Successful"),
        "check": ("Maintenance", "Successful"),
        "prune": ("Maintenance", "Successful"),
        "compact": ("Maintenance", "Successful"),
        "info": ("Other", "Successful"),
        "in a script": ("Other", "Successful"),
    }
    kept = machine.kept()
    assert kept["success"].size_bytes > 50_000
    assert kept["silent"].size_bytes is None
    assert "already exists" in kept["taken"].message
    assert "gone" in kept["logged"].message
    assert machine.waiting() == []


@pytest.mark.needs("borg")
def test_a_locked_borg_repository(machine):
    machine.run("borg init -e repokey")
    repository = machine.folder / "borg"
    holder = machine.start(f"borg with-lock {repository} sleep 60")
    try:
        wait_for((repository / "lock.exclusive").exists)
        done = machine.report("borg create --json --lock-wait 1 ::a data", "locked")
    finally:
        os.killpg(holder.pid, signal.SIGKILL)
        holder.communicate()
    assert done.returncode == 2
    assert machine.outcomes() == {"locked": ("Backup", "Failed")}
    assert "lock" in machine.kept()["locked"].message.lower()


@pytest.mark.needs("borg", "borgmatic")
def test_borgmatic(machine):
    machine.run("borg init -e repokey")
    folder = machine.folder

    def settings(name: str, *repositories: str, source: str = "data") -> str:
        (folder / name).write_text(
            json.dumps(
                {
                    "source_directories": [str(folder / source)],
                    "repositories": [{"path": str(folder / repository)} for repository in repositories],
                    "keep_daily": 2,
                }
            )
        )
        return f"borgmatic --config {folder / name}"

    good = settings("good.yaml", "borg")
    codes = {
        "success": machine.report(f"{good} create --json", "success"),
        "plain": machine.report(f"{good} create", "plain"),
        "stats": machine.report(f"{good} create --stats --verbosity 1", "stats"),
        "every action": machine.report(f"{good} --stats --verbosity 1", "every action"),
        "check": machine.report(f"{good} check", "check"),
        "prune": machine.report(f"{good} prune --stats", "prune"),
        "password": machine.report(f"{good} create --json", "password", {"BORG_PASSPHRASE": "wrong"}),
        "repository": machine.report(f"{settings('bad.yaml', 'nowhere')} create --json", "repository"),
        "one of two": machine.report(f"{settings('two.yaml', 'borg', 'nowhere')} create --json", "one of two"),
    }
    assert {name for name, done in codes.items() if done.returncode} == {"password", "repository", "one of two"}
    assert machine.outcomes() == {
        "success": ("Backup", "Successful"),
        "plain": ("Backup", "Successful"),
        "stats": ("Backup", "Successful"),
        "every action": ("Backup", "Successful"),
        "check": ("Maintenance", "Successful"),
        "prune": ("Maintenance", "Successful"),
        "password": ("Backup", "Failed"),
        "repository": ("Backup", "Failed"),
        "one of two": ("Backup", "Failed"),
    }
    assert machine.kept()["success"].size_bytes > 50_000
    assert machine.waiting() == []


@pytest.mark.needs("restic")
def test_a_first_restic_backup_that_prints_twenty_megabytes(machine):
    machine.run("restic init")
    many_files(machine.folder, 24_000)
    command = "restic backup --json --verbose=2 seed"
    assert len(machine.run(f"{command} --dry-run").stdout) > 20 * MB
    assert machine.report(command, "seed").returncode == 0
    assert machine.outcomes() == {"seed": ("Backup", "Successful")}
    assert machine.kept()["seed"].size_bytes is not None
    assert machine.waiting() == []


@pytest.mark.needs("borg")
def test_a_first_borg_backup_that_prints_twenty_megabytes(machine):
    machine.run("borg init -e repokey")
    many_files(machine.folder, 24_000)
    printed = machine.run("borg --log-json create --json --list ::a1 seed")
    assert len(printed.stdout + printed.stderr) > 20 * MB
    # Neither is borg's plain list a progress that could be left out.
    for number, command in enumerate(("borg --log-json create --json --list", "borg create --stats --list")):
        assert machine.report(f"{command} ::b{number} seed", f"seed {number}").returncode == 0
    assert set(machine.outcomes().values()) == {("Backup", "Successful")}
    assert machine.waiting() == []


@pytest.mark.needs("restic")
@pytest.mark.parametrize("sent", [signal.SIGTERM, signal.SIGKILL])
def test_a_run_that_is_killed_is_reported_as_failed(machine, sent):
    machine.run("restic init")
    (machine.folder / "data" / "big").write_bytes(os.urandom(2 * MB))
    slow = machine.start(machine.wrapped("restic backup --json --limit-upload 20 data", "killed"))
    wait_for(lambda: machine.outcomes().get("killed") == ("Backup", "Running"))
    wait_for(lambda: any((machine.folder / "restic" / "locks").iterdir()))
    if sent == signal.SIGKILL:
        os.killpg(slow.pid, sent)
        slow.communicate()
        assert machine.outcomes() == {"killed": ("Backup", "Running")}
        machine.run("restic unlock --remove-all")
        assert machine.report("restic backup --json data/a", "next").returncode == 0
        assert "cut off" in machine.kept()["killed"].message
    else:
        slow.terminate()
        out, err = slow.communicate(timeout=60)
        assert slow.returncode != 0, out + err
    assert machine.kept()["killed"].status in (RunStatus.FAILED, RunStatus.CANCELLED)
    assert machine.waiting() == []


@pytest.mark.needs("restic")
def test_what_the_portal_refuses_is_kept_apart_and_said_aloud(machine):
    machine.run("restic init")
    done = machine.report("restic backup --json data", "refused", tenant=999_999)
    assert done.returncode == 0
    assert "There is no such tenant." in done.stderr
    assert sorted(path.suffix for path in (machine.spool / "refused").iterdir()) == [".out", ".ready"]
    with scope.entered("portal", msp=machine.tenant.msp_id):
        assert machine.tenant.msp.api_credentials.get().refused_records.count() == 2


@pytest.mark.needs("restic")
def test_nothing_is_lost_while_the_portal_is_away_or_the_credential_is_wrong(machine):
    machine.run("restic init")
    away = {"MSC_URL": "http://127.0.0.1:9"}
    assert machine.report("restic backup --json data", "away", away).returncode == 0
    assert machine.report("restic backup --json gone", "away and failed", away).returncode == 1
    (machine.folder / "wrong").write_text("Authorization: Bearer msc_wrong\n")
    wrong = machine.report("restic backup --json data", "wrong", {"MSC_HEADER": str(machine.folder / "wrong")})
    assert (wrong.returncode, "401" in wrong.stderr) == (0, True)
    assert machine.kept() == {}
    assert len([name for name in machine.waiting() if name.endswith(".ready")]) == 3
    assert machine.report("restic backup --json data", "back").returncode == 0
    assert machine.outcomes() == {
        "away": ("Backup", "Successful"),
        "away and failed": ("Backup", "Failed"),
        "wrong": ("Backup", "Successful"),
        "back": ("Backup", "Successful"),
    }
    assert machine.waiting() == []
