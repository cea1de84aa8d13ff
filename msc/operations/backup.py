"""Backup into one file with a manifest beside it, and restore with proof that the portal is the same.

The figures of the manifest come from the very snapshot that is dumped: rows and a checksum of each table, and a
fingerprint of what protects them (policies, grants, triggers, constraints). A restore is in one transaction and proved
afterwards; when the proof fails, what was restored is still there and the error says so.
"""

import hashlib
import json
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.utils import timezone

from msc.stack import postgresql_program

OWNER = "owner"
_BLOCK = 1 << 20

_TABLES = """
SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = 'public' AND c.relkind = 'r' ORDER BY c.relname
"""
# What a table is protected by, each as a line of text without object ids. PostgreSQL writes the casts and brackets of
# an expression anew when it is restored, so they are left out.
_PROTECTION = r"""
SELECT regexp_replace(line, '::(character varying|text)|[][()]', '', 'g') AS line FROM (
    SELECT concat_ws(' ', 'policy', tablename, policyname, roles, cmd, qual, with_check) FROM pg_policies
    UNION ALL
    SELECT concat_ws(' ', 'table', relname, relrowsecurity, relforcerowsecurity,
        (SELECT string_agg(entry::text, ',' ORDER BY entry::text) FROM unnest(relacl) entry))
    FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'S', 'v')
    UNION ALL
    SELECT concat_ws(' ', 'trigger', tgrelid::regclass, pg_get_triggerdef(oid)) FROM pg_trigger WHERE NOT tgisinternal
    UNION ALL
    SELECT concat_ws(' ', 'constraint', conrelid::regclass, conname, pg_get_constraintdef(oid)) FROM pg_constraint
    WHERE connamespace = 'public'::regnamespace AND contype <> 'n'
    UNION ALL
    SELECT concat_ws(' ', 'index', pg_get_indexdef(indexrelid)) FROM pg_index
    WHERE indrelid IN (SELECT oid FROM pg_class WHERE relnamespace = 'public'::regnamespace)
    UNION ALL
    SELECT concat_ws(' ', 'function', p.oid::regprocedure, prosecdef, md5(prosrc),
        (SELECT string_agg(entry::text, ',' ORDER BY entry::text) FROM unnest(proacl) entry))
    FROM pg_proc p WHERE pronamespace = 'public'::regnamespace
        AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = p.oid AND d.deptype = 'e')
) lines (line) ORDER BY line
"""


class BackupError(Exception):
    """A backup or a restore cannot be vouched for; the message says why and what to do."""


@dataclass(frozen=True)
class Manifest:
    """What a backup holds: per table the number of rows and a checksum, and the fingerprint of what protects it."""

    made_at: str
    sha256: str
    protection: str
    tables: dict[str, tuple[int, str]]

    @classmethod
    def read(cls, path: Path) -> "Manifest":
        """Read the manifest beside a backup."""
        try:
            values = json.loads(path.read_text())
            tables = {name: (rows, checksum) for name, (rows, checksum) in values["tables"].items()}
            return cls(values["made_at"], values["sha256"], values["protection"], tables)
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise BackupError(f"{path} is missing or damaged: this backup cannot be vouched for.") from error


def require_owner() -> None:
    """Refuse to work as a role that does not see every row."""
    if OWNER not in settings.DATABASES:
        raise BackupError("Set MIGRATION_DATABASE_URL: backups are made and restored as the owner of the tables.")


def manifest_of(backup: Path) -> Path:
    """Return where the manifest of a backup lies."""
    return backup.with_name(backup.name + ".json")


def back_up(path: Path) -> Manifest:
    """Write a consistent backup of the running portal to a new file, readable by its owner alone."""
    if path.exists():
        raise BackupError(f"{path} exists already. Name a new file.")
    with _snapshot() as (connection, snapshot):
        tables, protection = _tables(connection), _protection(connection)
        path.touch(mode=0o600)
        _run("pg_dump", connection, "--format=custom", f"--snapshot={snapshot}", f"--file={path}")
    manifest = Manifest(timezone.now().isoformat(), _sha256(path), protection, tables)
    beside = manifest_of(path)
    beside.touch(mode=0o600)
    beside.write_text(json.dumps(asdict(manifest), indent=1))
    return manifest


def restore(path: Path) -> Manifest:
    """Restore a backup into a prepared, empty database and prove that it is the same."""
    manifest = Manifest.read(manifest_of(path))
    if not path.exists() or _sha256(path) != manifest.sha256:
        raise BackupError(f"{path} is not the file that was backed up: it is missing, cut short or altered.")
    connection = connections[OWNER]
    with connection.cursor() as cursor:
        cursor.execute(_TABLES)
        if cursor.fetchone():
            raise BackupError("The database is not empty. Restore into a new one prepared by msc/database.sql.")
    _run(
        "pg_restore",
        connection,
        "--single-transaction",
        "--exit-on-error",
        "--no-owner",
        "--no-comments",
        str(path),
    )
    differences = list(_differences(manifest, _tables(connection), _protection(connection)))
    if differences:
        raise BackupError(
            f"The restored portal differs from its backup: {'; '.join(differences)}. "
            "What was restored is still in the database: drop the database before you try again."
        )
    return manifest


def _differences(manifest: Manifest, tables: dict[str, tuple[int, str]], protection: str) -> Iterator[str]:
    for name in sorted({*manifest.tables, *tables}):
        if manifest.tables.get(name) != tables.get(name):
            yield f"table {name}"
    if manifest.protection != protection:
        yield "policies, grants, triggers or constraints"


@contextmanager
def _snapshot() -> Iterator[tuple[BaseDatabaseWrapper, str]]:
    """Hold one view of the database, which `pg_dump` then shares."""
    connection = connections[OWNER]
    with connection.cursor() as cursor:
        cursor.execute("SET idle_in_transaction_session_timeout = 0")
        cursor.execute("SET statement_timeout = 0")
        cursor.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        try:
            cursor.execute("SELECT pg_export_snapshot()")
            (snapshot,) = cursor.fetchone()
            yield connection, snapshot
        finally:
            cursor.execute("ROLLBACK")


def _tables(connection: BaseDatabaseWrapper) -> dict[str, tuple[int, str]]:
    """Return per table the number of rows and the sum of their hashes, which no order changes."""
    figures = {}
    with connection.cursor() as cursor:
        cursor.execute("SET statement_timeout = 0")
        cursor.execute(_TABLES)
        for (name,) in cursor.fetchall():
            cursor.execute(
                f'SELECT count(*), coalesce(sum(hashtextextended(t::text, 0)::numeric), 0)::text FROM "{name}" t'  # noqa: S608
            )
            rows, checksum = cursor.fetchone()
            figures[name] = (rows, checksum)
    return figures


def _protection(connection: BaseDatabaseWrapper) -> str:
    with connection.cursor() as cursor:
        cursor.execute(_PROTECTION)
        lines = [line for (line,) in cursor.fetchall()]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            digest.update(block)
    return digest.hexdigest()


def _run(program: str, connection: BaseDatabaseWrapper, *arguments: str) -> None:
    """Run one of PostgreSQL's programs as the owner; its words are the error's."""
    values: dict[str, Any] = connection.settings_dict
    environment = {
        **os.environ,
        "PGHOST": str(values["HOST"]),
        "PGPORT": str(values["PORT"] or 5432),
        "PGUSER": str(values["USER"]),
        "PGPASSWORD": str(values["PASSWORD"] or ""),
        "PGDATABASE": str(values["NAME"]),
    }
    # A newer pg_restore sets what an older server does not know.
    version: int = connection.pg_version // 10_000  # type: ignore[attr-defined]
    command = [str(postgresql_program(version).with_name(program)), *arguments]
    if program == "pg_restore":
        command.insert(1, f"--dbname={values['NAME']}")
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)  # noqa: S603
    if done.returncode:
        raise BackupError(f"{program} failed: {done.stderr.strip()}")
