"""What the scripts of make say where something is missing and only root could get it."""

import os
import subprocess

import pytest

from msc.portal import ROOT


@pytest.fixture
def as_somebody(tmp_path):
    """Run a script as if by an ordinary user, whose PATH begins with the programs given by name and text."""

    def run(script, *arguments, **programs):
        for name, text in {"id": "echo 1000", "apt-get": "exit 99", **programs}.items():
            (tmp_path / name).write_text(f"#!/bin/sh\n{text}\n")
            (tmp_path / name).chmod(0o755)
        environment = {**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}"}
        command = [ROOT / "scripts" / script, *arguments]
        return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)

    return run


def test_a_python_without_venv_is_told_the_line_to_run(as_somebody):
    python = 'case "$*" in *ensurepip*) exit 1;; --version) echo Python 3.11.2;; esac'
    result = as_somebody("make-venv", "barepython", barepython=python)
    assert result.returncode == 1
    assert result.stderr == "Please run: sudo apt-get install --no-install-recommends python3-venv\n"


def test_an_old_python_is_refused(as_somebody):
    python = 'case "$*" in *version_info*) exit 1;; --version) echo Python 3.9.2;; esac'
    result = as_somebody("make-venv", "oldpython", oldpython=python)
    assert result.returncode == 1
    assert result.stderr.startswith("The portal needs Python 3.11 or newer; this is Python 3.9.2.")


def test_no_python_is_said_so(as_somebody):
    result = as_somebody("make-venv", "no-such-python")
    assert result.returncode == 1
    assert result.stderr == "There is no no-such-python here. The portal needs Python 3.11 or newer.\n"
