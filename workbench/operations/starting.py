"""Start the job of a run, and find out where a program that was to start one was ended before it had.

The decision to know: who starts a job holds a lock on the run directory from before the run is recorded, or begun
again, until the job is. The system lets go of it when a program ends. So whoever gets the lock and finds no job knows
that nobody is going to start one.
"""

from __future__ import annotations

from collections.abc import Callable

from runners.errors import PlaceError
from runners.events import EventWriter
from runners.places.alone import alone
from runners.places.base import Handle, read_job, write_job
from runners.places.local import LocalPlace
from runners.places.supervisor import never_began
from runners.rundir import RunDir
from runners.status import OVER
from store import runs
from workbench.operations.errors import LaunchError
from workbench.operations.place_settings import LOCAL
from workbench.operations.places import is_carried, place
from workbench.operations.project import Project

NEVER_STARTED = (
    "Never started: the program was ended before its job was. Launch it again with R in Runs, or with `workbench runs "
    "resume {run}`."
)
"""What is said of a run that nobody is going to start."""


def submit(project: Project, name: str, *, cancelled: Callable[[], bool] = lambda: False) -> None:
    """Start a new attempt of a run; a run that was cut off goes on from its last checkpoint.

    Raises:
        LaunchError: its place refused the job; it stands as failed and can be resumed.
        RunDirError: its run directory is gone.
    """
    run_dir = RunDir(project.absolute(runs.get(project.db, name).dir))
    run_dir.require()
    with alone(run_dir, "start"):
        start(project, name, cancelled=cancelled)


def start(project: Project, name: str, *, cancelled: Callable[[], bool] = lambda: False) -> None:
    """Start a new attempt of a run that is recorded, for whoever holds the lock.

    Raises:
        LaunchError: its place refused the job; it stands as failed and can be resumed.
    """
    run = runs.get(project.db, name)
    where = place(project, run.place, cancelled=cancelled)
    run_dir = RunDir(project.absolute(run.dir))
    run_dir.stop.unlink(missing_ok=True)
    attempt = run_dir.new_attempt()
    # Before the job: what is not known to be over is looked at, should the program be ended in between.
    runs.set_status(project.db, name, "submitted", None)
    try:
        handle = where.submit(run_dir, attempt)
    except PlaceError as error:
        if run.place == LOCAL:
            _tell(run_dir, attempt, str(error), type(error).__name__)
        runs.set_status(project.db, name, "failed", None)
        raise LaunchError(
            f"{name}: {error} When that is mended, resume the run with R.",
            on_command_line=f"{name}: {error} When that is mended, `workbench runs resume {name}`.",
        ) from error
    runs.add_attempt(project.db, name, attempt, handle.place, handle.data)
    # And after: whoever looked before the attempt was there may have computed how the one before ended.
    runs.set_status(project.db, name, "submitted", None)


def look_for(project: Project, run: runs.Run, run_dir: RunDir) -> tuple[int, Handle] | None:
    """Find the job of a run whose newest attempt has no handle; where there never will be one, the run has failed.

    Returns:
        The attempt and its handle, which is written now; None where there is none, or another program is just starting
        one.

    Raises:
        PlaceError: its run directory cannot be written to.
    """
    if run.status in OVER or is_carried(project, run.place):
        return None
    try:
        with alone(run_dir, "start", wait=False) as mine:
            if not mine:
                return None
            latest = run_dir.latest_attempt()
            if latest is not None and (handle := read_job(run_dir, latest)) is not None:
                return latest, handle
            if latest is not None and run.place == LOCAL and (found := LocalPlace().found_again(run_dir, latest)):
                write_job(run_dir, latest, found)
                return latest, found
            if latest is None or never_began(run_dir, latest):
                attempt = run_dir.new_attempt() if latest is None else latest
                _tell(run_dir, attempt, NEVER_STARTED.format(run=run.name), "NeverStarted")
    except OSError as error:
        raise PlaceError(
            f"{run_dir.path}: cannot be written to ({error.strerror}), so whether its job was started stays open. Look "
            "at its permissions."
        ) from error
    return None


def _tell(run_dir: RunDir, attempt: int, message: str, kind: str) -> None:
    """Write the last word of a job that there never was."""
    events = EventWriter(run_dir.events(attempt), attempt)
    events.emit("error", {"message": message, "kind": kind, "detail": ""})
    events.close()
