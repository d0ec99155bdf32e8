"""The job: `python -m runners RUN_DIR [--attempt N]` carries out one attempt of a run.

The decision to know: whatever happens, the attempt gets a last word: `finished`, `stopped` or `error`. Only then does
the process end, with 0, 0 or 1. Torch is loaded after the first event, so a Python without it can say so. A spec that
asks for several processes has this one turn into torchrun, which starts them; the first of them is the one that speaks.
"""

from __future__ import annotations

import argparse
import faulthandler
import importlib.metadata
import importlib.util
import os
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
from runners.tasks.reporter import NOTICE, WATCH_PARENT, Reporter, SilentReporter

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
        _start_others(run_dir, attempt)
        reporter = (Reporter if os.environ.get("RANK", "0") == "0" else SilentReporter)(run_dir, attempt)
    except (RunDirError, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    with reporter:
        try:
            _carry_out(run_dir, reporter)
        except Exception as error:  # noqa: BLE001 - the job's boundary: every failure becomes its last word
            return _end_badly(reporter, error)
    return 0


def _end_badly(reporter: Reporter, error: Exception) -> int:
    """Write the last word of a job that failed; one that has lost its run directory was stopped by that."""
    try:
        if (lost := reporter.lost()) is not None:
            reporter.last_word("stopped", {"reason": lost})
            return 0
        reporter.last_word("error", _told(error))
    except OSError as unwritten:
        print(f"The last word could not be written ({unwritten}): {error}", file=sys.stderr)
    if isinstance(reporter, SilentReporter):
        # Nobody else tells what went wrong in a process that does not speak.
        traceback.print_exception(error)
    return 1


def _start_others(run_dir: RunDir, attempt: int) -> None:
    """Turn into torchrun where the spec asks for several processes and this is not one of them yet."""
    try:
        train = run_dir.spec().train
    except RunnersError:
        return  # told as an event, once there is a reporter
    if train is None or train.world_size == 1 or "WORLD_SIZE" in os.environ or not importlib.util.find_spec("torch"):
        return
    # torchrun gives its processes a session of their own: once it is killed, only they can notice.
    os.environ[WATCH_PARENT] = "1"
    os.environ.setdefault("OMP_NUM_THREADS", str(max(1, (os.cpu_count() or 1) // train.world_size)))
    torchrun = [sys.executable, "-m", "torch.distributed.run", "--standalone", f"--nproc-per-node={train.world_size}"]
    os.execv(sys.executable, [*torchrun, "-m", "runners", str(run_dir.path), "--attempt", str(attempt)])


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
    if notice := os.environ.get(NOTICE):
        reporter.warning(notice)
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
