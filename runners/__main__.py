"""The job: `python -m runners RUN_DIR [--attempt N]` carries out one attempt of a run.

The decision to know: whatever happens, the attempt gets a last word: `finished`, `stopped` or `error`. Only then does
the process end, with 0, 0 or 1. Torch is loaded after the first event, so a Python without it can say so.
"""

from __future__ import annotations

import argparse
import faulthandler
import importlib.metadata
import platform
import socket
import sys
import time
import traceback
from collections.abc import Sequence
from os import getpid
from pathlib import Path
from typing import Any

from runners.errors import RunDirError, RunnersError
from runners.rundir import RunDir
from runners.spec import RunSpec
from runners.tasks.reporter import Reporter

_PACKAGES = ("torch", "transformers", "peft", "safetensors", "tokenizers")


def main(arguments: Sequence[str] | None = None) -> int:
    """Carry out one attempt; return the exit status of the process."""
    parser = argparse.ArgumentParser(prog="python -m runners", description="Carry out one attempt of a run.")
    parser.add_argument("run_dir", type=Path, metavar="RUN_DIR", help="the run directory")
    parser.add_argument("--attempt", type=int, help="number of an attempt whose folder stands; a new one when left out")
    options = parser.parse_args(arguments)
    run_dir = RunDir(options.run_dir.resolve())
    try:
        attempt = _attempt(run_dir, options.attempt)
        reporter = Reporter(run_dir, attempt)
    except RunDirError as error:
        print(error, file=sys.stderr)
        return 1
    with reporter:
        try:
            _carry_out(run_dir, reporter)
        except Exception as error:  # noqa: BLE001 - the job's boundary: every failure becomes its last word
            reporter.last_word("error", _told(error))
            return 1
    return 0


def _attempt(run_dir: RunDir, number: int | None) -> int:
    if number is None:
        return run_dir.new_attempt()
    if not run_dir.attempt(number).is_dir():
        raise RunDirError(f"{run_dir.attempt(number)}: no such attempt. Leave --attempt out to start a new one.")
    return number


def _carry_out(run_dir: RunDir, reporter: Reporter) -> None:
    began = time.monotonic()
    spec = run_dir.spec()
    reporter.emit("started", _about(spec))
    run_dir.verify()
    if not reporter.stop_requested():
        # Imported here: it loads torch, which takes seconds and may be missing.
        from runners.tasks.run import run_task

        run_task(run_dir, spec, reporter)
    if reporter.stop_reason is not None:
        reporter.last_word("stopped", {"reason": reporter.stop_reason})
    else:
        reporter.last_word("finished", {"seconds": round(time.monotonic() - began, 3)})


def _about(spec: RunSpec) -> dict[str, Any]:
    """Return the fields of `started`; the device is the one asked for, `load` finds out which it is."""
    versions = {}
    for name in _PACKAGES:
        try:
            versions[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return {
        "pid": getpid(),
        "host": socket.gethostname(),
        "python": platform.python_version(),
        "versions": versions,
        "device": spec.model.device,
        "task": spec.task,
    }


def _told(error: Exception) -> dict[str, str]:
    """Return the fields of `error`."""
    message = str(error)
    if isinstance(error, ModuleNotFoundError) and error.name and error.name.split(".")[0] in _PACKAGES:
        message = (
            f"{error.name} is not installed in the Python that runs the jobs ({sys.executable}). Install what training "
            "and sampling need with: pip install '.[train]' (in the workbench's source folder)"
        )
    elif not isinstance(error, RunnersError):
        message = f"{type(error).__name__}: {message}" if message else f"{type(error).__name__}, which says no more."
    return {
        "message": message,
        "kind": type(error).__name__,
        "detail": "".join(traceback.format_exception(error)),
    }


if __name__ == "__main__":
    faulthandler.enable()
    sys.exit(main())
