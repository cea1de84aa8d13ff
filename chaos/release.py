"""Releases of the portal as an installation keeps them: each in a folder of its own, and a link to the current one."""

import shutil
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PARTS = ("msc", "serviceplans", "customers", "tenants", "health", "templates", "static", "manage.py", "pyproject.toml")
HEADER = "X-Release"
# The new code of a release: it names itself in every answer.
_NEW_CODE = """

def _named(portal, release):
    def answer(environ, start_response):
        def start(status, headers, *rest):
            return start_response(status, [*headers, ("{header}", release)], *rest)
        return portal(environ, start)
    return answer


application = _named(application, "{name}")
"""


def publish(folder: Path, name: str) -> Path:
    """Make a release that differs from all others, lead the link `current` to it, and return the link."""
    release, current, prepared = folder / name, folder / "current", folder / "prepared"
    release.mkdir(parents=True)
    for part in PARTS:
        if (ROOT / part).is_dir():
            shutil.copytree(ROOT / part, release / part, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(ROOT / part, release / part)
    with (release / "msc" / "wsgi.py").open("a") as entry:
        entry.write(_NEW_CODE.format(header=HEADER, name=name))
    prepared.symlink_to(release)
    prepared.rename(current)
    return current
