"""What the shared folder of a cluster says of a job, whichever machine carries it out: its end, its keeper, a probe.

The decision to know: how old the last beat is, is told by the folder's own clock. The machines that write and read it
may have others.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from runners.places.far_files import safe
from runners.places.supervisor import exit_status
from runners.rundir import RunDir


def prepare(run_dir: RunDir, attempt: int) -> None:
    """Make the folder of an attempt, and take away what an earlier start of it, or a stop before it, left."""
    run_dir.attempt(attempt).mkdir(parents=True, exist_ok=True)
    left = (run_dir.stop, run_dir.pid(attempt), run_dir.rc(attempt), run_dir.beat(attempt), run_dir.kill(attempt))
    for path in left:
        path.unlink(missing_ok=True)


def record(run_dir: RunDir, attempt: int) -> dict[str, Any]:
    """Return whether a job ended, with which status, how long its keeper is silent, and whether it was to be killed.

    `beat_age_s` is None for a keeper that never began.
    """
    ended, status = exit_status(run_dir, attempt)
    return {
        "ended": ended,
        "exit_code": status,
        "beat_age_s": _age_s(run_dir.beat(attempt)),
        "killed": run_dir.kill(attempt).exists(),
    }


def probes(folder: Path) -> Path:
    """Return where probes of a cluster's machines are written."""
    return folder / "probes"


def write_probe(folder: Path, name: str, told: dict[str, Any]) -> None:
    """Write what a machine says of itself, whole or not at all."""
    path = safe(probes(folder), f"{name}.json")
    path.parent.mkdir(exist_ok=True)
    aside = path.with_suffix(".part")
    aside.write_text(json.dumps(told), encoding="utf-8")
    aside.replace(path)


def take_probe(folder: Path, name: str) -> dict[str, Any] | None:
    """Return what a machine said of itself, and delete it; None while it has said nothing."""
    path = safe(probes(folder), f"{name}.json")
    try:
        told: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    path.unlink(missing_ok=True)
    return told


def _age_s(path: Path) -> float | None:
    """Return how long ago a file was touched; None where there is none."""
    now = path.with_name(".now")
    try:
        touched = path.stat().st_mtime
        now.touch()
        return max(0.0, now.stat().st_mtime - touched)
    except FileNotFoundError:
        return None
