"""A customer's machine on which real backup tools run, and report through connect/msc-run to the server of the tests."""

import os
import shlex
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from health.models import Run
from msc.access import scope
from tenants.models import Tenant

SCRIPT = Path(__file__).parents[1] / "connect" / "msc-run"
#: A name that must be encoded in an address.
ORGANIZATION = 'Kiel "Nord" & Söhne'
SECONDS = 100


class Machine:
    """A folder with files to back up, repositories beside them, and the environment of a service."""

    def __init__(self, folder: Path, server: str, secret: str, tenant: Tenant) -> None:
        self.folder, self.tenant = folder, tenant
        self.spool = folder / "spool"
        self.environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(folder),
            "RESTIC_PASSWORD": "only-for-the-tests",
            "RESTIC_REPOSITORY": str(folder / "restic"),
            "BORG_REPO": str(folder / "borg"),
            "BORG_PASSPHRASE": "only-for-the-tests",
            "BORG_BASE_DIR": str(folder),
            "MSC_URL": server,
            "MSC_HEADER": str(folder / "header"),
            "MSC_SPOOL": str(self.spool),
        }
        (folder / "header").write_text(f"Authorization: Bearer {secret}\n")
        (folder / "data").mkdir()
        (folder / "data" / "a").write_text("hello")
        (folder / "data" / "b").write_bytes(os.urandom(50_000))

    def start(self, command: str, **environment: str) -> subprocess.Popen[str]:
        """Start a command in a process group of its own."""
        return subprocess.Popen(
            shlex.split(command),
            cwd=self.folder,
            env=self.environment | environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def run(self, command: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run a command to its end."""
        with self.start(command, **environment) as process:
            out, err = process.communicate(timeout=SECONDS)
            return subprocess.CompletedProcess(command, process.returncode, out, err)

    def wrapped(self, command: str, source: str, **parameters: Any) -> str:
        """Return the command as msc-run runs and reports it."""
        tool = "restic" if "restic" in command else "borg"
        given = {"tenant": self.tenant.pk, "organization": ORGANIZATION, "source": source} | parameters
        words = [shlex.quote(f"{name}={value}") for name, value in given.items()]
        return f"sh {SCRIPT} {tool} {' '.join(words)} -- {command}"

    def report(
        self, command: str, source: str, environment: Mapping[str, str] | None = None, **parameters: Any
    ) -> subprocess.CompletedProcess[str]:
        """Run the command by msc-run."""
        return self.run(self.wrapped(command, source, **parameters), **environment or {})

    def waiting(self) -> list[str]:
        """Return the names of what waits in the spool."""
        return sorted(path.name for path in self.spool.iterdir()) if self.spool.exists() else []

    def kept(self) -> dict[str, Run]:
        """Return the latest run of each data source that the portal keeps."""
        with scope.entered("portal", msp=self.tenant.msp_id):
            runs = Run.objects.for_msp(self.tenant.msp_id).select_related("data_source").order_by("moment", "pk")
            assert {run.data_source.organization for run in runs} <= {ORGANIZATION}
            return {run.data_source.name: run for run in runs}

    def outcomes(self) -> dict[str, tuple[str, str]]:
        """Return the kind and the status of the latest run of each data source, in words."""
        return {name: (run.get_kind_display(), run.get_status_display()) for name, run in self.kept().items()}
