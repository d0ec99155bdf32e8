"""This machine: the job is a detached process that outlives the program.

The decision to know: between program and job stands a small shell (`supervisor`), leader of a session of its own. It
is found again by process id and start time, since process ids are used again.
"""

from __future__ import annotations

import importlib.util
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import psutil

from runners.errors import PlaceError
from runners.places.base import Handle, Poll, require_own, write_job
from runners.places.supervisor import job_environment, start_supervised
from runners.rundir import RunDir
from runners.spec import RunSpec

_NEEDED: Final = ("torch", "transformers", "peft")
_INSTALL: Final = "pip install '.[train]' (in the workbench's source folder)"
_CHECK: Final = "import importlib.util as u, sys; print('asked', *[n for n in sys.argv[1:] if not u.find_spec(n)])"
_CHECK_TIMEOUT_S: Final = 30.0
_SAME_START_S: Final = 1.5


class LocalPlace:
    """Runs jobs as processes of this machine, at a low priority."""

    name = "local"
    remote = False

    def __init__(self, python: str | None = None, nice: int = 15, command: Sequence[str] | None = None) -> None:
        """Prepare a place; nothing is started.

        Args:
            python: the interpreter that runs the jobs, one with torch; None for this program's own.
            nice: added to the job's niceness, 0 to 19, so that the author's keys never wait for it.
            command: what to run instead of `python -m runners`; run directory and attempt are added to it.
        """
        self._python = python or sys.executable
        self._nice = nice
        self._command = tuple(command) if command is not None else None

    def check(self, spec: RunSpec | None = None) -> list[str]:
        """Say whether the interpreter stands and finds torch; it is started for that only if it is another one."""
        if self._command is not None:
            return []
        try:
            missing = self._missing()
        except PlaceError as error:
            return [str(error)]
        if not missing:
            return []
        return [f"{self._python}: does not have {', '.join(missing)}. Run {_INSTALL} with it, or name another Python."]

    def _missing(self) -> list[str]:
        """Return the packages a job needs and the interpreter does not find."""
        if self._python == sys.executable:
            return [name for name in _NEEDED if importlib.util.find_spec(name) is None]
        try:
            answer = subprocess.run(
                [self._python, "-c", _CHECK, "runners", *_NEEDED],
                env=job_environment(),
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                errors="replace",
                timeout=_CHECK_TIMEOUT_S,
            )
        except OSError as error:
            raise PlaceError(
                f"{self._python}: cannot be started ({error.strerror}). Name another Python for local runs."
            ) from error
        except subprocess.TimeoutExpired as error:
            raise PlaceError(
                f"{self._python}: no answer within {_CHECK_TIMEOUT_S:.0f} s. Try again, or name another Python."
            ) from error
        asked, *missing = answer.stdout.split() or [""]
        if answer.returncode != 0 or asked != "asked":
            said = (answer.stderr.strip().splitlines() or [f"exit status {answer.returncode}"])[-1]
            raise PlaceError(f"{self._python}: is no working Python ({said}). Name another one for local runs.")
        return missing

    def submit(self, run_dir: RunDir, attempt: int) -> Handle:
        """Start the job of an attempt whose folder stands, detached; log.txt gets all it prints.

        Raises:
            PlaceError: the process could not be started.
        """
        there = RunDir(run_dir.path.resolve())
        command = self._command or (self._python, "-m", "runners")
        try:
            process = start_supervised(there, attempt, command, nice=self._nice, environment=job_environment())
        except OSError as error:
            raise PlaceError(f"{there.path}: the job could not be started ({error}). Nothing runs.") from error
        # Reaps the supervisor while this program lives; afterwards the system does.
        threading.Thread(target=process.wait, name=f"reap-{process.pid}", daemon=True).start()
        try:
            started_at = psutil.Process(process.pid).create_time()
        except psutil.NoSuchProcess:
            started_at = 0.0  # over already, and known by its exit status
        handle = self._handle(there, attempt, process.pid, started_at)
        write_job(there, attempt, handle)
        return handle

    def found_again(self, run_dir: RunDir, attempt: int) -> Handle | None:
        """Find the job of an attempt whose handle was never written, by the id that its supervisor writes first."""
        there = RunDir(run_dir.path.resolve())
        try:
            pid = int(there.pid(attempt).read_text(encoding="ascii"))
        except (FileNotFoundError, ValueError):
            return None
        try:
            process = psutil.Process(pid)
            # The id may be another program's by now.
            started_at = process.create_time() if str(there.pid(attempt)) in process.cmdline() else 0.0
        except psutil.Error:
            started_at = 0.0
        return self._handle(there, attempt, pid, started_at)

    def _handle(self, there: RunDir, attempt: int, pid: int, started_at: float) -> Handle:
        return Handle(
            place=self.name,
            data={
                "pid": pid,
                "run_dir": str(there.path),
                "started_at": started_at,
                "booted_at": psutil.boot_time(),
                "rc": str(there.rc(attempt)),
            },
        )

    def poll(self, handle: Handle) -> Poll:
        """Say how the job's process is; `gone` when neither it nor an exit status is there."""
        require_own(handle, self.name)
        rc = Path(handle.data["rc"])
        if rc.exists():
            return _ended(rc)
        if _alive(handle):
            return Poll("running")
        # It may have ended between the two looks.
        return _ended(rc) if rc.exists() else Poll("gone")

    def look(self, run_dir: RunDir, handle: Handle) -> Poll:
        """Say how the job's process is; it writes into the run directory itself."""
        return self.poll(handle)

    def pull(self, run_dir: RunDir) -> None:
        """Do nothing: the job writes into the run directory itself."""

    def stop(self, run_dir: RunDir, handle: Handle) -> None:
        """Write the stop file; the job looks for it between steps."""
        run_dir.request_stop()

    def kill(self, handle: Handle) -> None:
        """Send KILL to the job's process group, if it is still the one that was started."""
        require_own(handle, self.name)
        if _alive(handle):
            try:
                os.killpg(handle.data["pid"], signal.SIGKILL)
            except (ProcessLookupError, PermissionError):
                # It ended meanwhile; macOS denies permission where Linux finds no process.
                return


def _ended(rc: Path) -> Poll:
    try:
        return Poll("ended", int(rc.read_text(encoding="ascii")))
    except (OSError, ValueError):
        return Poll("ended", None)


def _alive(handle: Handle) -> bool:
    """Say whether the supervisor lives, or without it the job in its session. A zombie does not live."""
    pid = handle.data["pid"]
    try:
        supervisor = psutil.Process(pid)
        if not _same_start(supervisor, handle):
            return False
        if supervisor.status() not in (psutil.STATUS_ZOMBIE, psutil.STATUS_DEAD):
            return True
    except psutil.NoSuchProcess:
        pass
    return any(_is_job(process, pid, handle.data["run_dir"]) for process in psutil.process_iter())


def _same_start(process: psutil.Process, handle: Handle) -> bool:
    """Compare start times by the clock and since boot: a clock set anew changes one of them, never both.

    Linux keeps the time since boot, macOS the time of day.
    """
    start, known = process.create_time(), handle.data["started_at"]
    since_boot, known_since_boot = start - psutil.boot_time(), known - handle.data["booted_at"]
    return bool(min(abs(start - known), abs(since_boot - known_since_boot)) < _SAME_START_S)


def _is_job(process: psutil.Process, session: int, run_dir: str) -> bool:
    """Say whether a process lives in the session and carries out the run; the session's number alone may be reused."""
    try:
        return (
            os.getsid(process.pid) == session
            and process.status() not in (psutil.STATUS_ZOMBIE, psutil.STATUS_DEAD)
            and run_dir in process.cmdline()
        )
    except (psutil.Error, OSError):
        return False
