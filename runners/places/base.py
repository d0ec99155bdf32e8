"""What every place can do, and how it remembers a job.

The decision to know: a place keeps nothing in memory. A handle is plain JSON, kept in the store and in the attempt's
`job.json`; any program, started at any time later, finds the job again by it.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from runners.errors import PlaceError, RunDirError
from runners.events import utc_now
from runners.rundir import RunDir
from runners.spec import RunSpec

State = Literal["waiting", "running", "ended", "gone", "unknown"]


@dataclass(frozen=True)
class Handle:
    """A job, as its place finds it again.

    Attributes:
        place: name of the place.
        data: what that place needs; plain JSON.
    """

    place: str
    data: dict[str, Any]


@dataclass(frozen=True)
class Poll:
    """What a place says of a job's process.

    Attributes:
        state: `ended` left an exit status, `gone` did not, `unknown` means the place could not be asked, `waiting` that
            the place has taken the job, and starts it, or starts it again, when it can.
        exit_code: of `ended`, as a shell tells it: 128 and the signal's number for a job that a signal ended; None when
            it cannot be read.
        note: what else the place says of it, for the author: what it waits for, where it runs, what ended it.
    """

    state: State
    exit_code: int | None = None
    note: str = field(default="", compare=False)


class Place(Protocol):
    """A place that carries out attempts of runs."""

    @property
    def name(self) -> str:
        """The place's name in settings and handles."""

    @property
    def remote(self) -> bool:
        """Whether its files lie elsewhere: then it is asked in a rhythm of its own, where nothing waits for it."""

    def check(self, spec: RunSpec | None = None) -> list[str]:
        """Return what keeps a job from running here, each with what to do; empty when the place is ready.

        Args:
            spec: what is to be run; None for any.
        """

    def submit(self, run_dir: RunDir, attempt: int) -> Handle:
        """Start the job of an attempt whose folder stands.

        Raises:
            PlaceError: the job could not be started.
        """

    def poll(self, handle: Handle) -> Poll:
        """Say how the job's process is.

        Raises:
            PlaceError: the handle is of another place.
        """

    def look(self, run_dir: RunDir, handle: Handle) -> Poll:
        """Say how the job's process is, and bring the lines it wrote up to then; one question to a place elsewhere.

        Raises:
            PlaceError: the place cannot be asked, and why; or the handle is of another place.
        """

    def pull(self, run_dir: RunDir) -> None:
        """Bring what the job wrote into the run directory here."""

    def stop(self, run_dir: RunDir, handle: Handle) -> None:
        """Ask the job to end at its next step; it keeps a checkpoint."""

    def kill(self, handle: Handle) -> None:
        """End the job and its children at once; a job that is over already is left alone."""


def require_own(handle: Handle, name: str) -> None:
    """Refuse a job of another place.

    Raises:
        PlaceError: the handle is of one.
    """
    if handle.place != name:
        raise PlaceError(f"A job of the place {handle.place!r} was asked for at {name!r}. Ask its own place.")


def write_job(run_dir: RunDir, attempt: int, handle: Handle) -> None:
    """Write the attempt's `job.json`; local jobs have no lease."""
    row = {"place": handle.place, "handle": handle.data, "lease": None, "at": utc_now()}
    aside = run_dir.job_json(attempt).with_suffix(".tmp")
    aside.write_text(json.dumps(row, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    aside.replace(run_dir.job_json(attempt))


def read_job(run_dir: RunDir, attempt: int) -> Handle | None:
    """Read the handle back from the attempt's `job.json`; None when it was never submitted.

    Raises:
        RunDirError: the file is broken.
    """
    path = run_dir.job_json(attempt)
    try:
        row = json.loads(path.read_text(encoding="utf-8"))
        return Handle(place=row["place"], data=row["handle"])
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError) as error:
        raise RunDirError(
            f"{path}: broken ({error!r}). Delete it; the job can then only be found by its pid."
        ) from error


def newest_job(run_dir: RunDir) -> Handle | None:
    """Return the handle of the newest attempt that was submitted; None before the first.

    Raises:
        RunDirError: a file is broken.
    """
    handles = (read_job(run_dir, attempt) for attempt in reversed(run_dir.attempts()))
    return next((handle for handle in handles if handle is not None), None)
