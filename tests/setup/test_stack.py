"""The private servers: who runs them, who reaches them, what they log, and that they end with their parent."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import psycopg
import pytest

from msc.server import StackError, run
from msc.stack import LOGIN, OWNER, SUPERUSER, PostgreSQL, Valkey, connect, postgresql_program, throwaway
from tests.setup.processes import alive, children, eventually


@pytest.fixture(scope="module")
def servers():
    with throwaway() as both:
        yield both


@pytest.fixture
def folder():
    """A folder that any user may enter, unlike pytest's own."""
    path = Path(tempfile.mkdtemp(prefix="msc-test-"))
    path.chmod(0o711)
    yield path
    shutil.rmtree(path)


def _ask(url, question):
    with connect(url) as connection:
        return connection.execute(question).fetchone()[0]


def test_servers_run_as_an_unprivileged_user(servers):
    for server in servers:
        assert Path(f"/proc/{server.process.pid}").stat().st_uid != 0


def test_servers_listen_on_sockets_only(servers):
    postgresql, _ = servers
    assert _ask(postgresql.url(SUPERUSER), "SHOW listen_addresses") == ""
    for server in servers:
        sockets = {
            str(link.readlink()) for link in Path(f"/proc/{server.process.pid}/fd").iterdir() if link.is_symlink()
        }
        inodes = {name.removeprefix("socket:[").rstrip("]") for name in sockets if name.startswith("socket:[")}
        listening = {line.split()[9] for line in Path("/proc/net/tcp").read_text().splitlines() if " 0A " in line}
        assert not inodes & listening


def test_nobody_else_may_enter_the_servers_folders(servers):
    for server in servers:
        assert server.home.stat().st_mode & 0o077 == 0


needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can act as another user")


def _refusal_of_another_user(postgresql, role):
    result = run(postgresql.programs / "psql", postgresql.url(role), "--command=SELECT 1")
    return result.stderr if result.returncode else ""


@needs_root
@pytest.mark.parametrize("role", [SUPERUSER, OWNER, LOGIN])
def test_another_user_of_the_machine_is_refused_at_the_socket(servers, role):
    postgresql, _ = servers
    assert f'Peer authentication failed for user "{role}"' in _refusal_of_another_user(postgresql, role)
    assert _ask(postgresql.url(role), "SELECT current_user") == role


@needs_root
def test_data_of_an_earlier_release_trust_no_other_user_any_more(folder):
    postgresql = PostgreSQL(folder / "postgresql", durable=False)
    postgresql.start()
    postgresql.stop()
    (postgresql.data / "pg_hba.conf").write_text("local all all trust\nhost all all 127.0.0.1/32 trust\n")
    (postgresql.data / "pg_ident.conf").write_text("")
    postgresql.start()
    try:
        assert "Peer authentication failed" in _refusal_of_another_user(postgresql, SUPERUSER)
        assert _ask(postgresql.url(LOGIN), "SELECT current_user") == LOGIN
    finally:
        postgresql.stop()


def test_a_refused_statement_leaves_no_value_in_the_log(servers):
    postgresql, _ = servers
    with psycopg.connect(postgresql.url(SUPERUSER), autocommit=True) as connection:
        connection.execute("CREATE TABLE names (name text PRIMARY KEY)")
        for _turn in range(2):
            try:
                connection.execute("INSERT INTO names VALUES (%s)", ["Hidden Harbour"])
            except psycopg.errors.UniqueViolation:
                assert _turn
    log = postgresql.log.read_text()
    assert "duplicate key" in log
    assert "Hidden Harbour" not in log


def test_preparing_a_database_again_changes_nothing(servers):
    postgresql, _ = servers
    roles = "SELECT string_agg(r::text, ',' ORDER BY rolname) FROM pg_roles r WHERE rolname LIKE 'msc%'"
    before = _ask(postgresql.url(SUPERUSER), roles)
    with connect(postgresql.url(SUPERUSER)) as connection:
        connection.execute(Path("msc/database.sql").read_bytes())
    assert _ask(postgresql.url(SUPERUSER), roles) == before
    assert _ask(postgresql.url(LOGIN), "SELECT current_user") == LOGIN


def test_servers_die_with_a_killed_parent_and_the_next_ones_sweep_up():
    sleeper = [sys.executable, "-m", "msc.stack", "-c", "import time; print(0, flush=True); time.sleep(600)"]
    with subprocess.Popen(sleeper, stdout=subprocess.PIPE) as parent:
        parent.stdout.readline()
        started = children(parent.pid)
        left = {line for pid in started for line in _folders_of(pid)}
        parent.kill()
    assert len(started) == 3
    servers = [pid for pid in started if _is_server(pid) or not alive(pid)]
    assert eventually(lambda: not any(alive(pid) for pid in servers), 20)
    for pid in started:
        if alive(pid):
            os.kill(pid, signal.SIGKILL)
    with throwaway():
        assert not any(Path(folder).exists() for folder in left)


def _folders_of(pid):
    words = Path(f"/proc/{pid}/cmdline").read_text().split("\0")
    return {
        "/".join(word.split("/")[:3]) for word in words if word.startswith(tempfile.gettempdir() + "/msc-throwaway")
    }


def _is_server(pid):
    return any(name in Path(f"/proc/{pid}/cmdline").read_text() for name in ("postgres", "valkey"))


def test_a_long_path_moves_only_the_socket(folder):
    long = folder / ("deep" * 30)
    valkey = Valkey(long)
    valkey.start()
    try:
        assert valkey.answers()
        assert not valkey.socket.is_relative_to(folder)
        assert (long / "appendonlydir").exists()
    finally:
        valkey.stop()
        shutil.rmtree(valkey.socket.parent)


def test_a_folder_closed_to_the_servers_user_becomes_a_link(folder):
    folder.chmod(0o700)
    valkey = Valkey(folder / "valkey")
    valkey.start()
    try:
        assert valkey.answers()
        assert (folder / "valkey").is_symlink() == (os.geteuid() == 0)
    finally:
        valkey.stop()
        if valkey.home != folder / "valkey":
            shutil.rmtree(valkey.home)


def test_data_of_another_version_are_refused_in_words(folder):
    server = PostgreSQL(folder / "postgresql")
    server.data.mkdir()
    (server.data / "PG_VERSION").write_text("9\n")
    with pytest.raises(StackError, match=r"made by PostgreSQL 9.*MSC_PG_BIN"):
        server.start()


def test_a_server_that_cannot_start_says_where_to_look(folder, monkeypatch):
    monkeypatch.setenv("MSC_PG_BIN", str(folder))
    with pytest.raises(StackError, match="There is no PostgreSQL"):
        PostgreSQL(folder / "postgresql")


DEBIAN = Path("/usr/lib/postgresql/15/bin/postgres")


@pytest.mark.skipif(not DEBIAN.exists(), reason="Debian's PostgreSQL 15 is not here")
def test_programs_of_the_servers_version_go_before_newer_ones(monkeypatch):
    monkeypatch.delenv("MSC_PG_BIN", raising=False)
    assert postgresql_program(15) == DEBIAN
    assert postgresql_program() == postgresql_program(14) != DEBIAN
    monkeypatch.setenv("MSC_PG_BIN", str(postgresql_program().parent))
    assert postgresql_program(15) == postgresql_program()
