"""What places have in common whose runs lie where only questions reach: bringing what a job wrote into the copy."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from runners.places import mirror
from runners.places.alone import alone
from runners.places.far_host import FarHost
from runners.rundir import RunDir


class Mirrored:
    """A place that keeps a copy of each run directory here.

    Attributes:
        far: who is asked.
        largest: bytes; so large a trace or a file of lines may be that is brought.
    """

    far: FarHost
    largest: int = mirror.LARGEST_BYTES

    def pull(self, run_dir: RunDir) -> None:
        """Bring what the job wrote into the run directory here: lines, traces, and checkpoints that are complete."""
        with alone(run_dir, "lines"):
            self.pull_lines(run_dir, None, mirror.machine_of(run_dir))
        self.pull_checkpoints(run_dir)

    def pull_lines(self, run_dir: RunDir, attempt: int | None, machine: str | None) -> dict[str, Any]:
        """Bring lines and traces; return what was said of the job the first time it was asked.

        Whoever calls it holds the run alone.
        """

        def heard(told: Mapping[str, Any]) -> None:
            self._take_up(run_dir, attempt, told)

        return mirror.pull_lines(run_dir, self.far, machine=machine, largest=self.largest, heard=heard, attempt=attempt)

    def pull_checkpoints(
        self, run_dir: RunDir, progress: mirror.ProgressCall = lambda done, total: None, *, wait: bool = True
    ) -> bool:
        """Bring the checkpoints that are complete there; return whether all are here now.

        Args:
            run_dir: the run.
            progress: gets the bytes that came, and those in all.
            wait: for another program that brings the same; else nothing is done.
        """
        with alone(run_dir, "checkpoints", wait=wait) as mine:
            return mine and mirror.pull_checkpoints(run_dir, self.far, progress, machine=mirror.machine_of(run_dir))

    def _take_up(self, run_dir: RunDir, attempt: int | None, told: Mapping[str, Any]) -> None:
        """Take up an attempt that an engine started by itself, so that it is asked about from now on."""
