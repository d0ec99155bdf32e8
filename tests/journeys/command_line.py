"""The command line as a process of its own, which must end as it is expected to."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.conftest import ROOT


def run(folder: Path, *arguments: str, code: int = 0) -> subprocess.CompletedProcess[str]:
    """Run a command on a project."""
    done = subprocess.run(
        [sys.executable, "-m", "workbench", "-p", str(folder), *arguments],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        check=False,
    )
    assert done.returncode == code, done.stderr
    return done


def data(folder: Path, *arguments: str) -> Any:
    """Return what a command gives as data."""
    return json.loads(run(folder, *arguments, "--json").stdout)
