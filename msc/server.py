"""What a private server of one machine needs: an unprivileged user, folders it may enter, an end with its parent."""

import abc
import ctypes
import hashlib
import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

_SERVICE_USER = "nobody"
_LONGEST_SOCKET_PATH = 100
_PATIENCE_SECONDS = 30.0


class StackError(Exception):
    """A private server cannot run; the message is one sentence for the person who started it."""


def end_with_parent(number: signal.Signals, parent: int | None = None) -> Callable[[], None]:
    """Return what a child runs before its program, so that the kernel sends it the signal when its parent dies."""
    expected = parent or os.getpid()
    prctl = ctypes.CDLL(None).prctl if sys.platform == "linux" else None

    def arrange() -> None:
        if prctl:
            prctl(1, int(number))  # PR_SET_PDEATHSIG
            if os.getppid() != expected:
                os._exit(1)

    return arrange


def _service_user() -> pwd.struct_passwd | None:
    """Return the user that servers run as when root starts them; anybody else runs them as themselves."""
    return None if os.geteuid() else pwd.getpwnam(_SERVICE_USER)


def run(*command: str | Path) -> subprocess.CompletedProcess[str]:
    """Run a program to its end as the user of the servers."""
    user = _service_user()
    return subprocess.run(  # noqa: S603 - fixed programs of our own
        command,
        cwd="/",
        env=_environment(),
        user=user and user.pw_uid,
        group=user and user.pw_gid,
        extra_groups=[] if user else None,
        capture_output=True,
        text=True,
        check=False,
    )


def _environment() -> dict[str, str]:
    return {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C.UTF-8", "TZ": "UTC"}


def _reachable(path: Path) -> bool:
    """Tell whether the user of the servers may enter a folder or run a program."""
    return run("test", "-x", path).returncode == 0


def _given(path: Path) -> Path:
    """Make a folder that only the user of the servers may enter."""
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    user = _service_user()
    if path.is_symlink() or path.stat().st_uid not in {os.geteuid(), user.pw_uid if user else os.geteuid()}:
        raise StackError(f"The folder {path} belongs to somebody else: please remove it.")
    if user:
        os.chown(path, user.pw_uid, user.pw_gid)
    return path


def _digest(path: Path) -> str:
    return hashlib.sha256(str(path).encode()).hexdigest()[:12]


def _home(folder: Path) -> Path:
    """Return the folder for a server's files, elsewhere behind a link when its user may not enter this one."""
    folder = folder.absolute()
    folder.parent.mkdir(parents=True, exist_ok=True)
    if _reachable(folder.parent):
        return _given(folder)
    elsewhere = _given(Path("/var/tmp") / f"msc-{_digest(folder)}")  # noqa: S108 - survives a restart, name is checked
    if not folder.is_symlink():
        folder.symlink_to(elsewhere)
    return elsewhere


def socket_folder(home: Path, name: str) -> Path:
    """Return where the socket of that name lies: in the server's folder unless that makes its path too long."""
    if len(str(home / name)) <= _LONGEST_SOCKET_PATH:
        return home
    return _given(Path(tempfile.gettempdir()) / f"msc-{_digest(home)}")


def programs_of_wheel(module: str, pattern: str) -> Iterator[Path]:
    """Yield the programs of a wheel, found without importing it."""
    found = importlib.util.find_spec(module)
    for location in (found and found.submodule_search_locations) or ():
        yield from Path(location).glob(pattern)


def runnable(program: Path, home: Path) -> Path:
    """Return the program, or a copy beside the server's data when its user may not enter the virtual environment."""
    if _reachable(program):
        return program
    site = next((parent for parent in program.parents if parent.name == "site-packages"), None)
    if site is None:
        raise StackError(f"The user {_SERVICE_USER} may not run {program}.")
    package = program.relative_to(site).parts[0]
    copies = home / "programs"
    copies.mkdir(exist_ok=True)
    # The programs look for their libraries in the folder beside the package.
    for name in (package, f"{package}.libs"):
        if (site / name).exists():
            shutil.copytree(site / name, copies / name, dirs_exist_ok=True, symlinks=True)
    return copies / program.relative_to(site)


class Server(abc.ABC):
    """One private server: a folder, a socket in it, a log and a process that ends with its parent."""

    name: str
    stop_signal: signal.Signals

    def __init__(self, folder: Path) -> None:
        self.home = _home(folder)
        self.log = self.home / "log"
        self.process: subprocess.Popen[bytes] | None = None

    def spawn(self, *command: str | Path) -> None:
        """Start the program and wait until it answers."""
        user = _service_user()
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(  # noqa: S603 - fixed programs of our own
                command,
                cwd="/",
                env=_environment(),
                user=user and user.pw_uid,
                group=user and user.pw_gid,
                extra_groups=[] if user else None,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=end_with_parent(self.stop_signal),  # noqa: PLW1509 - started before there are threads
            )
        self._wait()

    def _wait(self) -> None:
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while not self.answers():
            if self.process is None or self.process.poll() is not None:
                raise StackError(f"{self.name} did not start; the end of {self.log} says why.")
            if time.monotonic() > deadline:
                raise StackError(f"{self.name} does not answer; see {self.log}.")
            time.sleep(0.02)

    @abc.abstractmethod
    def answers(self) -> bool:
        """Tell whether the server takes commands."""

    def stop(self) -> None:
        """Stop the server in order and wait for its end."""
        if self.process and self.process.poll() is None:
            self.process.send_signal(self.stop_signal)
            self.process.wait()
