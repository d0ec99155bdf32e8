"""A place that no program here reaches: the run is put into a folder, and the author carries it.

The decision to know: nobody hears of such a job but through what it wrote. So its state is `unknown` until its results
say how an attempt ended, and it is never taken for gone because nothing was heard.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from pathlib import Path
from typing import Final

from runners.carried.arrivals import Arrival, Folder, read_manifest
from runners.carried.packing import bundle_folder, pack
from runners.carried.start import RESULTS, STOP
from runners.carried.taking import Taken, newest, take_in, taken_number
from runners.errors import CarriedError, PlaceError
from runners.places.alone import alone
from runners.places.base import Handle, Poll, newest_job, read_job, require_own, write_job
from runners.places.supervisor import exit_status
from runners.rundir import RunDir
from runners.spec import RunSpec

_UNKNOWN: Final = Poll("unknown")


class BundlePlace:
    """Puts runs into a folder, such as one that is synced, and looks for their results there."""

    remote = True

    def __init__(self, name: str, folder: Path, *, cancelled: Callable[[], bool] = lambda: False) -> None:
        """Prepare a place; nothing is looked at yet.

        Args:
            name: of the place in settings and handles.
            folder: where bundles are put, and their results looked for.
            cancelled: asked between files; what goes on is given up then.
        """
        self.name = name
        self._folder = folder
        self._cancelled = cancelled

    def check(self, spec: RunSpec | None = None) -> list[str]:
        """Say what keeps a run from being put there: the folder, or a model or task that cannot be carried."""
        problems = []
        if not self._folder.is_dir():
            problems.append(
                f"{self._folder}: no such folder. Make it, or name another `folder` of this place; one that is synced "
                "brings the results back by itself."
            )
        if spec is not None and spec.model.is_path:
            problems.append(
                f"{spec.model.id} is a folder of this machine, and is not carried. Name a model by its Hugging Face id."
            )
        if spec is not None and spec.task == "session":
            problems.append("A session answers while it runs, and a run that is carried cannot. Start it elsewhere.")
        return problems

    def submit(self, run_dir: RunDir, attempt: int) -> Handle:
        """Put the bundle of a run into the folder, or let the one there be started again.

        Raises:
            PlaceError: it cannot be written there.
        """
        there = bundle_folder(self._folder, run_dir.path.name)
        handle = Handle(place=self.name, data={"bundle": str(there), "attempt": attempt})
        with alone(run_dir, "lines"):
            write_job(run_dir, attempt, handle)
            pack(run_dir, self._folder, attempt)
        return handle

    def poll(self, handle: Handle) -> Poll:
        """Say how an attempt ended, if its results are here and say so."""
        require_own(handle, self.name)
        arrival = Folder(Path(handle.data["bundle"]) / RESULTS)
        for number in arrival.manifests():
            with contextlib.suppress(CarriedError):
                ends = read_manifest(arrival, number).ends
                return Poll("ended", code) if (code := ends.get(handle.data["attempt"])) is not None else _UNKNOWN
        return _UNKNOWN

    def look(self, run_dir: RunDir, handle: Handle) -> Poll:
        """Take in what has arrived in the folder, and say how the attempt ended, if that is known.

        Raises:
            NotAllHereError: a part of it is still to come.
            CarriedError: it is damaged, or not this run's.
            PlaceError: the handle is of another place.
        """
        require_own(handle, self.name)
        folder = Folder(Path(handle.data["bundle"]) / RESULTS)
        numbers = folder.manifests()
        # Asked every few seconds: what was taken in is not read again, also while a newer state is still to come.
        taken = taken_number(run_dir)
        if numbers and numbers[0] != taken and newest(folder, run_dir).number != taken:
            self.take(run_dir, folder)
        return end_of(run_dir)

    def take(self, run_dir: RunDir, arrival: Arrival) -> Taken:
        """Take in what was brought, and record the attempts that came with it.

        Raises:
            NotAllHereError, CarriedError: as for `take_in`.
        """
        with alone(run_dir, "lines"):
            handle = self._latest(run_dir)
            taken = take_in(arrival, run_dir, cancelled=self._cancelled)
            for attempt in run_dir.attempts():
                if read_job(run_dir, attempt) is None:
                    data = {"bundle": handle.data["bundle"], "attempt": attempt}
                    write_job(run_dir, attempt, Handle(place=self.name, data=data))
        return taken

    def pull(self, run_dir: RunDir) -> None:
        """Take in what has arrived in the folder."""
        self.look(run_dir, self._latest(run_dir))

    def stop(self, run_dir: RunDir, handle: Handle) -> None:
        """Write the stop file into the bundle, and here; it is seen there once the folder is synced.

        Raises:
            PlaceError: the bundle is no longer there.
        """
        require_own(handle, self.name)
        there = Path(handle.data["bundle"])
        if not there.is_dir():
            raise PlaceError(f"{there}: the bundle is not there, so nothing can be told to it. Stop it where it runs.")
        (there / STOP).touch()
        run_dir.request_stop()

    def kill(self, handle: Handle) -> None:
        """Refuse: nothing here reaches the job.

        Raises:
            PlaceError: always, saying what can be done.
        """
        require_own(handle, self.name)
        raise PlaceError(
            "This run is carried by hand, and nothing here reaches its process. Stop the notebook, or the "
            "terminal that run.py runs in."
        )

    def _latest(self, run_dir: RunDir) -> Handle:
        found = newest_job(run_dir)
        if found is None:
            raise PlaceError(f"{run_dir.path}: was never put into a bundle. Resume the run.")
        return found


def end_of(run_dir: RunDir) -> Poll:
    """Say how the newest attempt ended, as its results said; `unknown` until they do."""
    latest = run_dir.latest_attempt()
    code = None if latest is None else exit_status(run_dir, latest)[1]
    return _UNKNOWN if code is None else Poll("ended", code)
